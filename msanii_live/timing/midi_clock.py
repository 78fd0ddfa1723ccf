"""MIDI clock into tempo and place: 24 ticks a beat, each some milliseconds early or late."""

from __future__ import annotations

from collections import deque

TICKS_PER_BEAT = 24  # a beat
_SPAN = 96  # ticks that the line is drawn through: four beats
_MIN_TICKS = 12  # ticks below which nothing is said
_MAX_GAP = 0.5  # s without a tick, after which the line begins anew: 20 bpm is 0.125 s a tick
_TICKS_PER_SIXTEENTH = TICKS_PER_BEAT / 4  # ticks of a sixteenth, the unit of a song position


class ClockTracker:
    """Draw a straight line through the last ticks: its slope is the tempo, its end the place."""

    def __init__(self) -> None:
        """Begin with nothing heard, at beat 0."""
        self.is_running = True
        self._tick = -1  # number of the last tick heard; beat 0 begins with tick 0
        self._ticks: deque[tuple[int, float]] = deque(maxlen=_SPAN)

    def receive(self, kind: str, now: float, position: int = 0) -> None:
        """Take a message in. kind: mido's type. now: s. position: of `songpos`, sixteenths."""
        if kind == "clock":
            if self._ticks and now - self._ticks[-1][1] > _MAX_GAP:
                self._ticks.clear()
            self._tick += 1
            self._ticks.append((self._tick, now))
        elif kind == "start":
            self._move(-1)
            self.is_running = True
        elif kind == "continue":
            self.is_running = True
        elif kind == "stop":
            self.is_running = False
        elif kind == "songpos":
            self._move(round(position * _TICKS_PER_SIXTEENTH) - 1)

    def estimate(self) -> tuple[float, float, float] | None:
        """Return bpm, beat and the time of that beat, s; None before enough was heard."""
        count = len(self._ticks)
        if count < _MIN_TICKS:
            return None
        first_tick, first_time = self._ticks[0]
        ticks = [tick - first_tick for tick, _ in self._ticks]
        times = [time - first_time for _, time in self._ticks]
        mean_tick, mean_time = sum(ticks) / count, sum(times) / count
        spread = sum((tick - mean_tick) ** 2 for tick in ticks)
        slope = (
            sum((k - mean_tick) * (t - mean_time) for k, t in zip(ticks, times, strict=True))
            / spread
        )
        if slope <= 0:
            return None
        last = ticks[-1]
        moment = first_time + mean_time + (last - mean_tick) * slope
        return 60.0 / (slope * TICKS_PER_BEAT), (first_tick + last) / TICKS_PER_BEAT, moment

    def _move(self, tick: int) -> None:
        """Go to another place of the song; the ticks heard keep their times."""
        shift = tick - self._tick
        self._tick = tick
        heard = [(number + shift, time) for number, time in self._ticks]
        self._ticks = deque(heard, maxlen=_SPAN)
