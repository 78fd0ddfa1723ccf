"""Make audio go on from other audio without a click, whoever made either."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, crossfade

# Frames before a seam where old fades into new: engines may make the last 2,048 anew. A multiple of
# 147, like CONTEXT, so that it is a whole number of frames at 48,000 Hz and its multiples too.
OVERLAP_FRAMES = 13 * 147
CONTEXT_FRAMES = (
    16 * 147
)  # frames beside a span that resampling must see, or the span's edges would ring
_REACH = 220  # frames, 5 ms: where a seam may go; all turns of a wave of 100 Hz and above
_EASE = 882  # frames, 20 ms, over which a step at a seam is spread


def largest_step(samples: Samples) -> float:
    """Return the largest difference between neighbouring samples. samples: (frames, channels)."""
    return float(np.abs(np.diff(samples, axis=0)).max(initial=0.0))


def starts_abruptly(samples: Samples) -> bool:
    """Tell whether to come in from silence here is a step beyond all of its own."""
    return bool(len(samples)) and float(np.abs(samples[0]).max()) > largest_step(samples)


def ends_abruptly(samples: Samples) -> bool:
    """Tell whether to fall silent after it is a step beyond all of its own."""
    return starts_abruptly(samples[::-1])


def smooth_seam(before: Samples, after: Samples) -> Samples:
    """Return `after` so that it goes on from `before` with no step beyond those of either.

    Where the step at the seam is no larger than what the audio does by itself, it comes back bit
    for bit; else the step is spread over its first 20 ms along a cosine.
    before, after: float32, (frames, channels); of `before` only the end matters.
    """
    if not len(before) or not len(after):
        return after
    tail, head = before[-OVERLAP_FRAMES:], after[:OVERLAP_FRAMES]
    going_on = tail[-1] + (tail[-1] - tail[-2] if len(tail) > 1 else 0.0)
    step = going_on - after[0]
    own = max(largest_step(tail), largest_step(head))
    if float(np.abs(after[0] - tail[-1]).max()) <= own:
        return after
    length = min(_EASE, len(after))
    curve = 0.5 + 0.5 * np.cos(np.pi * np.arange(length) / length)
    out = after.copy()
    out[:length] += (step * curve[:, None]).astype(np.float32)
    return out


def close_loop(samples: Samples) -> Samples:
    """Return a loop whose end goes on into its start without a click; mostly the same array."""
    return smooth_seam(samples, samples)


def splice(source: Samples, made: Samples, *, kept: bool) -> tuple[Samples, int]:
    """Return what to play after `source`, and how many frames of it overlap the source's end.

    made: what an engine made of the source; `kept`: it begins with the source, of which the end
    may have been made anew, and is faded into. All float32, (frames, channels).
    """
    if not kept:
        return smooth_seam(source, made), 0
    seam = len(source)
    overlap = min(OVERLAP_FRAMES, seam, len(made))
    head = crossfade(source[seam - overlap :], made[seam - overlap : seam])
    return np.concatenate([head, smooth_seam(made[seam - overlap : seam], made[seam:])]), overlap


def align_seam(before: Samples, made: Samples, seam: int) -> int:
    """Return the frame of `made`, within 5 ms of `seam`, at which it best goes on from `before`.

    What plays the same notes twice agrees in pitch and not in phase, and waves that fade into each
    other in opposite phase leave a hole. Both float32, (frames, channels). It is the seam itself
    where `made` has not `OVERLAP` and 5 ms before it and 5 ms after it.
    Source: Verhelst and Roelands 1993, "An overlap-add technique based on waveform similarity".
    """
    overlap = min(OVERLAP_FRAMES, len(before))
    if not overlap or seam < overlap + _REACH or seam + _REACH > len(made):
        return seam
    tail = before[-overlap:].mean(axis=1, dtype=np.float64)
    span = made[seam - overlap - _REACH : seam + _REACH].mean(axis=1, dtype=np.float64)
    energy = np.convolve(span**2, np.ones(overlap), "valid")
    alike = np.correlate(span, tail, "valid") / np.sqrt(energy + 1e-9)
    # The nearest of those that are as good as the best.
    good = np.flatnonzero(alike >= alike.max() - 0.01 * abs(alike.max())) - _REACH
    return seam + int(good[np.abs(good).argmin()])
