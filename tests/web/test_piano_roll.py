"""Check the notes that the page is given."""

from dataclasses import replace

from msanii_live.notes import PARTS
from msanii_live.web.piano_roll import MAX_NOTES, piano_roll
from tests.midi.bands import BAND


def test_notes_have_their_parts_and_chords_their_places():
    roll = piano_roll(BAND)
    assert roll["parts"] == list(PARTS)
    assert len(roll["notes"]) == len(BAND.notes)
    first = BAND.notes[0]
    number = PARTS.index(first.part)
    assert roll["notes"][0] == [0.0, round(first.end, 4), first.pitch, first.velocity, number]
    assert [name for _, name in roll["chords"]] == ["Am", "F"]


def test_a_picture_of_many_notes_is_bounded():
    roll = piano_roll(replace(BAND, notes=BAND.notes * 2_000))
    assert 0 < len(roll["notes"]) <= MAX_NOTES


def test_parts_are_told_by_programs_where_notes_have_none():
    notes = tuple(replace(note, part="") for note in BAND.notes)
    assert piano_roll(replace(BAND, notes=notes))["parts"] == list(PARTS)
