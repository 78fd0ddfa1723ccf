"""Bars that come back note for note, as grooves do: a network alone never writes one twice."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt

from msanii_live.engines.composer.complete import moved
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import PartNote, in_order, steps_per_bar
from msanii_live.notes import PARTS

LAGS = (4, 8)  # bars after which a bar may come back
# How often a part's bar equals the one four or eight bars before, if its chord and its section are
# the same: counted in 48 held-out training pieces.
RATES = {
    "drums": (0.22, 0.31),
    "bass": (0.39, 0.44),
    "chords": (0.37, 0.41),
    "lead": (0.10, 0.32),
    "pad": (0.72, 0.83),
}
# How often the drums of a recording come back. What is misheard makes equal bars differ, and the
# network would write bars that differ as much again.
HEARD_DRUMS, HEARD_LAGS = 0.8, (4, 2, 1)  # the lags, the first that the bars before allow
TOGETHER = 0.5  # chance that a part follows the draw that all parts share


def with_returning_bars(
    notes: Sequence[PartNote],
    conditions: PieceConditions,
    is_open: npt.NDArray[np.bool_],
    seed: int,
    is_heard: bool = False,
) -> list[PartNote]:
    """Return notes of which some bars of a part are those of four or eight bars before.

    It happens as often as in the training pieces, where chord and section are the same and the
    part plays in both. is_open: bool, (bars, parts), the bars that may change. is_heard:
    notes that were known were heard in a recording. The same seed gives the same notes.
    """
    rng = Random(f"returning bars {seed}")
    per_bar = steps_per_bar(conditions.metre)
    bars: dict[tuple[str, int], list[PartNote]] = {}
    for note in notes:
        bars.setdefault((note.part, note.step // per_bar), []).append(note)
    for bar in range(conditions.bars):
        shared, lag_draw = rng.random(), rng.random()
        for place, part in enumerate(PARTS):
            own, follows = rng.random(), rng.random() < TOGETHER
            draw = shared if follows else own
            if is_heard and part == "drums":
                lag = _lag_of_heard_drums(conditions, bar, draw)
            else:
                lag = _lag(conditions, bar, part, draw, lag_draw)
            before = bars.get((part, bar - lag)) if lag else None
            if before and is_open[bar, place] and (part, bar) in bars:
                bars[part, bar] = moved(before, lag * per_bar)
    return in_order(note for each in bars.values() for note in each)


def _lag(conditions: PieceConditions, bar: int, part: str, draw: float, lag_draw: float) -> int:
    """Return after how many bars a part's bar comes back here, 0 if it does not."""
    lags = LAGS if lag_draw < 0.5 else LAGS[::-1]
    for lag in lags:
        if bar >= lag and _is_same(conditions, bar, bar - lag):
            return lag if draw < RATES[part][LAGS.index(lag)] else 0
    return 0


def _is_same(conditions: PieceConditions, bar: int, other: int) -> bool:
    """Return whether two bars have the same chord and lie in sections of one name."""
    chords = conditions.chords
    if max(bar, other) >= len(chords) or chords[bar] is None or chords[bar] != chords[other]:
        return False
    return _is_same_section(conditions, bar, other)


def _lag_of_heard_drums(conditions: PieceConditions, bar: int, draw: float) -> int:
    """Return after how many bars heard drums come back here, whatever the chords are; 0: not."""
    lag = next((lag for lag in HEARD_LAGS if lag <= bar), 0)
    comes_back = lag and draw < HEARD_DRUMS and _is_same_section(conditions, bar, bar - lag)
    return lag if comes_back else 0


def _is_same_section(conditions: PieceConditions, bar: int, other: int) -> bool:
    """Return whether two bars lie in sections of one name."""
    form = conditions.form
    one = form[bar] if bar < len(form) else None
    two = form[other] if other < len(form) else None
    return (one and one[0]) == (two and two[0])
