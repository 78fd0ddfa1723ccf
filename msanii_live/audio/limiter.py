"""A limiter that looks ahead and leaves samples far from a peak bit for bit."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from msanii_live.audio.clip import Samples

CEILING = 10 ** (-1 / 20)  # -1 dBFS: no clip of ours peaks above it


def limit(samples: Samples, ceiling: float = CEILING, reach: int = 512) -> Samples:
    """Bring peaks under a ceiling with a smooth gain that looks ahead.

    The gain at each frame is the mean, over `reach` frames on either side, of the least gain any
    sample within that reach needs, so that it is never more than a sample needs and never jumps.

    samples: float32, (frames, channels). ceiling: linear, 0 to 1. Frames further than 2 * reach
    from a peak above the ceiling come back bit for bit.
    """
    peak = np.abs(samples).max(axis=1, initial=0.0)
    if not len(peak) or float(peak.max()) <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(peak, 1e-9))
    held = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    gain = np.minimum(uniform_filter1d(held, 2 * reach + 1, mode="nearest"), needed)
    # The running mean is a running sum: outside any peak's reach rounding leaves it short of one.
    gain[gain > 1.0 - 1e-9] = 1.0
    return np.asarray(samples * gain[:, None], dtype=np.float32)
