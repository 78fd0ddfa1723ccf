"""How busy a worker is, and how long its tasks take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

WINDOW = 10.0  # s over which the load is measured
_UNKNOWN = 2.0  # s that a task is taken to last before one like it has ended
_SMOOTHING = 0.3  # weight of the newest duration


class LoadMeter:
    """The spans of the last seconds in which a slot worked."""

    def __init__(self, slots: int) -> None:
        """Begin with no work. slots: how many can work at a time."""
        self._slots = slots
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
        return min(100.0, 100 * inside / WINDOW / self._slots)


class DurationEstimates:
    """The smoothed duration of tasks, by command address."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def add(self, address: str, seconds: float) -> None:
        """Take in how long a task lasted, s."""
        before = self._seconds.get(address, seconds)
        self._seconds[address] = before + _SMOOTHING * (seconds - before)

    def get(self, address: str) -> float:
        """Return the expected duration of a task, s."""
        return self._seconds.get(address, _UNKNOWN)
