"""A limiter of true peaks that looks ahead and leaves samples far from a peak bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from msanii_live.audio.clip import Samples

CEILING = 10 ** (-1 / 20)  # -1 dBTP: no fresh audio peaks above it, nor does its waveform between
OVERSAMPLING = 4  # as in ITU-R BS.1770-5, annex 2
_TAPS = 32  # of each phase of the interpolator
_KAISER_BETA = 7.0
_BLOCK = 32  # frames that are interpolated by one row of a matrix product
# That are interpolated at a time: few enough for OpenBLAS to use one thread. Its threads wait for
# one another, and beside other programs a clip of 6 s took 32 ms instead of 6.
_ROWS = 40
_MARGIN = 1.012  # for what the interpolator and the moving gain miss of a peak: 0.1 dB


def limit(samples: Samples, ceiling: float = CEILING, reach: int = 512) -> Samples:
    """Bring true peaks under a ceiling; see `limiting_gain`.

    samples: float32, (frames, channels). ceiling: linear, 0 to 1. Frames further than 2 * reach + 1
    from a true peak above the ceiling come back bit for bit.
    """
    gain = limiting_gain(samples, ceiling, reach)
    if gain is None:
        return samples
    limited: Samples = samples * gain[:, None]
    return limited


def limiting_gain(
    samples: Samples, ceiling: float = CEILING, reach: int = 512
) -> NDArray[np.float32] | None:
    """Return the smooth gain that looks ahead and brings true peaks under a ceiling.

    The gain at each frame is the mean, over `reach` frames on either side, of the least gain any
    peak within that reach needs, so that it is never more than a peak needs and never jumps.
    Returns float32, (frames,); None if no peak is above the ceiling.
    """
    if not len(samples):
        return None
    peak = true_peaks(samples, ceiling)
    over = np.flatnonzero(peak > ceiling)  # none of what is not a number: who checks that, tells it
    if not len(over):
        return None
    gain = np.ones(len(peak), np.float32)
    margin = 2 * reach + 1  # further from a peak nothing changes
    apart = np.flatnonzero(np.diff(over) > 2 * margin) + 1
    for group in np.split(over, apart):
        near = slice(max(0, group[0] - margin), group[-1] + margin + 1)
        gain[near] = _smooth_gain(ceiling / np.maximum(peak[near], ceiling), reach)
    return gain


def _smooth_gain(needed: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the running mean of the running minimum of a gain, nowhere above it. (frames,)."""
    held = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    gain = uniform_filter1d(held, 2 * reach + 1, mode="nearest", output=held)
    np.minimum(gain, needed, out=gain)
    # The running mean is a running sum: outside any peak's reach rounding leaves it short of one.
    np.copyto(gain, 1.0, where=gain > 1.0 - 1e-9)
    return np.asarray(gain)


def true_peaks(samples: Samples, floor: float = 0.0) -> NDArray[np.float64]:
    """Return the greatest magnitude of each frame and of the waveform up to its neighbours.

    The waveform is interpolated at 4 times the rate (ITU-R BS.1770-5, annex 2). samples: float32,
    (frames, channels). floor: linear; the waveform is not interpolated where it cannot exceed this.
    Returns linear magnitudes, (frames,).
    """
    frames, channels = samples.shape
    matrix, bound = _interpolator()
    rows = -(-frames // _BLOCK)
    before = _TAPS // 2 - 1
    padded = np.zeros((channels, before + rows * _BLOCK + _TAPS // 2), dtype=np.float32)
    padded[:, before : before + frames] = samples.T
    windows = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK + _TAPS - 1, axis=1)
    peak = np.abs(padded[0])
    for channel in padded[1:]:
        np.maximum(peak, np.abs(channel), out=peak)
    peak = peak[before : before + rows * _BLOCK]
    loudest = np.pad(peak.reshape(rows, _BLOCK).max(axis=1), 1)  # of each block and its neighbours
    loudest = np.maximum(np.maximum(loudest[:-2], loudest[2:]), loudest[1:-1])
    active = np.flatnonzero(loudest * bound > floor)
    peaks: NDArray[np.float64] = peak[:frames].astype(np.float64)
    if not len(active):
        return peaks
    between = np.zeros((rows, _BLOCK), dtype=np.float32)
    made = np.empty((_ROWS, (OVERSAMPLING - 1) * _BLOCK), dtype=np.float32)
    for channel_windows in windows[:, ::_BLOCK]:
        for first in range(0, len(active), _ROWS):  # in pieces that stay in the processor's cache
            chosen = active[first : first + _ROWS]
            piece = np.matmul(channel_windows[chosen], matrix, out=made[: len(chosen)])
            np.abs(piece, out=piece)
            phases = piece.reshape(len(chosen), OVERSAMPLING - 1, _BLOCK)
            found = np.maximum(np.maximum(phases[:, 0], phases[:, 1]), phases[:, 2])
            between[chosen] = np.maximum(between[chosen], found)
    flat = between.reshape(-1)[:frames].astype(np.float64) * _MARGIN
    np.maximum(peaks, flat, out=peaks)
    np.maximum(peaks[1:], flat[:-1], out=peaks[1:])
    return peaks


@cache
def _interpolator() -> tuple[NDArray[np.float32], float]:
    """Return the matrix that interpolates a block, and the most that it can amplify.

    The matrix is float32, (block + taps - 1, 3 * block): for each phase the value after each frame.
    """
    offsets = np.arange(_TAPS) - (_TAPS // 2 - 1)
    phases = []
    for phase in range(1, OVERSAMPLING):
        distance = offsets - phase / OVERSAMPLING
        window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1 - (distance / (_TAPS / 2)) ** 2)))
        taps = np.sinc(distance) * window
        phases.append(taps / taps.sum())
    matrix = np.zeros((_BLOCK + _TAPS - 1, OVERSAMPLING - 1, _BLOCK), dtype=np.float32)
    for phase, taps in enumerate(phases):
        for frame in range(_BLOCK):
            matrix[frame : frame + _TAPS, phase, frame] = taps
    bound = max(float(np.abs(taps).sum()) for taps in phases) * _MARGIN
    return matrix.reshape(_BLOCK + _TAPS - 1, -1), bound
