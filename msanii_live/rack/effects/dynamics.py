"""Level that moves: the side-chain, compression and saturation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from msanii_live.rack.waves import RATE, Mono

Wave = NDArray[np.float32]  # (…, frames)

_FALL = 0.004  # s in which the level falls, ahead of the hit that pushes it
_HELD = 0.004  # s around a frame whose peaks its gain follows
_PIECE = 32_768  # frames that are saturated at a time
_LN2 = np.float32(np.log(2.0))


def ducking(onsets: Sequence[float], frames: int, depth: float, seconds: float) -> Mono:
    """Return the gain that makes room for hits, (frames,): at each it falls and comes back.

    onsets: s, in order. depth: dB at the hit. seconds: until the level is back. This is what a
    compressor does that listens to the kick, without its delay.
    """
    fall, back = max(2, round(_FALL * RATE)), max(2, round(seconds * RATE))
    way = np.linspace(0.0, 1.0, back, dtype=np.float32)
    shape = np.concatenate(
        [
            0.5 + 0.5 * np.cos(np.pi * np.arange(fall, dtype=np.float32) / fall),
            0.5 - 0.5 * np.cos(np.pi * way**0.8),
        ]
    )
    curve = np.float32(10 ** (-depth / 20)) + np.float32(1.0 - 10 ** (-depth / 20)) * shape
    gain = np.ones(frames + fall + back, dtype=np.float32)
    for onset in onsets:
        first = round(onset * RATE)
        if 0 <= first <= frames:
            span = gain[first : first + len(curve)]
            np.minimum(span, curve[: len(span)], out=span)
    return gain[fall : fall + frames]


def compress(wave: Wave, threshold: float, ratio: float) -> Wave:
    """Return a wave whose peaks above a threshold rise by only 1 / ratio.

    The level is the greatest magnitude within _HELD on either side, and the gain is a mean over as
    much, so that it looks ahead, moves without steps and is the same for both channels.
    wave: float32, (2, frames). threshold: dBFS. ratio: 1 changes nothing.
    """
    limit = np.float32(10 ** (threshold / 20))
    peak = np.abs(wave).max(0)
    if not len(peak) or float(peak.max()) <= limit:
        return wave
    reach = 2 * round(_HELD * RATE) + 1
    compressed = np.empty_like(wave)
    for start in range(0, len(peak), _PIECE):  # see `saturate`
        first, here = max(0, start - reach), slice(start, start + _PIECE)
        heard = peak[first : start + _PIECE + reach]
        over = np.log2(np.maximum(maximum_filter1d(heard, reach, mode="nearest") / limit, 1.0))
        over = uniform_filter1d(over, reach, mode="nearest")[start - first :][:_PIECE]
        gain = np.exp2(over * np.float32(1.0 / ratio - 1.0)).astype(np.float32)
        np.multiply(wave[..., here], gain, out=compressed[..., here])
    return compressed


def saturate(wave: NDArray[np.float32], drive: float, bias: float = 0.0) -> NDArray[np.float32]:
    """Return a wave through a soft clipper, at about its loudness.

    The clipper is averaged between samples, which keeps most of its aliasing out (antiderivative
    antialiasing of first order). drive: 0 to 1; 0 changes nothing. bias: of a tube, which adds even
    harmonics.
    Source: Parker, Zavalishin and Le Bivic, "Reducing the aliasing of nonlinear waveshaping using
    continuous-time convolution", DAFx 2016, equation 10.

    wave: float32, (…, frames).
    """
    if drive <= 0.0:
        return wave
    if wave.shape[-1] <= _PIECE:
        return _saturated(wave, drive, bias)
    # Minutes at once would take a dozen new arrays of their length, whose pages cost more than the
    # arithmetic.
    pieces = [
        _saturated(wave[..., max(0, start - 1) : start + _PIECE], drive, bias)[..., start > 0 :]
        for start in range(0, wave.shape[-1], _PIECE)
    ]
    return np.concatenate(pieces, axis=-1)


def _saturated(wave: NDArray[np.float32], drive: float, bias: float) -> NDArray[np.float32]:
    """Return what `saturate` does, whose first frame counts as one that has lasted."""
    push = np.float32(2.0 ** (4.5 * drive))
    pushed = push * wave + np.float32(bias * drive)
    before = np.concatenate([pushed[..., :1], pushed[..., :-1]], axis=-1)
    step = pushed - before
    integral = _log_cosh(pushed)
    rise = np.concatenate([np.zeros_like(integral[..., :1]), np.diff(integral, axis=-1)], axis=-1)
    is_flat = np.abs(step) < 2e-3
    middle = np.tanh(np.float32(0.5) * (pushed + before))
    with np.errstate(divide="ignore", invalid="ignore"):
        clipped = np.where(is_flat, middle, rise / np.where(is_flat, np.float32(1.0), step))
    clipped -= np.float32(np.tanh(bias * drive))
    made: NDArray[np.float32] = clipped * np.float32(push ** (-0.6))
    return made


def _log_cosh(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    size = np.abs(wave)
    result: NDArray[np.float32] = size + np.log1p(np.exp(-2.0 * size)) - _LN2
    return result
