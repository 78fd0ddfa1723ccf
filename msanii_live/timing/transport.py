"""Musical time: tempo, beats and bars over a clock that never goes back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from msanii_live.errors import Code, CommandError

MIN_BPM, MAX_BPM = 20.0, 300.0
_TOLERANCE = 1e-6  # of a beat: a clock read on the beat is on it, whatever rounding says


@dataclass(frozen=True)
class _TempoSegment:
    """Say how time runs from a moment on: at `time`, s, `beat` was reached, and so on.

    bar: the bar line `bar_beat` was that of; always on a beat. runs: False while it stands.
    """

    bpm: float
    beats: int
    time: float
    beat: float
    bar: float
    bar_beat: float
    is_running: bool = True

    def beats_at(self, now: float) -> float:
        return self.beat + ((now - self.time) * self.bpm / 60.0 if self.is_running else 0.0)

    def bars_at(self, now: float) -> float:
        return self.bar + (self.beats_at(now) - self.bar_beat) / self.beats

    def time_of(self, beat: float) -> float:
        return self.time + (beat - self.beat) * 60.0 / self.bpm

    def bar_line(self, now: float) -> float:
        """Return the beat of the next bar line, or of one that is now."""
        bar = math.ceil(self.bars_at(now) - _TOLERANCE / self.beats)
        return self.bar_beat + (bar - self.bar) * self.beats


class Transport:
    """Count beats and bars from 0 when it is made; every method may be called from any thread."""

    def __init__(
        self, bpm: float = 120.0, beats: int = 4, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start at beat 0. bpm: 20 to 300. beats: a bar, from 1. clock: seconds, monotonic."""
        _check(bpm, beats)
        self._clock = clock
        self._lock = threading.Lock()
        # What runs now and, at most, what follows from a beat to come.
        self._segments: tuple[_TempoSegment, ...] = (
            _TempoSegment(bpm, beats, clock(), 0.0, 0.0, 0.0),
        )

    @property
    def bpm(self) -> float:
        """The tempo last asked for, beats a minute; it runs from the beat after that on."""
        return self._segments[-1].bpm

    @property
    def beats(self) -> int:
        """The beats of a bar, as last asked for."""
        return self._segments[-1].beats

    @property
    def is_running(self) -> bool:
        """Tell whether time goes on."""
        return self._segments[-1].is_running

    def now(self) -> float:
        """Return the clock's time, s, as all other methods take it."""
        return self._clock()

    def set(
        self, bpm: float | None = None, beats: int | None = None, now: float | None = None
    ) -> None:
        """Change tempo or metre from the next beat on, with no jump: what is beat 4 still will be.

        bpm: 20 to 300. beats: a bar, from 1; the bar that runs began where it began.
        Raises: ValueError: a value is out of range.
        """
        with self._lock:
            now = self._clock() if now is None else now
            latest = self._segments[-1]
            bpm = latest.bpm if bpm is None else bpm
            beats = latest.beats if beats is None else beats
            _check(bpm, beats)
            if (bpm, beats) == (latest.bpm, latest.beats):
                return
            old = self._segment_at(now)
            beat = (
                math.ceil(old.beats_at(now) - _TOLERANCE) if old.is_running else old.beats_at(now)
            )
            moment = old.time_of(beat) if old.is_running else now
            bar, bar_beat = old.bar, old.bar_beat
            if beats != old.beats:
                bar = math.floor(old.bars_at(moment) + _TOLERANCE)
                bar_beat = old.bar_beat + (bar - old.bar) * old.beats
            new = _TempoSegment(bpm, beats, moment, beat, bar, bar_beat, old.is_running)
            self._segments = (old, new)

    def set_running(self, is_running: bool, now: float | None = None) -> None:
        """Stand still at once, or go on at once from a bar line."""
        with self._lock:
            now = self._clock() if now is None else now
            latest = self._segments[-1]
            if is_running == latest.is_running:
                return
            stand = replace(
                latest, is_running=False, time=now, beat=self._segment_at(now).beats_at(now)
            )
            if is_running:
                line = stand.bar_line(now)
                bar = stand.bars_at(now) + (line - stand.beat) / stand.beats
                stand = replace(stand, is_running=True, beat=line, bar=round(bar), bar_beat=line)
            self._segments = (stand,)

    def sync_to(self, bpm: float, beat: float, moment: float, is_running: bool = True) -> None:
        """Do as another clock does: it was at this beat at this moment; bars count from its beat 0.

        bpm: beats a minute, brought to 20 to 300. moment: s, by this transport's clock.
        """
        with self._lock:
            bpm = min(max(bpm, MIN_BPM), MAX_BPM)
            beats = self._segments[-1].beats
            self._segments = (_TempoSegment(bpm, beats, moment, beat, 0.0, 0.0, is_running),)

    def beats_at(self, now: float) -> float:
        """Return the beats since the start, whole on a beat. now: s."""
        return self._segment_at(now).beats_at(now)

    def bars_at(self, now: float) -> float:
        """Return the bars since the start, whole on a downbeat. now: s."""
        return self._segment_at(now).bars_at(now)

    def seconds_until(self, at: str, now: float) -> float:
        """Return the seconds from `now` until a moment, from 0; 0 also while time stands still.

        at: "none" is now, "beat" and "bar" the next of them (now, if one is now), and a number
        so many beats from now.
        Raises: CommandError: ERANGE, `at` is none of these.

        >>> Transport(bpm=60, clock=lambda: 100.0).seconds_until("bar", 101.5)
        2.5
        """
        if at in ("none", ""):
            return 0.0
        segment = self._segment_at(now)
        if at == "beat":
            beat: float = math.ceil(segment.beats_at(now) - _TOLERANCE)
        elif at == "bar":
            beat = segment.bar_line(now)
            later = self._segments[-1]
            if later is not segment and later.time < segment.time_of(beat) - _TOLERANCE:
                beat = later.bar_line(later.time)
        else:
            beat = segment.beats_at(now) + _number(at)
        return max(0.0, self._time_of(beat) - now) if segment.is_running else 0.0

    def _segment_at(self, now: float) -> _TempoSegment:
        """Return the course that holds at a time."""
        segments = self._segments
        return next((c for c in reversed(segments) if c.time <= now + _TOLERANCE), segments[0])

    def _time_of(self, beat: float) -> float:
        segments = self._segments
        segment = next((c for c in reversed(segments) if c.beat <= beat), segments[0])
        return segment.time_of(beat)


def _number(at: str) -> float:
    try:
        beats = float(at)
    except ValueError:
        beats = math.nan
    if not 0 <= beats < math.inf:
        raise CommandError(
            Code.ERANGE, f"at is {at!r}: it must be none, beat, bar or a number of beats from 0"
        )
    return beats


def _check(bpm: float, beats: int) -> None:
    if not MIN_BPM <= bpm <= MAX_BPM:
        raise ValueError(f"bpm is {bpm}: it must be {MIN_BPM:.0f} to {MAX_BPM:.0f}")
    if beats < 1:
        raise ValueError(f"beats is {beats}: it must be 1 or more")
