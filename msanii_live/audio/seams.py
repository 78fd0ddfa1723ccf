"""Where two renderings of the same notes are joined."""

from __future__ import annotations

import numpy as np

from msanii_live.audio.clip import Samples

# The crossfade before a seam: engines may render the last 2,048 frames again. A multiple of 147, so
# that it is a whole number of frames at 48,000 Hz and its multiples too.
OVERLAP_FRAMES = 13 * 147
SEARCH_FRAMES = 220  # 5 ms to either side of a seam: a whole period at 100 Hz and above


def align_seam(before: Samples, made: Samples, seam: int) -> int:
    """Return the frame of `made`, within 5 ms of `seam`, where it best matches the end of `before`.

    Two renderings of the same notes agree in pitch but not in phase, and a crossfade in opposite
    phase is a dip in level. Both float32, (frames, channels). Returns `seam` itself if `made` is
    too short to search: it needs `OVERLAP_FRAMES` and 5 ms before the seam and 5 ms after it.
    Source: Verhelst and Roelands 1993, "An overlap-add technique based on waveform similarity".
    """
    overlap = min(OVERLAP_FRAMES, len(before))
    if not overlap or seam < overlap + SEARCH_FRAMES or seam + SEARCH_FRAMES > len(made):
        return seam
    tail = before[-overlap:].mean(axis=1, dtype=np.float64)
    span = made[seam - overlap - SEARCH_FRAMES : seam + SEARCH_FRAMES].mean(
        axis=1, dtype=np.float64
    )
    energy = np.convolve(span**2, np.ones(overlap), "valid")
    similarity = np.correlate(span, tail, "valid") / np.sqrt(energy + 1e-9)
    # Of the offsets within 1 % of the best, the nearest.
    offsets = (
        np.flatnonzero(similarity >= similarity.max() - 0.01 * abs(similarity.max()))
        - SEARCH_FRAMES
    )
    return seam + int(offsets[np.abs(offsets).argmin()])
