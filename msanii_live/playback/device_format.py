"""Clips in the device's format: stereo float32 at its sample rate."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, as_stereo
from msanii_live.audio.resampling import resample
from msanii_live.playback.crossfade import CONTEXT_FRAMES


def to_device(samples: Samples, rate: int, device_rate: int) -> Samples:
    """Return samples in the device's format: float32 (frames, 2) at `device_rate`.

    samples: float32 (frames, channels). rate, device_rate: Hz.
    """
    return as_stereo(resample(samples, rate, device_rate))


def to_device_after(
    before: Samples | None, samples: Samples, rate: int, device_rate: int
) -> Samples:
    """Return samples in the device's format, resampled as the continuation of `before`.

    Without what comes before, the resampler would make the first frames ring.
    """
    if rate == device_rate or before is None or len(before) < CONTEXT_FRAMES:
        return to_device(samples, rate, device_rate)
    both = np.concatenate([before[-CONTEXT_FRAMES:], samples])
    return to_device(both, rate, device_rate)[round(CONTEXT_FRAMES * device_rate / rate) :]


def loop_to_device(samples: Samples, rate: int, device_rate: int) -> Samples:
    """Return a loop in the device's format, resampled so that its end continues into its start."""
    if rate == device_rate or len(samples) < CONTEXT_FRAMES:
        return to_device(samples, rate, device_rate)
    padded = np.concatenate([samples[-CONTEXT_FRAMES:], samples, samples[:CONTEXT_FRAMES]])
    first = round(CONTEXT_FRAMES * device_rate / rate)
    length = round(len(samples) * device_rate / rate)
    return to_device(padded, rate, device_rate)[first : first + length]
