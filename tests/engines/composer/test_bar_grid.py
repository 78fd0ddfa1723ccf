"""Scores on the composer's grid and back."""

from dataclasses import replace

import pytest

from msanii_live.engines.composer.bar_grid import (
    BarGrid,
    grid_notes,
    grid_of,
    programs_of,
    score_notes,
)
from msanii_live.engines.composer.notes import METRES, steps_per_bar
from msanii_live.notes import Note, Score, TempoSegment
from tests.engines.composer.test_roll import some_notes
from tests.engines.composer.tiny import riff


@pytest.mark.parametrize("swing", [0.0, 0.3])
@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("bar", [0.0, 0.4])
def test_notes_go_to_a_score_and_back_without_loss(metre, swing, bar):
    grid = BarGrid(97.0, metre, 0.0, swing)
    programs = {"bass": 38, "chords": 4, "lead": 81, "pad": 89}
    notes = some_notes(metre, 0, swing)
    timed = score_notes(notes, grid, programs)
    start = bar * grid.bar
    moved = [replace(n, start=n.start - start, end=n.end - start) for n in timed]
    beats = steps_per_bar(metre) / 4
    score = Score(tuple(moved), 8 * grid.bar - start, 97.0, bar, beats=beats, metre=metre,
                  swing=swing)  # fmt: skip
    read = grid_of(score, 120.0, 4)
    assert read.downbeat == pytest.approx(-start)
    back = grid_notes(score, read)
    assert [(n.part, n.step, n.pitch, n.velocity) for n in back] == [
        (n.part, n.step, n.pitch, n.velocity) for n in notes
    ]
    for one, other in zip(back, notes, strict=True):
        assert one.start == pytest.approx(other.start, abs=1e-5)
        assert one.length == pytest.approx(other.length, abs=1e-5)
    again = score_notes(back, read, programs_of(score.notes))
    assert len(again) == len(score.notes)
    for one, other in zip(again, score.notes, strict=True):
        assert abs(one.start - other.start) < 1e-6
        assert abs(one.end - other.end) < 1e-6
        assert replace(one, start=0, end=0) == replace(other, start=0, end=0)


def test_in_a_loop_the_last_moment_belongs_to_the_first_step():
    early = Note(1.99, 2.2, 36, 90, drum=True)
    loop = Score((early,), 2.0, 120.0, is_loop=True)
    assert [n.step for n in grid_notes(loop, grid_of(loop, 120.0, 4))] == [0]
    line = replace(loop, is_loop=False)
    assert [n.step for n in grid_notes(line, grid_of(line, 120.0, 4))] == [16]


def test_a_changing_tempo_counts_as_that_of_the_end():
    tempo_map = (TempoSegment(0.0, 0.0, 120.0, 4.0), TempoSegment(2.0, 1.0, 60.0, 4.0))
    grid = grid_of(Score((), 6.0, tempo_map=tempo_map), 100.0, 4)
    assert grid.bpm == 60.0
    assert grid.position(6.0) % 16 == 0
    assert grid.downbeat <= 0


def test_a_file_of_one_tempo_may_begin_within_a_bar():
    tempo_map = (TempoSegment(0.0, 0.0, 120.0, 4.0),)
    grid = grid_of(Score((), 6.0, 120.0, 0.25, tempo_map=tempo_map), 100.0, 4)
    assert grid.downbeat == -0.5


def test_what_a_score_does_not_know_is_taken_from_the_transport():
    grid = grid_of(replace(riff(), bpm=0.0, beats=0.0, metre=None), 90.0, 3)
    assert (grid.bpm, grid.metre) == (90.0, (3, 4))
