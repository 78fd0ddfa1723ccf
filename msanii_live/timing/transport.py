"""Musical time: tempo, beats and bars on a clock that never runs backwards."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from msanii_live.errors import Code, CommandError

MIN_BPM, MAX_BPM = 20.0, 300.0
_TOLERANCE = 1e-6  # of a beat: a time this close to a beat is on it, whatever rounding does


@dataclass(frozen=True)
class _TempoSegment:
    """A stretch of time with constant tempo and metre: at `time`, s, `beat` is reached.

    bar, bar_beat: a bar and the beat of its bar line, which is always on a beat. is_running: False
    while time stands still.
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

    def next_bar_line(self, now: float) -> float:
        """Return the beat of the next bar line, or of one that is at `now`."""
        bar = math.ceil(self.bars_at(now) - _TOLERANCE / self.beats)
        return self.bar_beat + (bar - self.bar) * self.beats


class Transport:
    """A count of beats and bars from 0. Every method may be called from any thread."""

    def __init__(
        self, bpm: float = 120.0, beats: int = 4, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start at beat 0. bpm: 20 to 300. beats: per bar, from 1. clock: seconds, monotonic."""
        _check(bpm, beats)
        self._clock = clock
        self._lock = threading.Lock()
        # The segment that runs now and at most one that begins later.
        first = _TempoSegment(bpm, beats, clock(), 0.0, 0.0, 0.0)
        self._segments: tuple[_TempoSegment, ...] = (first,)

    @property
    def bpm(self) -> float:
        """The tempo last set, beats per minute; it applies from the next beat on."""
        return self._segments[-1].bpm

    @property
    def beats(self) -> int:
        """The beats per bar last set."""
        return self._segments[-1].beats

    @property
    def is_running(self) -> bool:
        """Whether time runs."""
        return self._segments[-1].is_running

    def now(self) -> float:
        """Return the clock's time, s, as all other methods take it."""
        return self._clock()

    def beat_now(self) -> float:
        """Return the beats since the start, now; see `beats_at`."""
        return self.beats_at(self._clock())

    def set(
        self, bpm: float | None = None, beats: int | None = None, now: float | None = None
    ) -> None:
        """Change tempo or metre from the next beat on; the number of that beat stays the same.

        bpm: 20 to 300. beats: per bar, from 1; the current bar keeps its bar line.
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
            beat, moment = old.beats_at(now), now
            if old.is_running:
                beat = math.ceil(beat - _TOLERANCE)
                moment = old.time_of(beat)
            bar, bar_beat = old.bar, old.bar_beat
            if beats != old.beats:
                bar = math.floor(old.bars_at(moment) + _TOLERANCE)
                bar_beat = old.bar_beat + (bar - old.bar) * old.beats
            new = _TempoSegment(bpm, beats, moment, beat, bar, bar_beat, old.is_running)
            self._segments = (old, new)

    def set_running(self, is_running: bool, now: float | None = None) -> None:
        """Stop at once, or continue at once from a bar line."""
        with self._lock:
            now = self._clock() if now is None else now
            latest = self._segments[-1]
            if is_running == latest.is_running:
                return
            beat = self._segment_at(now).beats_at(now)
            segment = replace(latest, is_running=False, time=now, beat=beat)
            if is_running:
                line = segment.next_bar_line(now)
                bar = segment.bars_at(now) + (line - segment.beat) / segment.beats
                segment = replace(
                    segment, is_running=True, beat=line, bar=round(bar), bar_beat=line
                )
            self._segments = (segment,)

    def sync_to(self, bpm: float, beat: float, moment: float, is_running: bool = True) -> None:
        """Take tempo and position from another clock; bars count from its beat 0.

        bpm: beats per minute, limited to 20 to 300. beat: the position that it had at `moment`, s,
        by this transport's clock.
        """
        with self._lock:
            bpm = min(max(bpm, MIN_BPM), MAX_BPM)
            beats = self._segments[-1].beats
            self._segments = (_TempoSegment(bpm, beats, moment, beat, 0.0, 0.0, is_running),)

    def beats_at(self, now: float) -> float:
        """Return the beats since the start, a whole number on a beat. now: s."""
        return self._segment_at(now).beats_at(now)

    def bars_at(self, now: float) -> float:
        """Return the bars since the start, a whole number on a downbeat. now: s."""
        return self._segment_at(now).bars_at(now)

    def seconds_until(self, at: str, now: float) -> float:
        """Return the seconds from `now` until a moment, at least 0; 0 while time stands still.

        at: "none" is now, "beat" and "bar" are the next of them (now, if one is now), and a number
        is so many beats from now.
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
            beat = segment.next_bar_line(now)
            later = self._segments[-1]
            if later is not segment and later.time < segment.time_of(beat) - _TOLERANCE:
                beat = later.next_bar_line(later.time)
        else:
            beat = segment.beats_at(now) + _parse_beats(at)
        return max(0.0, self._time_of(beat) - now) if segment.is_running else 0.0

    def _segment_at(self, now: float) -> _TempoSegment:
        segments = self._segments
        return next((s for s in reversed(segments) if s.time <= now + _TOLERANCE), segments[0])

    def _time_of(self, beat: float) -> float:
        segments = self._segments
        segment = next((s for s in reversed(segments) if s.beat <= beat), segments[0])
        return segment.time_of(beat)


def _parse_beats(at: str) -> float:
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
