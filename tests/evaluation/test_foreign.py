"""Check the measures of how foreign music goes on, by sounds of which the answer is known."""

import numpy as np
import pytest

from msanii_live.evaluation.foreign import (
    BARS,
    COLUMNS,
    OTHER,
    RATE,
    TRUE,
    ForeignPiece,
    likeness,
    table,
)

BAR = 1.6  # s
PATTERN = (0, 3, 6, 10, 12)  # sixteenths


def hits(shift: int = 0, bars: int = BARS, gain: float = 0.2, seed: int = 0) -> np.ndarray:
    """Return bursts of noise that decay, at the sixteenths of a pattern; the same in each bar."""
    rng = np.random.default_rng(seed)
    frames = round(BAR * RATE)
    bar = np.zeros((frames, 2))
    burst = rng.normal(size=(3_000, 2)) * np.exp(-np.arange(3_000) / 500)[:, None]
    for place in PATTERN:
        first = round((place + shift) % 16 * frames / 16)
        room = bar[first : first + 3_000]
        room += gain * burst[: len(room)]
    return np.tile(bar, (bars, 1)).astype(np.float32)


def piece(**how) -> ForeignPiece:
    return ForeignPiece(hits(**how), hits(**how), BAR)


def test_the_same_bars_are_alike_and_repeated():
    found = likeness(piece(), hits())
    assert found.spectrum < 0.05
    assert found.pattern > 0.98
    assert found.shifted == 0.0
    assert found.repeated >= 0.75
    assert found.level < 0.1
    assert found.width < 0.1
    assert found.high < 0.1


def test_shifted_accents_are_seen():
    found = likeness(piece(), hits(shift=2))
    assert found.shifted == 1.0
    assert found.pattern < 0.8


def test_level_width_and_brightness_are_in_decibels():
    softer = likeness(piece(), hits(gain=0.1))
    assert softer.level == pytest.approx(6.02, abs=0.1)
    narrow = hits()
    narrow[:, 1] = 0.5 * (narrow[:, 0] + narrow[:, 1])
    assert likeness(piece(), narrow).width > 3.0
    dull = hits()
    dull = np.stack([np.convolve(side, np.ones(16) / 16, "same") for side in dull.T], axis=1)
    assert likeness(piece(), dull.astype(np.float32)).high > 6.0


def test_other_sounds_are_no_repetition():
    assert likeness(piece(), hits(seed=5, shift=1)).repeated < 1.0
    noise = np.random.default_rng(1).normal(0, 0.1, hits().shape).astype(np.float32)
    assert likeness(piece(), noise).repeated == 0.0


def test_the_table_has_a_row_for_each_way():
    rows = {TRUE: [likeness(piece(), hits())], OTHER: [likeness(piece(), hits(shift=2))]}
    lines = table(rows).splitlines()
    assert len(lines) == 4
    assert all(name in lines[0] for name in COLUMNS)
    assert lines[2].startswith(f"| {TRUE} |")
