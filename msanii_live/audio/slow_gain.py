"""Slow gains: the level of audio over time, brought to that of other audio or made even."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio.clip import Samples
from msanii_live.audio.limiter import limit

Curve = NDArray[np.float64]
"""Values of blocks of `BLOCK` frames, (blocks,)."""

BLOCK = 4_410  # frames; 0.1 s at 44.1 kHz
MATCH_BLOCKS = 16  # width of the window in which the level of other audio is followed
EVEN_BLOCKS = 80  # width of the window in which the level of long audio is held
EVEN_FROM = 12 * 44_100  # frames from which audio is long
EVEN_SLOPE = 0.1  # dB a block: 1 dB a second
EVEN_LIMIT = 12.0  # dB that long audio is raised or lowered by at most
MATCH_LIMIT = 60.0  # dB that audio is raised or lowered by at most to match other audio
SILENCE = 1e-9  # power, -90 dBFS, to which nothing is raised
_ROUNDS = 6  # of matching and limiting, at most, since the limiter takes level away
_OVER = 1.5  # times what the limiter took is given back, since it takes of that too
_CLOSE = 0.1  # dB


def slow_power(samples: Samples, width: int = MATCH_BLOCKS, loops: bool = False) -> Curve:
    """Return the mean power around each block, in a Hann window.

    samples: float32, (frames, channels). width: of the window, blocks. loops: the end is followed
    by the start. Returns (blocks,); the last block may be short.
    """
    frames = len(samples)
    starts = np.arange(0, frames, BLOCK)
    lengths = np.minimum(BLOCK, frames - starts).astype(np.float64)
    energy = np.add.reduceat((samples.astype(np.float64) ** 2).mean(1), starts)
    window = np.hanning(width + 2)[1:-1]
    return np.asarray(_smooth(energy, window, loops) / _smooth(lengths, window, loops))


def equal_power(sources: Sequence[Samples], weights: Sequence[float]) -> Curve:
    """Return the equal-power line between sources: the weighted mean of their slow powers.

    sources: float32, (frames, channels) each. weights: as many, whose sum is 1.
    Returns (blocks,).
    """
    powers = np.stack([slow_power(samples) for samples in sources])
    return np.asarray(np.tensordot(np.asarray(weights), powers, 1))


def match_power(samples: Samples, target: Curve, width: int = MATCH_BLOCKS) -> Samples:
    """Bring audio slowly to the power of other audio, as `slow_power` returns it; limit its peaks.

    samples: float32, (frames, channels). target: (blocks,). width: as of `slow_power`.
    Returns a copy of the same shape, raised or lowered by at most 60 dB anywhere.
    """
    out, total = samples, np.zeros(len(target))
    for turn in range(_ROUNDS):
        needed = _decibels(target) - _decibels(slow_power(out, width))
        if turn and np.abs(needed).max(initial=0.0) < _CLOSE:
            break
        total = np.clip(total + (_OVER if turn > 1 else 1.0) * needed, -MATCH_LIMIT, MATCH_LIMIT)
        out = limit(apply_gain(samples, total)).copy()
    return out


def even_gain(samples: Samples, loops: bool = False) -> Curve:
    """Return the slow gain that holds the level of long audio, dB; zeros if it is not long.

    It changes by at most 1 dB a second, around the loop as well, and leaves the power of the whole
    as it is. samples: float32, (frames, channels). loops: the end is followed by the start.
    Returns (blocks,).
    """
    if len(samples) < EVEN_FROM:
        return np.zeros(-(-len(samples) // BLOCK))
    level = _decibels(slow_power(samples, EVEN_BLOCKS, loops))
    mean = 10 * np.log10(max(float((samples.astype(np.float64) ** 2).mean()), SILENCE))
    gain = limit_slope(np.clip(mean - level, -EVEN_LIMIT, EVEN_LIMIT), EVEN_SLOPE, loops)
    after = float((apply_gain(samples, gain, loops).astype(np.float64) ** 2).mean())
    return np.asarray(gain + mean - 10 * np.log10(max(after, SILENCE)))


def limit_slope(curve: Curve, slope: float, loops: bool = False) -> Curve:
    """Return the greatest curve that is nowhere above another and changes by at most a slope.

    curve: (blocks,). slope: a block. loops: the end is followed by the start.
    """
    size = len(curve)
    out = np.tile(curve, 3) if loops else curve
    rise = slope * np.arange(len(out))
    out = np.minimum.accumulate(out - rise) + rise
    out = (np.minimum.accumulate((out + rise)[::-1])[::-1]) - rise
    return np.asarray(out[size : 2 * size] if loops else out)


def gain_per_frame(gain: Curve, frames: int, loops: bool = False) -> NDArray[np.float32]:
    """Return a gain as factors, (frames,), in straight lines of dB between the blocks' centres."""
    starts = np.arange(0, frames, BLOCK)
    centres = starts + np.minimum(BLOCK, frames - starts) / 2
    at = np.arange(frames) + 0.5
    period = frames if loops else None
    return np.asarray(10 ** (np.interp(at, centres, gain, period=period) / 20), dtype=np.float32)


def apply_gain(samples: Samples, gain: Curve, loops: bool = False) -> Samples:
    """Return audio with a gain, dB, of blocks. samples: float32, (frames, channels)."""
    return np.asarray(samples * gain_per_frame(gain, len(samples), loops)[:, None])


def _decibels(power: Curve) -> Curve:
    return np.asarray(10 * np.log10(power + SILENCE))


def _smooth(values: Curve, window: Curve, loops: bool) -> Curve:
    """Return the running weighted sum; in a loop around it, otherwise of what is there."""
    half = len(window) // 2
    padded = np.pad(values, (half, len(window) - 1 - half), mode="wrap" if loops else "constant")
    return np.convolve(padded, window, mode="valid")
