"""`msanii-live rack render`: what it plays, and whose files it leaves alone."""

from pathlib import Path

import mido
import numpy as np
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
        ("--kit", "worn-kit"),
        ("--drive", "0.5", "--space", "0.3"),
    ],
)
def test_a_file_is_played_in_a_style_or_on_an_instrument(
    midi: Path, flags: tuple[str, ...]
) -> None:
    assert main(["rack", "render", str(midi), *flags]) == 0
    assert soundfile.info(midi.with_suffix(".wav")).frames > 0


def test_drive_and_space_change_what_is_heard(midi: Path) -> None:
    heard = []
    for flags in ((), ("--drive", "0.8"), ("--space", "0.8")):
        out = midi.with_name(f"{len(heard)}.wav")
        assert main(["rack", "render", str(midi), "--out", str(out), *flags]) == 0
        heard.append(soundfile.read(out)[0])
    plain, driven, wide = heard
    assert not np.allclose(plain, driven, atol=1e-4)
    assert not np.allclose(plain, wide, atol=1e-4)


def test_an_audition_into_a_file_is_refused(midi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rack", "audition", "acid", "--out", str(midi)]) == 2
    assert "a file" in capsys.readouterr().err


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
