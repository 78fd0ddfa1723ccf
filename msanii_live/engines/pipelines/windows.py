"""Long audio in windows of what a model makes in one pass."""

from __future__ import annotations

from dataclasses import dataclass

CONTEXT_SHARE = 3  # a window's context is at most one part in so many of it


@dataclass(frozen=True)
class PassWindow:
    """One pass: make samples [start, end) while seeing [first, last)."""

    first: int
    last: int
    start: int
    end: int


def plan_windows(frames: int, start: int, end: int, longest: int) -> list[PassWindow]:
    """Cut the making of [start, end) into passes of at most `longest` samples, left to right.

    Each pass sees what lies before it, and the last one what lies behind the span.
    """
    if frames <= longest:
        return [PassWindow(0, frames, start, end)]
    context = longest // CONTEXT_SHARE
    behind = min(context, frames - end)
    windows = []
    while start < end:
        first = max(0, start - context)
        if end + behind - first <= longest:
            windows.append(PassWindow(first, min(frames, first + longest), start, end))
            break
        last = min(end, first + longest)
        windows.append(PassWindow(first, last, start, last))
        start = last
    return windows


def plan_windows_leftwards(frames: int, start: int, end: int, longest: int) -> list[PassWindow]:
    """Cut the making of [start, end) into passes, right to left; see `plan_windows`."""
    mirrored = plan_windows(frames, frames - end, frames - start, longest)
    return [
        PassWindow(frames - w.last, frames - w.first, frames - w.end, frames - w.start)
        for w in mirrored
    ]
