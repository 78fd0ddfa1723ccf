"""MIDI clock to tempo and position: 24 ticks per beat, each with some milliseconds of jitter."""

from __future__ import annotations

from collections import deque

TICKS_PER_BEAT = 24
_WINDOW_TICKS = 96  # of the regression: four beats
_MIN_TICKS = 12  # for an estimate
_MAX_GAP = 0.5  # s between ticks; after a longer one the regression starts again (20 bpm: 0.125 s)
_TICKS_PER_SIXTEENTH = TICKS_PER_BEAT / 4  # a sixteenth is the unit of a song position


class MidiClockTracker:
    """An estimate of tempo and position: a straight line through the times of the last ticks."""

    def __init__(self) -> None:
        """Start without ticks, at beat 0."""
        self.is_running = True
        self._tick = -1  # number of the last tick; beat 0 begins with tick 0
        self._ticks: deque[tuple[int, float]] = deque(maxlen=_WINDOW_TICKS)

    def receive(self, kind: str, now: float, position: int = 0) -> None:
        """Process a message. kind: mido's type. now: s. position: of `songpos`, in sixteenths."""
        if kind == "clock":
            if self._ticks and now - self._ticks[-1][1] > _MAX_GAP:
                self._ticks.clear()
            self._tick += 1
            self._ticks.append((self._tick, now))
        elif kind == "start":
            self._move_to(-1)
            self.is_running = True
        elif kind == "continue":
            self.is_running = True
        elif kind == "stop":
            self.is_running = False
        elif kind == "songpos":
            self._move_to(round(position * _TICKS_PER_SIXTEENTH) - 1)

    def estimate(self) -> tuple[float, float, float] | None:
        """Return bpm, a beat and the time of that beat, s; None before there are 12 ticks."""
        count = len(self._ticks)
        if count < _MIN_TICKS:
            return None
        first_tick, first_time = self._ticks[0]
        ticks = [tick - first_tick for tick, _ in self._ticks]
        times = [time - first_time for _, time in self._ticks]
        mean_tick, mean_time = sum(ticks) / count, sum(times) / count
        variance = sum((tick - mean_tick) ** 2 for tick in ticks)
        slope = (
            sum((k - mean_tick) * (t - mean_time) for k, t in zip(ticks, times, strict=True))
            / variance
        )
        if slope <= 0:
            return None
        last = ticks[-1]
        moment = first_time + mean_time + (last - mean_tick) * slope
        return 60.0 / (slope * TICKS_PER_BEAT), (first_tick + last) / TICKS_PER_BEAT, moment

    def _move_to(self, tick: int) -> None:
        """Move to another place of the song; the ticks received keep their times."""
        shift = tick - self._tick
        self._tick = tick
        ticks = [(number + shift, time) for number, time in self._ticks]
        self._ticks = deque(ticks, maxlen=_WINDOW_TICKS)
