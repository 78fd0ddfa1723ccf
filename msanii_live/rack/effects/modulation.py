"""Delays that move: chorus, and the wow of tape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msanii_live.rack.waves import RATE, Mono, Stereo


def chorus(wave: Stereo, rate: float, depth: float = 0.0025, mix: float = 0.5) -> Stereo:
    """Return a sound with a copy whose delay moves, in other directions left and right.

    wave: float32, (2, frames). rate: Hz. depth: s. mix: of the copy, 0 to 1.
    """
    time = np.arange(wave.shape[1], dtype=np.float32) / np.float32(RATE)
    turn = 2 * np.pi * np.float32(rate) * time
    out = np.empty_like(wave)
    for channel, phase in enumerate((0.0, np.pi / 2)):
        delay = (0.008 + depth * (1.0 + np.sin(turn + phase))) * RATE
        out[channel] = (1.0 - 0.4 * mix) * wave[channel] + mix * drift_of(delay).apply(
            wave[channel]
        )
    return out


@dataclass(frozen=True)
class Drift:
    """A delay that changes: for each frame the frame before the place it reads, and the rest."""

    index: NDArray[np.int32]
    rest: Mono

    def apply(self, wave: Stereo) -> Stereo:
        """Return a sound that drifts so, linearly interpolated, float32, (…, frames)."""
        following = np.minimum(self.index + 1, wave.shape[-1] - 1)
        moved: Stereo = wave.take(self.index, axis=-1)
        moved += self.rest * (wave.take(following, axis=-1) - moved)
        return moved


def tape_wow(frames: int, depth: float = 0.0006, period: float = 0.0) -> Drift:
    """Return how the pitch of tape drifts: slowly, and with a faster flutter.

    depth: s by which time is off at most. period: s after which the drift repeats, for a loop; 0
    for none.
    """
    time = np.arange(frames, dtype=np.float32) / np.float32(RATE)
    rates = [whole_turns(rate, period) for rate in (0.53, 1.31, 6.7)]
    slow, fast, flutter = (np.sin(2 * np.pi * np.float32(rate) * time + rate) for rate in rates)
    drift = 0.7 * slow + 0.3 * fast + 0.03 * flutter
    return drift_of(depth * (1.1 + drift) * RATE)


def whole_turns(rate: float, period: float) -> float:
    """Return the rate, Hz, nearest to another one, that turns a whole number of times in a period.

    >>> whole_turns(0.6, 4.0), whole_turns(0.6, 0.0)
    (0.5, 0.6)
    """
    return max(1, round(rate * period)) / period if period else rate


def drift_of(delay: NDArray[np.floating]) -> Drift:
    """Return a delay of so many frames at each frame."""
    place = np.maximum(0.0, np.arange(len(delay)) - delay)
    index = place.astype(np.int32)
    return Drift(index, (place - index).astype(np.float32))
