"""`msanii-live rack render`: what it plays, and whose files it leaves alone."""

from pathlib import Path

import mido
import pytest
import soundfile

from msanii_live.cli import main


@pytest.fixture
def midi(tmp_path: Path) -> Path:
    file, track = mido.MidiFile(), mido.MidiTrack()
    track.append(mido.Message("note_on", note=60, velocity=90))
    track.append(mido.Message("note_off", note=60, time=240))
    file.tracks.append(track)
    path = tmp_path / "song.mid"
    file.save(path)
    return path


@pytest.mark.parametrize(
    "flags",
    [
        ("--style", "drum-and-bass"),
        ("--style", "drum and bass"),
        ("--style", "Techno"),
        ("--instrument", "acid-square"),
    ],
)
def test_a_file_is_played_in_a_style_or_on_an_instrument(
    midi: Path, flags: tuple[str, ...]
) -> None:
    assert main(["rack", "render", str(midi), *flags]) == 0
    assert soundfile.info(midi.with_suffix(".wav")).frames > 0


@pytest.mark.parametrize(
    "theirs", [("song.wav",), ("song.chords.wav",), ("song.wav", "song.chords.wav")]
)
def test_a_file_that_nobody_named_is_not_replaced(midi: Path, theirs: tuple[str, ...]) -> None:
    for name in theirs:
        midi.with_name(name).write_bytes(b"mine")
    assert main(["rack", "render", str(midi), "--stems"]) == 2
    assert all(midi.with_name(name).read_bytes() == b"mine" for name in theirs)
    assert {each.name for each in midi.parent.iterdir()} == {"song.mid", *theirs}


@pytest.mark.parametrize("out", ["x.mp3", "x", "nowhere/x.wav"])
def test_what_cannot_be_written_is_told(
    midi: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rack", "render", str(midi), "--out", str(midi.parent / out)]) == 2
    assert "--out" in capsys.readouterr().err
