"""What is known of a training example: bars, parts or both, as the product will ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msanii_live.notes import PARTS

Bools = npt.NDArray[np.bool_]
ONLY_SOME = 0.2  # chance that some parts are not wanted at all


@dataclass(frozen=True)
class DrawnMask:
    """A task. known: bool, (bars, parts). wanted: bool, (parts,); the others are silent."""

    known: Bools
    wanted: Bools


def draw_mask(rng: np.random.Generator, bars: int) -> DrawnMask:
    """Draw a task for a window of `bars` bars.

    Composing all of it 0.28; going on after some bars 0.22; filling bars in the middle 0.1; parts
    to given parts 0.2; both at once 0.14; single bars of single parts 0.06.
    """
    parts = len(PARTS)
    known = np.zeros((bars, parts), np.bool_)
    drawn = rng.random()
    if 0.28 <= drawn < 0.50:
        known |= _beginning(rng, bars)
    elif 0.50 <= drawn < 0.60:
        known |= _around(rng, bars)
    elif 0.60 <= drawn < 0.80:
        known |= _some_parts(rng)
    elif 0.80 <= drawn < 0.94:
        time = _beginning(rng, bars) if rng.random() < 0.6 else _around(rng, bars)
        known |= time | _some_parts(rng)
    elif drawn >= 0.94:
        known |= rng.random((bars, parts)) < rng.random()
    wanted = np.ones(parts, np.bool_)
    if rng.random() < ONLY_SOME:
        wanted = ~_some_parts(rng)[0]
    return DrawnMask(known, wanted)


def _beginning(rng: np.random.Generator, bars: int) -> Bools:
    """Know the first bars, (bars, 1): half of them or 4 more often than other numbers."""
    usual = [count for count in (4, bars // 2) if 0 < count < bars]
    if usual and rng.random() < 0.5:
        count = int(rng.choice(usual))
    else:
        count = int(rng.integers(1, bars)) if bars > 1 else 0
    return (np.arange(bars) < count)[:, None]


def _around(rng: np.random.Generator, bars: int) -> Bools:
    """Know all but a gap, (bars, 1)."""
    gap = int(rng.integers(1, max(2, bars // 2 + 1)))
    start = int(rng.integers(0, bars - gap + 1))
    place = np.arange(bars)
    return ((place < start) | (place >= start + gap))[:, None]


def _some_parts(rng: np.random.Generator) -> Bools:
    """Choose one to all but one of the parts, (1, parts)."""
    count = int(rng.integers(1, len(PARTS)))
    chosen = np.zeros(len(PARTS), np.bool_)
    chosen[rng.choice(len(PARTS), count, replace=False)] = True
    return chosen[None]
