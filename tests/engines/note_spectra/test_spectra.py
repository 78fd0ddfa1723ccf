"""Measured notes: their place, level, end and pitch, and the file that holds them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.note_spectra.spectra import (
    HELD,
    PITCHES,
    RELEASED,
    TOGETHER,
    NoteSpectra,
    encode,
    load,
    save,
)
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.notes import Note
from tests.engines.note_spectra.test_drum_hits import toy_hits

SPEC = MelSpec(mels=16)
FRAME = SPEC.hop / SPEC.sample_rate
FLOOR = math.log(SPEC.floor)


def toy() -> NoteSpectra:
    """Two programs: a tone is at level 0 in one band, from its onset on."""
    held = np.full((2, PITCHES, len(HELD), SPEC.mels), FLOOR, np.float32)
    sounding = [number for number, at in enumerate(HELD) if at >= 0]
    for program, band in enumerate((3, 9)):
        held[program, :, sounding, band] = 0.0
    released = np.array([0.0 if at < 0 else -0.2 * at for at in RELEASED], np.float32)
    return NoteSpectra(
        SPEC,
        (0, 33),
        (24, 24),
        encode(held, SPEC),
        np.broadcast_to(released, (2, PITCHES, len(RELEASED))).copy(),
        (-3.0, -40.0),
        toy_hits(),
    )


def played(*notes: Note, frames: int = 120) -> torch.Tensor:
    return toy().mels(notes_by_part(notes), frames, FRAME)


def tone(start: float, end: float, velocity: int = 100, **more: object) -> Note:
    """Return a note; its times are in mel frames."""
    note = Note(start * FRAME, end * FRAME, 60, velocity, part="chords")
    return replace(note, **more)  # type: ignore[arg-type]


def test_a_note_is_heard_from_its_onset_to_its_end() -> None:
    mel = played(tone(20, 60))[0]
    assert mel.shape == (120, 16)
    assert mel[:16].max() == pytest.approx(FLOOR)
    assert mel[22:58, 3].numpy() == pytest.approx(0.0, abs=0.1)
    assert mel[80, 3] == pytest.approx(-4.0, abs=0.3)
    others = [band for band in range(16) if band != 3]
    assert mel[:, others].max() < -8


def test_a_note_that_began_before_rings_on() -> None:
    mel = played(tone(-30, 40))[0]
    assert mel[:38, 3].numpy() == pytest.approx(0.0, abs=0.1)


def test_a_long_note_holds_its_last_spectrum() -> None:
    assert played(tone(2, 390), frames=400)[0][380, 3] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("velocity", [25, 50, 127])
def test_amplitude_follows_the_square_of_the_velocity(velocity: int) -> None:
    level = played(tone(10, 80, velocity))[0][40, 3]
    assert level == pytest.approx(2 * math.log(velocity / 100), abs=0.1)


def test_an_onset_lies_between_mel_frames() -> None:
    early, between, late = (played(tone(at, 60))[0][20, 3] for at in (20.0, 20.25, 21.0))
    assert late < between < early + 1e-3


def test_parts_are_apart_and_notes_of_a_part_add_up() -> None:
    low = tone(10, 60, program=33, part="bass")
    made = played(low, tone(10, 60), tone(10, 60, pitch=64))
    assert made[0][30, 9] == pytest.approx(0.0, abs=0.1)  # bass
    assert made[0][30, 3] < -8
    assert made[1][30, 3] == pytest.approx(math.log(2) / TOGETHER, abs=0.1)


def test_programs_and_pitches_that_are_not_kept_are_replaced() -> None:
    known = played(tone(10, 60))
    assert torch.equal(played(tone(10, 60, program=3)), known)
    high = played(tone(10, 60, pitch=24 + PITCHES + 24))[0]
    assert high[30].argmax() > 3  # shifted up from the highest that is kept


def test_spectra_are_written_and_read(tmp_path: Path) -> None:
    path, spectra = tmp_path / "some.npz", toy()
    save(path, spectra)
    read = load(path)
    for name in ("spec", "programs", "lowest"):
        assert getattr(read, name) == getattr(spectra, name)
    assert np.array_equal(read.held, spectra.held)
    assert (read.hits.kits, read.hits.encoded) == (spectra.hits.kits, spectra.hits.encoded)
    assert np.array_equal(read.hits.numbers, spectra.hits.numbers)
    assert np.array_equal(read.hits.gains, spectra.hits.gains)
    assert read.released == pytest.approx(spectra.released, abs=1e-2)
    assert (read.width(1), read.width(33)) == (-3.0, -40.0)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")
    path = tmp_path / "some.npz"
    save(path, toy())
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(ValueError, match="holds no note spectra"):
        load(path)
    np.savez(path, format=np.array("another"))
    with pytest.raises(ValueError, match="another"):
        load(path)
