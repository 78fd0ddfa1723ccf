"""Levels: measured, held, and faded from one signal to another."""

from __future__ import annotations

import numpy as np

from msanii_live.audio.clip import Samples
from msanii_live.audio.slow_gain import EVEN_FROM, even_gain, gain_per_frame

MONO_TOLERANCE = 1e-6  # by which the channels of a mono source may differ
_BLOCK = 65_536  # frames looked at before the next: most stereo is found out by the first


def decibels(value: float) -> float:
    """Return a level in dB, at least -120."""
    return 20.0 * float(np.log10(max(value, 1e-6)))


def rms_dbfs(samples: Samples) -> float:
    """Return the root mean square level in dBFS. samples: (frames, channels)."""
    if not samples.size:
        return -120.0
    return decibels(float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))))


def is_mono(samples: Samples) -> bool:
    """Return whether all channels are the same, to 1e-6. samples: float32, (frames, channels)."""
    blocks = (samples[at : at + _BLOCK] for at in range(0, len(samples), _BLOCK))
    return all(np.abs(block - block[:, :1]).max(initial=0.0) <= MONO_TOLERANCE for block in blocks)


def channel_mean(samples: Samples) -> Samples:
    """Return the mean of the channels, (frames,): `mean(1)`, which NumPy does 30 times slower."""
    total = samples[:, 0]
    for channel in range(1, samples.shape[1]):
        total = total + samples[:, channel]
    return np.asarray(total / np.float32(samples.shape[1]))


def as_mono(samples: Samples) -> Samples:
    """Return a copy whose channels all are the mean. samples: float32, (frames, channels)."""
    mean = samples.mean(1, keepdims=True, dtype=np.float64).astype(np.float32)
    return np.repeat(mean, samples.shape[1], axis=1)


def hold_level(
    samples: Samples,
    start: int,
    end: int,
    target: float,
    down: float = 6.0,
    up: float = 30.0,
    even: bool = False,
) -> Samples:
    """Bring frames [start, end) to a loudness, with no jump at their edges.

    samples: float32, (frames, channels). target: dBFS RMS of the span, which is lowered to it by at
    most `down` dB and raised by at most `up` dB. The gain grows within half a second of an edge
    that has audio beyond it, along a cosine. Frames outside the span come back bit for bit.
    even: a long span is made even first; see `even_gain`.
    """
    span, frames = samples[start:end], end - start
    slow = np.ones(1, np.float32)
    if even and frames >= EVEN_FROM:
        slow = gain_per_frame(even_gain(span), frames)
        span = span * slow[:, None]
    gain = np.clip(target - rms_dbfs(span), -down, up)
    curve = np.broadcast_to(slow * 10 ** (gain / 20), frames).astype(np.float32)
    ramp = max(1.0, min(22_050.0, frames / 2))
    edge = min(int(np.ceil(ramp)), frames)
    weight = 0.5 - 0.5 * np.cos(np.pi * np.minimum(np.arange(edge) / ramp, 1.0))
    if start > 0:
        curve[:edge] = 1.0 + (curve[:edge] - 1.0) * weight
    if end < len(samples):
        curve[frames - edge :] = 1.0 + (curve[frames - edge :] - 1.0) * weight[::-1]
    out = samples.copy()
    out[start:end] *= curve[:, None]
    return out


def crossfade(first: Samples, second: Samples) -> Samples:
    """Fade from one to the other, linearly: for signals that agree, as at a seam.

    first, second: float32, (frames, channels), of the same shape.
    """
    ramp = (np.arange(len(first), dtype=np.float32) + 0.5)[:, None] / max(len(first), 1)
    return np.asarray(first * (1 - ramp) + second * ramp, dtype=np.float32)
