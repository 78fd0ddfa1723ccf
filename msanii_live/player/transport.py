"""Musical time: tempo, beats and bars over a clock that never goes back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from msanii_live.errors import Code, CommandError

SLOWEST, FASTEST = 20.0, 300.0
_NEAR = 1e-6  # of a beat: a clock read on the beat is on it, whatever rounding says


@dataclass(frozen=True)
class _Course:
    """Say how time runs since the last change: at `time`, s, `beat` was reached, and so on.

    bar: the bar line `bar_beat` was that of; always on a beat.
    """

    bpm: float
    beats: int
    time: float
    beat: float
    bar: float
    bar_beat: float

    def beats_at(self, now: float) -> float:
        return self.beat + (now - self.time) * self.bpm / 60.0

    def bars_at(self, now: float) -> float:
        return self.bar + (self.beats_at(now) - self.bar_beat) / self.beats


class Transport:
    """Count beats and bars from 0 when it is made; every method may be called from any thread."""

    def __init__(
        self, bpm: float = 120.0, beats: int = 4, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start at beat 0. bpm: 20 to 300. beats: a bar, from 1. clock: seconds, monotonic."""
        _check(bpm, beats)
        self._clock = clock
        self._lock = threading.Lock()
        self._course = _Course(bpm, beats, clock(), 0.0, 0.0, 0.0)

    @property
    def bpm(self) -> float:
        """The tempo, beats a minute."""
        return self._course.bpm

    @property
    def beats(self) -> int:
        """The beats of a bar."""
        return self._course.beats

    def now(self) -> float:
        """Return the clock's time, s, as all other methods take it."""
        return self._clock()

    def set(
        self, bpm: float | None = None, beats: int | None = None, now: float | None = None
    ) -> None:
        """Change tempo or metre from `now` on, with no jump: what was beat 3.5 still is.

        bpm: 20 to 300. beats: a bar, from 1; the bar that runs began where it began.
        Raises: ValueError: a value is out of range.
        """
        with self._lock:
            old = self._course
            now = self._clock() if now is None else now
            bpm = old.bpm if bpm is None else bpm
            beats = old.beats if beats is None else beats
            _check(bpm, beats)
            bar, bar_beat = old.bar, old.bar_beat
            if beats != old.beats:
                bar = math.floor(old.bars_at(now) + _NEAR)
                bar_beat = old.bar_beat + (bar - old.bar) * old.beats
            self._course = _Course(bpm, beats, now, old.beats_at(now), bar, bar_beat)

    def beats_at(self, now: float) -> float:
        """Return the beats since the start, whole on a beat. now: s."""
        return self._course.beats_at(now)

    def bars_at(self, now: float) -> float:
        """Return the bars since the start, whole on a downbeat. now: s."""
        return self._course.bars_at(now)

    def seconds_until(self, at: str, now: float) -> float:
        """Return the seconds from `now` until a moment, from 0.

        at: "none" is now, "beat" and "bar" the next of them (now, if one is now), and a number
        so many beats from now.
        Raises: CommandError: ERANGE, `at` is none of these.

        >>> Transport(bpm=60, clock=lambda: 100.0).seconds_until("bar", 101.5)
        2.5
        """
        course = self._course
        beat = 60.0 / course.bpm
        if at in ("none", ""):
            return 0.0
        if at == "beat":
            return _until_whole(course.beats_at(now), _NEAR) * beat
        if at == "bar":
            return _until_whole(course.bars_at(now), _NEAR / course.beats) * course.beats * beat
        try:
            beats = float(at)
        except ValueError:
            beats = math.nan
        if not 0 <= beats < math.inf:
            raise CommandError(
                Code.ERANGE, f"at is {at!r}: it must be none, beat, bar or a number of beats from 0"
            )
        return beats * beat


def _until_whole(value: float, near: float) -> float:
    rest = math.ceil(value - near) - value
    return max(rest, 0.0)


def _check(bpm: float, beats: int) -> None:
    if not SLOWEST <= bpm <= FASTEST:
        raise ValueError(f"bpm is {bpm}: it must be {SLOWEST:.0f} to {FASTEST:.0f}")
    if beats < 1:
        raise ValueError(f"beats is {beats}: it must be 1 or more")
