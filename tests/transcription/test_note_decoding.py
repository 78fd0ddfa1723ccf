"""Check that the notes that likelihoods speak of are read off them."""

import numpy as np
import pytest
import torch

from msanii_live.notes import PARTS, part_of
from msanii_live.training.data.heard_pieces import HeardPiece
from msanii_live.transcription.drums import DRUM_SOUNDS, drum_sound
from msanii_live.transcription.note_decoding import decode_notes, moment, peaks
from msanii_live.transcription.spectrogram import FRAMES_PER_SECOND, LOWEST_KEY
from tests.transcription import oracle


def test_certain_likelihoods_give_the_notes_of_the_piece_with_parts_ends_and_force() -> None:
    _, heard = oracle.piece(3, (4, 4))
    parts = {note.part for note in heard.notes}
    found = decode_notes(oracle.certain(heard), oracle.SECONDS)
    assert {part_of(note) for note in found} == parts <= set(PARTS)
    for part in parts:
        made = {(round(n.start, 1), n.pitch) for n in found if n.part == part}
        true = {
            (round(n.start, 1), DRUM_SOUNDS[drum_sound(n.pitch)] if part == "drums" else n.pitch)
            for n in heard.notes
            if n.part == part
        }
        near = {(start + shift, pitch) for start, pitch in made for shift in (-0.1, 0.0, 0.1)}
        near = {(round(start, 1), pitch) for start, pitch in near}
        assert len(true - near) <= 0.03 * len(true)
        assert len(made) <= 1.05 * len(true)


def test_notes_end_where_keys_fall_silent_and_are_as_loud_as_said() -> None:
    _, heard = oracle.piece(3, (4, 4))
    bass = [note for note in heard.notes if note.part == "bass"]
    found = [note for note in decode_notes(oracle.certain(heard), oracle.SECONDS)
             if note.part == "bass"]  # fmt: skip
    assert len(found) == len(bass)
    for made, true in zip(found, sorted(bass, key=lambda n: (n.start, n.pitch)), strict=True):
        assert abs(made.start - true.start) < 0.015
        assert abs(made.end - min(true.end, oracle.SECONDS)) < 0.12
        assert abs(made.velocity - true.velocity) <= 1


def test_a_peak_is_found_once_and_between_frames() -> None:
    likely = np.array([[0.0], [0.4], [0.8], [0.8], [0.4], [0.0], [0.3], [0.0]], np.float32)
    assert peaks(likely, 0.5) == [(2, 0)]
    assert moment(np.array([0.0, 0.2, 0.8, 0.6, 0.0], np.float32), 2) > 2.0


def test_silence_has_no_notes() -> None:
    silent = HeardPiece((), (), ((0.0, -1, -1),), {})
    assert decode_notes(oracle.certain(silent, 4.0), 4.0) == ()


@pytest.mark.parametrize("before_end", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("sounds", [False, True])
def test_a_note_that_begins_in_the_last_frames_lasts_to_the_end(
    before_end: int, sounds: bool
) -> None:
    silent = HeardPiece((), (), ((0.0, -1, -1),), {})
    made = oracle.certain(silent, 1.0)
    frames = made.onsets.shape[1]
    seconds = frames / FRAMES_PER_SECOND
    with torch.no_grad():
        made.onsets[0, frames - before_end, 0, 40] = 10.0
        if sounds:
            made.sounding[0, frames - before_end :, 0, 40] = 10.0
    (note,) = decode_notes(made, seconds)
    assert note.pitch == 40 + LOWEST_KEY
    assert 0.0 <= note.start < note.end <= seconds
    assert not sounds or note.end == pytest.approx(seconds)
