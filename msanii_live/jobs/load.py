"""How busy a worker is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

WINDOW = 10.0  # s over which the load is measured


class LoadMeter:
    """The spans of the last seconds in which a slot worked. slots: how many can work at a time."""

    def __init__(self, slots: int) -> None:
        """Begin with no work."""
        self.slots = slots
        self._spans: deque[tuple[float, float]] = deque()

    def add(self, start: float, end: float) -> None:
        """Add a span of work of one slot, s."""
        self._spans.append((start, end))
        while self._spans[0][1] < end - WINDOW:
            self._spans.popleft()

    def percent(self, now: float, running_since: Iterable[float]) -> float:
        """Return the share of the window that was spent on work, 0 to 100.

        now: s. running_since: starts of the work that goes on, s.
        """
        spans = [*self._spans, *((start, now) for start in running_since)]
        inside = sum(max(0.0, end - max(start, now - WINDOW)) for start, end in spans)
        return min(100.0, 100 * inside / WINDOW / self.slots)
