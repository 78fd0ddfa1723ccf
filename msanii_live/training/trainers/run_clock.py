"""How far a training run is: by its steps, or by the wall clock where minutes are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

FIRST_CHECKPOINT = 40.0  # s; so that within a minute the folder plays what was learnt
MIN_CHECKPOINT_GAP = 60.0  # s
CHECKPOINTS = 10  # of a run by the clock, if it is long enough
LEAST_SHARE = 0.25  # of the minutes that is left for training, however long the data took


class RunLength(Protocol):
    """What says how long a run is."""

    @property
    def steps(self) -> int:
        """Steps of the optimiser."""

    @property
    def every(self) -> int:
        """Steps between checkpoints."""

    @property
    def minutes(self) -> float:
        """Length by the wall clock instead of both; 0 keeps the steps."""


class RunClock:
    """The wall clock of a run, earlier sittings included: its share done, checkpoints, its end."""

    def __init__(self, length: RunLength, spent: float = 0.0) -> None:
        """Start the clock. spent: seconds of earlier sittings."""
        self._steps, self._every = length.steps, length.every
        self.limit = 60 * length.minutes  # s; 0 without one
        self._started = monotonic() - spent
        self._saved_at = spent
        self._finish = 0.0  # s that the last checkpoint took, so that the run ends in time

    @property
    def seconds(self) -> float:
        """Wall time of the run, earlier sittings included."""
        return monotonic() - self._started

    def share(self, step: int) -> float:
        """Return the share of the run that is done after a number of steps, 0 to 1.

        It is 0 before the first step, however long the first checkpoint took.
        """
        if self.limit and step:
            return min(1.0, self.seconds / max(self.limit - self._finish, self.limit / 2))
        return min(1.0, step / max(self._steps, 1))

    def report_if_over(self, step: int, report: Callable[[str], None]) -> None:
        """Report that earlier sittings have used up all the minutes, if so."""
        if self.limit and self.share(step) >= 1:
            report(f"{self.seconds / 60:.1f} minutes are done: more --minutes go on from here")

    def is_checkpoint_due(self, step: int) -> bool:
        """Return whether a checkpoint is due after a number of steps."""
        if not self.limit:
            return step % self._every == 0
        if self._saved_at < FIRST_CHECKPOINT:
            return self.seconds >= FIRST_CHECKPOINT
        return self.seconds - self._saved_at >= max(self.limit / CHECKPOINTS, MIN_CHECKPOINT_GAP)

    @contextmanager
    def checkpoint(self) -> Iterator[None]:
        """Return a context in which a checkpoint is written and its figures are measured."""
        started = self.seconds
        yield
        self._saved_at = self.seconds
        self._finish = self._saved_at - started


def minutes_left(minutes: float, started: float) -> float:
    """Return the minutes for training, less those since `started`, a time of the monotonic clock.

    At least a quarter is left, however long the data took to read. 0 stays 0.
    """
    return max(minutes - (monotonic() - started) / 60, LEAST_SHARE * minutes)
