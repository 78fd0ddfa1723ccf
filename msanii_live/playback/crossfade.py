"""Seams between two pieces of audio without a click."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, crossfade
from msanii_live.audio.seams import OVERLAP_FRAMES as OVERLAP_FRAMES
from msanii_live.audio.seams import align_seam as align_seam

# Beside a span that the resampler needs, or the span's edges would ring. As OVERLAP_FRAMES it is a
# multiple of 147, so that it is a whole number of frames at 48,000 Hz and its multiples too.
CONTEXT_FRAMES = 16 * 147
_SMOOTHING_FRAMES = 882  # 20 ms over which a step at a seam is spread


def largest_step(samples: Samples) -> float:
    """Return the largest difference between neighbouring samples. samples: (frames, channels)."""
    return float(np.abs(np.diff(samples, axis=0)).max(initial=0.0))


def starts_abruptly(samples: Samples) -> bool:
    """Return whether the step from silence to its start is larger than any step inside it."""
    return bool(len(samples)) and float(np.abs(samples[0]).max()) > largest_step(samples)


def ends_abruptly(samples: Samples) -> bool:
    """Return whether the step from its end to silence is larger than any step inside it."""
    return starts_abruptly(samples[::-1])


def smooth_seam(before: Samples, after: Samples) -> Samples:
    """Return `after`, changed so that no step at the seam is larger than those on either side.

    If the step at the seam is no larger than those inside the audio, `after` is returned bit for
    bit. Otherwise the step is spread over its first 20 ms along a cosine.
    before, after: float32, (frames, channels); only the end of `before` is used.
    """
    if not len(before) or not len(after):
        return after
    tail, head = before[-OVERLAP_FRAMES:], after[:OVERLAP_FRAMES]
    extrapolated = tail[-1] + (tail[-1] - tail[-2] if len(tail) > 1 else 0.0)
    step = extrapolated - after[0]
    inside = max(largest_step(tail), largest_step(head))
    if float(np.abs(after[0] - tail[-1]).max()) <= inside:
        return after
    length = min(_SMOOTHING_FRAMES, len(after))
    curve = 0.5 + 0.5 * np.cos(np.pi * np.arange(length) / length)
    out = after.copy()
    out[:length] += (step * curve[:, None]).astype(np.float32)
    return out


def close_loop(samples: Samples) -> Samples:
    """Return a loop whose end continues into its start without a click; often the same array."""
    return smooth_seam(samples, samples)


def splice(source: Samples, made: Samples, *, kept: bool) -> tuple[Samples, int]:
    """Return the audio to play after `source`, and how many of its frames overlap the source.

    made: an engine's result. kept: it begins with the source, whose end the engine may have
    rendered again, so the overlap is a crossfade. All float32, (frames, channels).
    """
    if not kept:
        return smooth_seam(source, made), 0
    seam = len(source)
    overlap = min(OVERLAP_FRAMES, seam, len(made))
    head = crossfade(source[seam - overlap :], made[seam - overlap : seam])
    return np.concatenate([head, smooth_seam(made[seam - overlap : seam], made[seam:])]), overlap
