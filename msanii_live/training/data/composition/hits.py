"""Candidate notes: every part writes its fullest version, and density chooses from it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from msanii_live.training.data.composition.form import Bar
from msanii_live.training.data.composition.metre import Metre
from msanii_live.training.data.composition.styles import Style


class Hit(NamedTuple):
    """A note that may play.

    step: from the first bar. length: steps. need: the least density, 0 to 1, at which it plays.
    late: steps after its place. reach: the note rings on to the next onset of its part, but no
    longer than this; 0 for `length` as it is.
    """

    part: str
    step: int
    length: float
    pitch: int
    velocity: float
    need: float
    late: float = 0.0
    reach: float = 0.0


@dataclass(frozen=True)
class LeadSheet:
    """What all parts know of a piece; the bars hold its form and harmony."""

    style: Style
    metre: Metre
    tonic: int
    minor: bool
    key: frozenset[int]
    bars: tuple[Bar, ...]

    def start(self, bar: Bar) -> int:
        """Return the first step of a bar."""
        return bar.index * self.metre.steps


def near(rng: Random, need: float, spread: float = 0.1) -> float:
    """Return a need near the given one, so that bars of a groove differ; 0 stays 0."""
    return 0.0 if need <= 0 else max(0.01, min(0.98, need + rng.uniform(-spread, spread)))
