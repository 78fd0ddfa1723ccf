"""What bars beside a piece are like: their length, chords, parts and place in the bar."""

import itertools
from dataclasses import replace

import pytest

from msanii_live.engines.composer.complete import CompletionOptions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.continuation import plan_continuation
from msanii_live.engines.composer.new_bars import outline_new_bars
from msanii_live.engines.composer.read_piece import read_piece
from msanii_live.notes import CHORD, SECTION, Marker
from tests.engines.composer.tiny import riff, tiny_composer

FAST = CompletionOptions(steps=1)


@pytest.fixture(scope="module")
def composer():
    return tiny_composer()


def chords_of(score):
    return [marker.text for marker in score.markers if marker.kind == CHORD]


def go_on(composer, score, bars, seed=1, **constraints):
    piece = read_piece(score, 120.0, 4)
    plan = plan_continuation(
        composer, piece, Constraints(**constraints), bars * piece.grid.bar, seed
    )
    return plan.compose(composer, seed, FAST)


def test_new_bars_are_exact_and_the_seed_decides_them(composer):
    first, again, other = (go_on(composer, riff(), 3, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first.seconds == pytest.approx(6.0, abs=1e-9)
    assert all(0 <= note.start < 6.0 and note.end <= 6.0 + 1e-9 for note in first.notes)
    assert (first.key, first.style, first.bpm, first.bar) == ("A min", "pop", 120.0, 0.0)
    assert {note.program for note in first.notes if note.part == "bass"} == {33}


@pytest.mark.parametrize("markers", [True, False])
@pytest.mark.parametrize("bars", [4, 6])
def test_chords_go_on_where_the_piece_stops(composer, bars, markers):
    new = go_on(composer, riff(bars, markers=markers), 4)
    line = ["Am", "F", "C", "G"]
    assert chords_of(new) == line[bars % 4 :] + line[: bars % 4]


def test_chords_asked_for_bar_by_bar_go_on(composer):
    from msanii_live.engines.composer.chord_symbols import parse_chords

    line = tuple(parse_chords("Dm7 G7 Cmaj7 A7"))
    piece, found = riff(), []
    for seed in range(6):
        new = go_on(composer, piece, 1, seed, chords=line)
        found += chords_of(new)
        piece = piece.followed_by(new)
    assert found == ["Dm7", "G7", "Cmaj7", "A7", "Dm7", "G7"]


def test_a_piece_that_ends_in_a_bar_is_continued_there(composer):
    piece = riff(seconds=7.0)  # half of its last bar is there
    new = go_on(composer, piece, 1.5)
    assert new.bar == pytest.approx(0.5)
    assert new.seconds == pytest.approx(3.0)
    assert [(marker.start, marker.text) for marker in new.markers] == [(0.0, "G"), (1.0, "Am")]
    assert any(note.start < 1.0 for note in new.notes)


def test_another_key_moves_the_chords_and_another_metre_the_bars(composer):
    assert chords_of(go_on(composer, riff(), 4, key=12 + 0)) == ["Cm", "Ab", "Eb", "Bb"]
    waltz = go_on(composer, riff(), 4, metre=(3, 4))
    assert (waltz.seconds, waltz.metre) == (8.0, (3, 4))
    assert len(chords_of(waltz)) == 6


def test_only_the_parts_that_are_asked_for_are_written(composer):
    new = outline_new_bars(
        composer, read_piece(riff(), 120.0, 4), Constraints(parts=("bass", "pad")), 3, 1
    )
    assert [bar.plays for bar in new.bars] == [{"bass", "pad"}] * 3


def test_sections_end_after_eight_or_sixteen_bars_and_others_follow(composer):
    piece = read_piece(replace(riff(), markers=(Marker(0.0, SECTION, "verse"),)), 120.0, 4)
    bars = outline_new_bars(composer, piece, Constraints(), 60, 1).bars
    begins = [n for n, bar in enumerate(bars) if bar.place and bar.place[1] == 0]
    assert begins[0] in (4, 12)
    assert all(later - before in (8, 16) for before, later in itertools.pairwise(begins))
    form = (("intro", 0), ("intro", 1), ("verse", 0))
    asked = outline_new_bars(composer, piece, Constraints(form=form), 3, 1).bars
    assert [bar.place for bar in asked] == list(form)


def test_bars_before_a_piece_are_composed_too(composer):
    piece = read_piece(riff(), 120.0, 4)
    plan = plan_continuation(composer, piece, Constraints(), 3.0, 1, leftwards=True)
    new = plan.compose(composer, 1, FAST)
    assert (new.seconds, new.bar) == (3.0, 0.5)
    assert [(marker.start, marker.text) for marker in new.markers] == [(0.0, "C"), (1.0, "G")]


def test_an_endless_piece_keeps_its_number_of_notes(composer):
    """Fed with its own notes, a composer must not write ever more of them, or ever fewer."""
    piece = read_piece(riff(), 120.0, 4)
    activity = outline_new_bars(composer, piece, Constraints(), 1, 1).activity
    assert activity["bass"] == pytest.approx(4.0, rel=0.1)
    assert activity["drums"] == pytest.approx(4.0, rel=0.1)


def test_a_piece_without_notes_can_be_continued(composer):
    empty = replace(riff(), notes=(), key="", style="", markers=())
    assert go_on(composer, empty, 2).notes
