"""How near drums come to their source, with sources that are known."""

import numpy as np
import pytest

from msanii_live.audio import Samples
from msanii_live.evaluation.drum_hits import DRUMS, RATE, measure_drums, measure_floor
from msanii_live.notes import Score

DECAY = np.exp(-np.arange(RATE // 2) / 4_000)
HIT = (0.5 * DECAY * np.random.default_rng(1).uniform(-1, 1, len(DECAY))).astype(np.float32)


def struck(score: Score, hit: np.ndarray = HIT, grid: int = 1) -> Samples:
    """Play a score with one hit. grid: frames; notes begin at its multiples."""
    wave = np.zeros(round(score.seconds * RATE) + len(hit), np.float32)
    for note in score.notes:
        first = -(-round(note.start * RATE) // grid) * grid
        wave[first : first + len(hit)] += hit
    return np.stack([wave, wave], 1)


def on_a_grid(score: Score) -> Samples:
    return struck(score, grid=64)


def test_a_source_that_does_not_move_has_a_floor_of_zero() -> None:
    floor = measure_floor(on_a_grid, 0, 100)
    assert tuple(floor) == tuple(DRUMS)
    for each in floor.values():
        for figure in (each.attack, each.late, each.spectrum, each.decay):
            assert figure == pytest.approx(0.0, abs=1e-3)


def test_a_hit_that_ends_early_differs_in_its_decay() -> None:
    short = HIT.copy()
    short[2_205:] = 0.0
    found = measure_drums(lambda score: struck(score, short), on_a_grid, 0, 100)
    assert found["snare"].decay > 3.0
    assert found["snare"].rings < found["snare"].rang


def test_a_kit_without_drums_has_none() -> None:
    assert measure_floor(lambda score: 0.0 * struck(score), 0, 100) == {}
