from random import Random

import numpy as np
import pytest

from msanii_live.engines.composer.notes import METRES, PartNote, in_order, shift_to_c, steps_per_bar
from msanii_live.engines.composer.roll import (
    BITS,
    DRUM_KEYS,
    RANGES,
    VALUES,
    decode,
    encode,
    swing_delay,
    to_array,
)
from msanii_live.notes import PARTS


def some_notes(metre, tonic, swing, bars=4, seed=0):
    """Notes as a player would place them; those of a part that start together share their feel."""
    rng = Random(f"{metre}{tonic}{seed}")
    steps = bars * steps_per_bar(metre)
    notes, busy = [], {}
    for step in range(steps):
        for part in PARTS:
            if rng.random() < 0.6:
                continue
            velocity, late = rng.randint(1, 127), rng.uniform(-0.3, 0.3) if step else 0.1
            whole = rng.randint(1, 6)
            low, high = RANGES.get(part, (0, 0))
            pitches = (
                DRUM_KEYS
                if part == "drums"
                else range(low + shift_to_c(tonic), high + shift_to_c(tonic))
            )
            for pitch in rng.sample(list(pitches), 1 if part == "bass" else 3):
                if busy.get((part, pitch), 0) > step:
                    continue
                length = 0.5 if part == "drums" else min(whole, steps - step) - 0.25
                busy[part, pitch] = step + whole
                start = step + swing_delay(step, swing) + late
                notes.append(PartNote(part, step, start, length, pitch, velocity))
    return in_order(notes)


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize(("tonic", "swing"), [(0, 0.0), (7, 0.25)])
def test_notes_survive_the_roll(metre, tonic, swing):
    notes = some_notes(metre, tonic, swing)
    bits, values = encode(to_array(notes, tonic, swing), 4 * steps_per_bar(metre))
    assert (bits.shape[1], values.shape[1]) == (BITS, VALUES)
    back = decode(bits, values, tonic, swing)
    assert len(notes) == len(back) > 40
    for part in PARTS:
        ours = sorted((n.step, n.pitch, n.velocity) for n in notes if n.part == part)
        theirs = sorted((n.step, n.pitch, n.velocity) for n in back if n.part == part)
        # drops of busy pitches leave chords whole, so a shared velocity is exact
        assert theirs == ours
    by = {(n.part, n.step, n.pitch): n for n in back}
    for note in notes:
        other = by[note.part, note.step, note.pitch]
        assert other.start == pytest.approx(note.start, abs=0.02)
        assert other.length == pytest.approx(note.length, abs=0.02)


def test_the_roll_is_relative_to_the_tonic():
    in_c = [PartNote("lead", 0, 0.0, 2.0, 72, 90), PartNote("bass", 0, 0.0, 2.0, 36, 90)]
    reference, _ = encode(to_array(in_c, 0, 0.0), 16)
    for tonic in range(12):
        up = shift_to_c(tonic)
        moved = [PartNote(n.part, n.step, n.start, n.length, n.pitch + up, 90) for n in in_c]
        bits, values = encode(to_array(moved, tonic, 0.0), 16)
        assert np.array_equal(bits, reference)
        assert [n.pitch for n in decode(bits, values, tonic, 0.0)] == [36 + up, 72 + up]


def test_pitches_out_of_range_move_by_octaves_and_rare_drums_to_their_like():
    rows = to_array(
        [PartNote("lead", 0, 0.0, 1.0, 121, 90), PartNote("drums", 0, 0.0, 1.0, 35, 90)], 0, 0.0
    )
    assert rows["pitch"].tolist() == [97, 36]


def test_a_note_struck_again_ends_the_one_before():
    notes = [PartNote("pad", 0, 0.0, 8.0, 60, 80), PartNote("pad", 4, 4.0, 4.0, 60, 80)]
    back = decode(*encode(to_array(notes, 0, 0.0), 16), 0, 0.0)
    assert [(n.step, n.length) for n in back] == [(0, 4.0), (4, 4.0)]


def test_a_hold_without_an_onset_is_no_note():
    bits, values = encode(to_array([PartNote("pad", 0, 0.0, 8.0, 60, 80)], 0, 0.0), 16)
    bits[0] = False
    assert decode(bits, values, 0, 0.0) == []


def test_an_unknown_metre_is_an_error():
    with pytest.raises(ValueError, match="11/8 is not one of 4/4"):
        steps_per_bar((11, 8))
