"""Curves: a value that changes over beats."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEEPNESS = 4.0  # of the exponential course


@dataclass(frozen=True)
class Curve:
    """A course from one number to another.

    begin: the beat at which it starts. beats: how long it takes. shape: linear, exp (slow at first)
    or ease (slow at both ends). is_step: it jumps at its end instead of gliding.

    >>> Curve(0.0, 1.0, begin=8.0, beats=4.0).value_at(9.0)
    0.25
    """

    start: float
    end: float
    begin: float
    beats: float
    shape: str = "linear"
    is_step: bool = False

    def is_over(self, beat: float) -> bool:
        """Return whether the end has been reached."""
        return beat >= self.begin + self.beats

    def value_at(self, beat: float) -> float:
        """Return the value at a beat; the ends' values before the start and after the end."""
        if self.is_over(beat):
            return self.end
        place = max(0.0, (beat - self.begin) / self.beats)
        if self.is_step or place == 0.0:
            return self.start
        if self.shape == "exp":
            place = math.expm1(_STEEPNESS * place) / math.expm1(_STEEPNESS)
        elif self.shape == "ease":
            place = place * place * (3.0 - 2.0 * place)
        return self.start + (self.end - self.start) * place
