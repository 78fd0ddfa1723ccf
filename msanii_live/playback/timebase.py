"""One time for all: seconds of the player's timeline, as they are heard."""

from __future__ import annotations

import time

from msanii_live.playback.shared_state import HostStat, HostStats

_SPAN = 1_000_000_000  # ns over which the least delay is looked for
_FOLLOW = 0.1  # of what the device's clock was off that is taken over at the end of each span
_SETTLED = 5  # spans before its drift is looked at
_JUMP = 50_000_000  # ns: further off than this the device has paused, and time begins anew


class Timebase:
    """Tell the time by whatever counts frames now; it goes on where none does."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.origin = time.monotonic_ns()
        self._gauges: HostStats | None = None

    def follow(self, stats: HostStats | None) -> None:
        """Take the time from these gauges from now on; None: from the system's clock."""
        self.now()
        self._gauges = stats

    def now(self) -> float:
        """Return seconds of the timeline: frame `now × rate` is heard now."""
        stats = self._gauges
        if stats is not None and (origin := int(stats[HostStat.ORIGIN_NS])):
            self.origin = origin
        return (time.monotonic_ns() - self.origin) / 1e9


class Estimate:
    """Find when frame 0 was due from when blocks were seen to be taken.

    A look comes some milliseconds after the block was taken, never before: over a second the
    earliest look is the truth, within a tenth of a millisecond. A loop of second order follows
    from one second to the next, so that a steady drift of the device leaves no lag.
    """

    def __init__(self, origin: int, rate: int) -> None:
        """Begin with a guess. origin: ns. rate: frames a second."""
        self.origin = origin
        self._rate = rate
        self._least: int | None = None
        self._since = 0
        self._spans = 0
        self._drift = 0.0  # ns a span

    def look(self, now: int, taken: int) -> bool:
        """Note that so many frames have been taken by now, ns; True: time has jumped."""
        seen = now - taken * 1_000_000_000 // self._rate
        if self._least is None or seen < self._least:
            self._least = seen
        if not self._since:
            self._since = now
        if not self._spans:
            self.origin = self._least
        if now - self._since < _SPAN:
            return False
        off = self._least - self.origin - self._drift
        jumped = abs(off) > _JUMP and self._spans > 0
        if jumped:
            self._spans = 0
        self._spans += 1
        self.origin += round(self._drift + off * max(_FOLLOW, 1.0 / self._spans))
        self._drift = 0.0 if self._spans < _SETTLED else self._drift + off * _FOLLOW**2 / 4
        self._least, self._since = None, now
        return jumped
