import pytest

from msanii_live.training.data.composition import ALL_STYLES, Chord
from msanii_live.training.data.composition.drum_grids import GRIDS
from msanii_live.training.data.composition.harmony import read_chord, read_progression
from msanii_live.training.data.composition.metre import METRES
from msanii_live.training.data.composition.model import local_scale, scale_of
from msanii_live.training.data.composition.progressions import (
    BLUES,
    BRIDGES,
    BRIDGES_WITH_SEVENTHS,
    PROGRESSIONS,
)
from msanii_live.training.data.composition.styles import VARIANTS
from msanii_live.training.data.composition.voicing import voice

STEPS = {(4, 4): 16, (3, 4): 12, (6, 8): 12, (5, 4): 20, (7, 8): 14}


@pytest.mark.parametrize(
    ("symbol", "chord"),
    [
        ("I", Chord(2, "maj")),
        ("ii7", Chord(4, "min7")),
        ("V7", Chord(9, "dom7")),
        ("bVImaj7", Chord(10, "maj7")),
        ("#idim", Chord(3, "dim")),
        ("iim7b5", Chord(4, "m7b5")),
        ("Vsus", Chord(9, "sus")),
        ("I/3", Chord(2, "maj", 6)),
        ("i/3", Chord(2, "min", 5)),
    ],
)
def test_numerals_are_read_in_a_key(symbol: str, chord: Chord) -> None:
    assert read_chord(symbol, 2) == chord


def test_every_progression_can_be_read_and_fills_phrases() -> None:
    tables = [*PROGRESSIONS.values(), BRIDGES, BRIDGES_WITH_SEVENTHS, BLUES]
    assert set(PROGRESSIONS) == set(VARIANTS) == set(ALL_STYLES)
    for table in tables:
        for text in (*table[0], *table[1]):
            assert len(read_progression(text, 0)) in (4, 8, 12), text


def test_a_scale_bends_where_a_chord_leaves_the_key() -> None:
    assert local_scale(scale_of(0, False), Chord(0, "maj7")) == scale_of(0, False)
    assert local_scale(scale_of(0, False), Chord(2, "dom7")) == scale_of(7, False)
    assert 11 in local_scale(scale_of(0, True), Chord(7, "dom7"))
    assert 10 not in local_scale(scale_of(0, True), Chord(7, "dom7"))


def test_voices_move_little() -> None:
    first = voice((0, 4, 7), None, 52, 74, rootless=False)
    second = voice((9, 0, 4), first, 52, 74, rootless=False)
    assert {p % 12 for p in second} == {9, 0, 4}
    assert len(set(first) & set(second)) == 2


def test_drum_grooves_fill_their_bars() -> None:
    for family, metres in GRIDS.items():
        assert set(metres) == set(METRES), family
        for metre, grids in metres.items():
            for grid in grids:
                for line in grid.values():
                    assert len(line) in (STEPS[metre], 2 * STEPS[metre]), (family, metre, line)
                    assert set(line) <= set("Xxogr.")
