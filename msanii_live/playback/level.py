"""The level of the whole output, which moves along curves that are exact to a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SILENCE_DB = -90.0  # this level and all below are silence
SHORTEST = 0.01  # s that a change takes at least, so that it does not click
_STEEPNESS = 4.0  # of the exponential shape; as in `timing.curve`


@dataclass(frozen=True)
class OutputLevel:
    """A course of the output's level in dB, over frames of the timeline.

    begin: the first frame of the change. frames: how long it takes. shape: linear, exp or ease, as
    of `timing.curve`.
    """

    start: float = 0.0
    end: float = 0.0
    begin: int = 0
    frames: int = 0
    shape: str = "linear"

    def decibels_at(self, position: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the level at frames of the timeline, (n,)."""
        if not self.frames:
            return np.full(len(position), self.end)
        place = np.clip((position - self.begin) / self.frames, 0.0, 1.0)
        if self.shape == "exp":
            place = np.expm1(_STEEPNESS * place) / np.expm1(_STEEPNESS)
        elif self.shape == "ease":
            place = place * place * (3.0 - 2.0 * place)
        return np.asarray(self.start + (self.end - self.start) * place)

    def is_unity(self, position: int) -> bool:
        """Return whether nothing is changed from a frame on."""
        return self.end == 0.0 and (self.start == 0.0 or position >= self.begin + self.frames)

    def gains_at(self, position: int, frames: int) -> NDArray[np.float32]:
        """Return the linear gain of a span, (frames, 1).

        >>> OutputLevel(end=-90.0).gains_at(0, 1).tolist()
        [[0.0]]
        """
        decibels = self.decibels_at(np.arange(position, position + frames, dtype=np.int64))
        gains = np.where(decibels <= SILENCE_DB, 0.0, 10.0 ** (decibels / 20.0))
        return gains.astype(np.float32)[:, None]

    def moved_to(self, level: float, begin: int, frames: int, shape: str) -> OutputLevel:
        """Return the course that goes on from here to another level."""
        now = float(self.decibels_at(np.array([begin], dtype=np.int64))[0])
        return OutputLevel(now, level, begin, frames, shape)
