"""Recordings of single notes, of tones that are drawn instead of FluidSynth's."""

from pathlib import Path

import numpy as np
import pytest

from msanii_live import cli
from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.note_spectra.spectra import HELD, RELEASED, load
from msanii_live.notes import Score
from msanii_live.training.data import spectra_set
from msanii_live.training.data.spectra_set import (
    HOLD,
    REST,
    lowest_pitch,
    record,
    single_hit,
    spectra_of,
)

SPEC = MelSpec(mels=32)


def drawn(score: Score, in_room: bool = False) -> np.ndarray:
    """Sines of 1 kHz that are held as the notes are; the side is at a tenth of the middle."""
    assert in_room
    time = np.arange(round(score.seconds * 44_100)) / 44_100
    wave = np.zeros(len(time), np.float32)
    for note in score.notes:
        after = np.minimum(0.0, note.end - time)
        level = (time >= note.start) * np.exp(8 * after)
        wave += (0.2 * level * np.sin(2 * np.pi * 1_000 * time)).astype(np.float32)
    return np.stack([1.1 * wave, 0.9 * wave], 1)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spectra_set, "render_stereo", drawn)
    return record(SPEC, (60, 62), 0, HOLD + REST, HOLD)


def test_a_recording_begins_before_each_onset(recording) -> None:
    made = recording.at(HELD)
    assert made.shape == (2, len(HELD), 32)
    levels = made.astype(np.float32).max(-1)
    held = [number for number, at in enumerate(HELD) if at >= 3]
    assert np.ptp(levels[:, held]) < 0.1
    rising = levels[0, : HELD.index(3)]
    assert (np.diff(rising) > -0.2).all()
    assert rising[0] < rising[-1] - 3
    assert recording.width == pytest.approx(-20.0, abs=0.1)


def test_the_level_after_the_end_is_that_of_the_release(recording) -> None:
    levels = recording.levels_after(HOLD, RELEASED)
    assert levels.shape == (2, len(RELEASED))
    assert levels[:, RELEASED.index(-3)] == pytest.approx(0.0, abs=0.05)
    fall = levels[:, RELEASED.index(32)] - levels[:, RELEASED.index(16)]
    assert fall == pytest.approx(-8 * 16 * 512 / 44_100, abs=0.1)


def test_recordings_become_spectra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra_set, "render_stereo", drawn)
    monkeypatch.setattr(spectra_set, "PITCHES", 2)
    monkeypatch.setattr(spectra_set, "KEYS", (36, 38))
    made = spectra_of(
        SPEC,
        {33: spectra_set.record_program(SPEC, 33)},
        {0: spectra_set.record_kit(0), 8: spectra_set.record_kit(8)},
    )
    assert (made.programs, made.lowest) == ((33,), (lowest_pitch(33),))
    assert made.held.shape[:3] == (1, 2, len(HELD))
    assert made.held.dtype == np.uint8
    assert made.held[0, 0, HELD.index(12)].argmax() == made.held[0, 1, HELD.index(48)].argmax()
    assert made.hits.kits == (0, 8)
    assert made.hits.numbers.tolist() == [[0, 1], [0, 1]]  # both kits have the same drums
    assert made.hits.gains[1] == pytest.approx(made.hits.gains[0], rel=1e-3)


def test_the_command_measures_the_programs_that_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(spectra_set, "render_stereo", drawn)
    monkeypatch.setattr(spectra_set, "PITCHES", 2)
    monkeypatch.setattr(spectra_set, "KEYS", (36, 38))
    command = ["train", "--part", "note-spectra", "--programs", "33,4", "--out", str(tmp_path)]
    assert cli.main(command) == 0
    made = load(tmp_path / "note-spectra.npz")
    assert (made.programs, made.hits.kits) == ((33, 4), (0,))
    assert made.held.max() > 0
    assert made.width(5) == made.width(4), "the nearest of those that are there"
    assert "program 33: " in capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main([*command, "--programs", "piano"])


def test_a_hit_begins_with_its_first_sound_and_ends_in_silence() -> None:
    wave = np.zeros((2, 44_100), np.float32)
    wave[:, 1_030:5_000] = 0.3 * np.exp(-np.arange(3_970) / 300)
    hit = single_hit(wave, 1_000)
    assert hit[0, 0] == pytest.approx(0.3)
    assert 300 * np.log(10) * 2.5 < hit.shape[1] < 300 * np.log(10) * 3.5
    assert hit[0, -1] == 0.0
    assert single_hit(np.zeros((2, 44_100), np.float32), 1_000).shape == (2, 0)
