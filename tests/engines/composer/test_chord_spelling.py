"""Chords are spelled as their key is, and read again as the same chords."""

import itertools

import pytest

from msanii_live.engines.composer.bar_grid import BarGrid
from msanii_live.engines.composer.chord_spelling import chord_symbol
from msanii_live.engines.composer.chord_symbols import parse_chord
from msanii_live.engines.composer.continuation import markers_of
from msanii_live.engines.composer.notes import QUALITIES, Chord
from msanii_live.engines.prompt_parser import parse_key


@pytest.mark.parametrize(
    ("key", "chord", "symbol"),
    [
        ("C#m", Chord(8, "min7"), "G#m7"), ("C#m", Chord(8, "maj", 0), "G#/B#"),
        ("Ab", Chord(1), "Db"), ("Abm", Chord(8, "min"), "G#m"), ("Ebm", Chord(6), "Gb"),
        ("Dm", Chord(9, "maj", 1), "A/C#"), ("G", Chord(2, "maj", 6), "D/F#"),
        ("Cm", Chord(10, "dom7"), "Bb7"), ("E", Chord(3, "dim"), "D#dim"),
        ("Am", Chord(9, "min7", 4), "Am7/E"), ("F", Chord(0, "dom7", 10), "C7/Bb"),
    ],
)  # fmt: skip
def test_a_key_decides_the_names(key, chord, symbol):
    assert chord_symbol(chord, parse_key(key)) == symbol


def test_every_symbol_is_read_as_the_chord_it_names():
    for key, root, quality, bass in itertools.product(range(24), range(12), QUALITIES, range(12)):
        chord = Chord(root, quality, bass)
        assert parse_chord(chord_symbol(chord, key)) == chord


def test_markers_are_spelled_in_their_key():
    markers = markers_of([Chord(8, "min7"), None], [], BarGrid(120.0, (4, 4)), key=13)
    assert [marker.text for marker in markers] == ["G#m7"]
