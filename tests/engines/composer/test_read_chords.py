import pytest

from msanii_live.engines.composer.notes import INTERVALS, Chord, PartNote, steps_per_bar
from msanii_live.engines.composer.read_chords import read_chords


def played(progression, metre):
    """A bass on each root and its chord above."""
    per_bar = steps_per_bar(metre)
    notes = []
    for bar, (root, quality) in enumerate(progression):
        notes.append(PartNote("bass", bar * per_bar, 0.0, per_bar, 36 + root, 90))
        notes += [
            PartNote("chords", bar * per_bar, 0.0, per_bar, 60 + (root + each) % 12, 90)
            for each in INTERVALS[quality]
        ]
    return notes


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (7, 8)])
def test_known_progressions_are_read(metre):
    progression = [(9, "min"), (5, "maj7"), (0, "maj"), (7, "dom7"), (2, "min7"), (11, "m7b5")]
    expected = [Chord(root, quality, root) for root, quality in progression]
    assert read_chords(played(progression, metre), metre) == expected


def test_drums_have_no_chord_and_silence_has_none():
    notes = [PartNote("drums", 0, 0.0, 1.0, 36, 100), *played([(0, "maj")], (4, 4))]
    assert read_chords(notes, (4, 4), bars=2) == [Chord(0, "maj", 0), None]
    assert read_chords([], (4, 4)) == []


def test_an_inversion_keeps_its_root():
    notes = [
        PartNote(part, 0, 0.0, 16.0, pitch, 90)
        for part, pitch in (("bass", 40), ("chords", 60), ("chords", 64), ("chords", 67))
    ]
    assert read_chords(notes, (4, 4)) == [Chord(0, "maj", 4)]
