"""Clips at another sample rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msanii_live.audio.clip import Clip


def at_rate(clip: Clip, rate: int) -> Clip:
    """Return a clip at a sample rate, Hz, resampled once at soxr's very high quality.

    A clip of that rate is returned as it is.
    """
    if clip.info.sample_rate == rate:
        return clip
    import soxr  # few clips need it

    made = soxr.resample(clip.samples, clip.info.sample_rate, rate, "VHQ")
    samples = np.ascontiguousarray(made, dtype=np.float32)
    return Clip(samples, replace(clip.info, sample_rate=rate, frames=len(samples)), clip.warnings)
