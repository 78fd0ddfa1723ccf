"""Metres in sixteenths: where beats and strong beats stand."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

METRES = ((4, 4), (3, 4), (6, 8), (5, 4), (7, 8))


@dataclass(frozen=True)
class Metre:
    """A metre. steps: sixteenths a bar. beats: the step of each. strong: those with an accent."""

    signature: tuple[int, int]
    steps: int
    beats: tuple[int, ...]
    strong: tuple[int, ...]

    @property
    def half(self) -> int:
        """Return the step at which a second chord of the bar begins."""
        return self.strong[1] if len(self.strong) > 1 else self.beats[-1]

    def weight(self, step: int) -> int:
        """Return 0 for the bar's first step, 1 strong beat, 2 beat, 3 eighth, 4 sixteenth."""
        place = step % self.steps
        if place == 0:
            return 0
        if place in self.strong:
            return 1
        if place in self.beats:
            return 2
        return 3 if place % 2 == 0 else 4

    def beat_lengths(self) -> tuple[int, ...]:
        """Return the steps of each beat."""
        ends = (*self.beats[1:], self.steps)
        return tuple(end - start for start, end in zip(self.beats, ends, strict=True))


FOUR = Metre((4, 4), 16, (0, 4, 8, 12), (0, 8))
WALTZ = Metre((3, 4), 12, (0, 4, 8), (0,))
SIX = Metre((6, 8), 12, (0, 6), (0, 6))
FIVES = (
    Metre((5, 4), 20, (0, 4, 8, 12, 16), (0, 12)),
    Metre((5, 4), 20, (0, 4, 8, 12, 16), (0, 8)),
)
SEVENS = (Metre((7, 8), 14, (0, 4, 8), (0, 8)), Metre((7, 8), 14, (0, 6, 10), (0, 6)))


def draw_metre(rng: Random, signature: tuple[int, int] | None) -> Metre:
    """Draw a metre, or how the beats of the given one are grouped.

    Raises: ValueError: no such metre.
    """
    drawn = rng.random()
    grouping = int(rng.random() < 0.35)
    if signature is None:
        limits = (0.75, 0.83, 0.90, 0.95, 1.0)
        signature = next(m for m, limit in zip(METRES, limits, strict=True) if drawn < limit)
    table = {(4, 4): FOUR, (3, 4): WALTZ, (6, 8): SIX, (5, 4): FIVES[grouping]}
    table[7, 8] = SEVENS[grouping]
    if signature not in table:
        raise ValueError(f"no metre is called {signature}: take one of {METRES}")
    return table[signature]
