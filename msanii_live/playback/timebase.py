"""The player's clock: seconds of the timeline, as they are heard."""

from __future__ import annotations

import time

from msanii_live.playback.shared_state import HostStat, HostStats

_WINDOW_NS = 1_000_000_000  # in which the earliest observation is looked for
_LOOP_GAIN = 0.1  # share of the device clock's error that is corrected at the end of each window
_SETTLING_WINDOWS = 5  # before the drift is estimated
_JUMP_NS = 50_000_000  # a larger error means that the device has paused: start again


class Timebase:
    """The clock of the player's timeline: the device's, or without a device the system's."""

    def __init__(self) -> None:
        """Start at 0."""
        self.origin = time.monotonic_ns()
        self._stats: HostStats | None = None

    def use_host_clock(self, stats: HostStats | None) -> None:
        """Take the time from a host's statistics; None means from the system's clock."""
        self.now()
        self._stats = stats

    def now(self) -> float:
        """Return the timeline's time, s: the frame that is heard now is `now() * rate`."""
        stats = self._stats
        if stats is not None and (origin := int(stats[HostStat.ORIGIN_NS])):
            self.origin = origin
        return (time.monotonic_ns() - self.origin) / 1e9


class ClockEstimator:
    """An estimate of when frame 0 was due, from the times at which blocks were seen to be taken.

    An observation comes some milliseconds after the block was taken, never before. So the earliest
    of a second is right within a tenth of a millisecond. A second-order loop runs from one second
    to the next, so that a steady drift of the device's clock leaves no error.
    """

    def __init__(self, origin: int, rate: int) -> None:
        """Start with a first guess. origin: ns. rate: frames per second."""
        self.origin = origin
        self._rate = rate
        self._earliest: int | None = None
        self._window_start = 0
        self._windows = 0
        self._drift = 0.0  # ns per window

    def observe(self, now: int, taken: int) -> bool:
        """Record how many frames were taken by `now`, ns; return whether time has jumped."""
        observed = now - taken * 1_000_000_000 // self._rate
        if self._earliest is None or observed < self._earliest:
            self._earliest = observed
        if not self._window_start:
            self._window_start = now
        if not self._windows:
            self.origin = self._earliest
        if now - self._window_start < _WINDOW_NS:
            return False
        error = self._earliest - self.origin - self._drift
        jumped = abs(error) > _JUMP_NS and self._windows > 0
        if jumped:
            self._windows = 0
        self._windows += 1
        self.origin += round(self._drift + error * max(_LOOP_GAIN, 1.0 / self._windows))
        is_settled = self._windows >= _SETTLING_WINDOWS
        self._drift = self._drift + error * _LOOP_GAIN**2 / 4 if is_settled else 0.0
        self._earliest, self._window_start = None, now
        return jumped
