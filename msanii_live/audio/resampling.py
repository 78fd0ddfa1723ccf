"""Audio at another sample rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr

from msanii_live.audio.clip import Clip, Samples


def resample(samples: Samples, from_rate: int, to_rate: int, quality: str = "HQ") -> Samples:
    """Return the same audio at another rate. samples: float32 (frames, channels); rates: Hz.

    quality: soxr's name of it. Audio of that rate is returned as it is.
    """
    if from_rate == to_rate:
        return samples
    return np.ascontiguousarray(soxr.resample(samples, from_rate, to_rate, quality), np.float32)


def at_rate(clip: Clip, rate: int) -> Clip:
    """Return a clip at a sample rate, Hz, resampled once at soxr's very high quality.

    A clip of that rate is returned as it is.
    """
    if clip.info.sample_rate == rate:
        return clip
    samples = resample(clip.samples, clip.info.sample_rate, rate, "VHQ")
    return Clip(samples, replace(clip.info, sample_rate=rate, frames=len(samples)), clip.warnings)
