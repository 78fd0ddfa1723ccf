"""Check that MIDI files of the folder are found by name, and written under free names only."""

from pathlib import Path

import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.library import midi_files
from msanii_live.midi import files
from tests.library.clips import refusal
from tests.midi.bands import BAND


def saved(folder: Path, name: str) -> Path:
    (folder / name).write_bytes(files.to_midi(BAND))
    return folder / name


def test_a_new_file_takes_a_free_name(tmp_path: Path) -> None:
    names = [midi_files.write_new(tmp_path, "riff", BAND).name for _ in range(3)]
    assert names == ["riff.mid", "riff-2.mid", "riff-3.mid"]
    assert files.read(tmp_path / "riff-3.mid", "riff").notes


def test_a_file_is_found_with_or_without_its_suffix(tmp_path: Path) -> None:
    saved(tmp_path, "riff.mid")
    (tmp_path / "a").mkdir()
    saved(tmp_path / "a", "b.midi")
    (tmp_path / "loop.wav").write_bytes(b"RIFF")
    for text in ("riff", "riff.mid", str(tmp_path / "riff.mid"), "a/../riff"):
        assert midi_files.find(tmp_path, text).name == "riff.mid"
    assert midi_files.find(tmp_path, "a/b").name == "b.midi"
    with pytest.raises(CommandError, match=r"riff\.mid") as caught:
        midi_files.find(tmp_path, "rif")
    assert caught.value.code is Code.ENOCLIP
    with refusal(Code.EPATH):
        midi_files.find(tmp_path, "loop.wav")


@pytest.mark.parametrize("text", ["../out.mid", "/etc/passwd", "link.mid", "link", "a\0", "."])
def test_nothing_outside_is_read(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    saved(tmp_path, "out.mid")
    (folder / "link.mid").symlink_to(tmp_path / "out.mid")
    with pytest.raises(CommandError) as caught:
        midi_files.find(folder, text)
    assert caught.value.code in (Code.EPATH, Code.ENOCLIP)
    assert (text != "link") <= (caught.value.code is Code.EPATH)
