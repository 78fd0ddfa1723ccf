"""Tempo and metre of a MIDI file: from ticks to seconds and bars."""

from __future__ import annotations

import math
from dataclasses import replace

from msanii_live.notes import TempoSegment

_DEFAULT_TEMPO = 500_000  # µs per beat, of a file without a tempo
_DEFAULT_BEATS = 4.0  # per bar, of a file without a metre
_LATE = 1 / 8  # beats by which a change may miss the bar line that it is meant for


class TempoMap:
    """A tempo map in the making; changes come in order of their ticks.

    A change in the first ticks, where many programs put it, holds from tick 0. beat: ticks per
    beat, or in half a second if time is counted in SMPTE frames. is_smpte: ticks have a fixed time,
    and tempo and bars are unknown.
    """

    def __init__(self, division: int) -> None:
        """division: of the file's header, as signed 16 bits (RP-001, page 4)."""
        self.is_smpte = division < 0
        rate = -(division >> 8)  # frames per second; 29 stands for 30 with frames dropped
        frames = 30_000 / 1_001 if rate == 29 else float(rate)
        self.beat = frames * (division & 0xFF) / 2 if self.is_smpte else float(division)
        self._segments = [TempoSegment(0.0, 0.0, 60e6 / _DEFAULT_TEMPO, _DEFAULT_BEATS)]
        self._tick = 0  # of the start of the last segment

    @property
    def segments(self) -> tuple[TempoSegment, ...]:
        """The map so far; empty if tempo and bars are unknown."""
        return () if self.is_smpte else tuple(self._segments)

    @property
    def bpm(self) -> float:
        """The tempo, 0 if it varies or is unknown."""
        tempos = {each.bpm for each in self.segments}
        return tempos.pop() if len(tempos) == 1 else 0.0

    @property
    def beats(self) -> float:
        """The beats of the first bar, 0 if unknown."""
        return 0.0 if self.is_smpte else self._segments[0].beats

    def seconds(self, tick: int) -> float:
        """Return the second of a tick, not before the last change."""
        last = self._segments[-1]
        return last.start + (tick - self._tick) / self.beat * 60.0 / last.bpm

    def bars(self, tick: int) -> float:
        """Return the bars before a tick, not before the last change."""
        last = self._segments[-1]
        return last.bar + (tick - self._tick) / self.beat / last.beats

    def set_tempo(self, tick: int, tempo: float) -> None:
        """Change the tempo. tempo: µs per beat, above 0."""
        if not self.is_smpte:
            self._change(tick, self.bars(self._from(tick)), 60e6 / tempo, self._segments[-1].beats)

    def set_metre(self, tick: int, beats: float) -> None:
        """Change the metre: a bar begins here. beats: per bar, above 0."""
        last = self._segments[-1]
        if beats != last.beats:
            bars = self.bars(self._from(tick))
            late = abs(bars - round(bars)) * last.beats
            bars = float(round(bars) if late < _LATE else math.ceil(bars))
            self._change(tick, bars, last.bpm, beats)

    def _from(self, tick: int) -> int:
        return tick if tick >= _LATE * self.beat else 0

    def _change(self, tick: int, bars: float, bpm: float, beats: float) -> None:
        tick = self._from(tick)
        new = TempoSegment(self.seconds(tick), bars, bpm, beats)
        if tick == self._tick:
            self._segments[-1] = replace(new, start=self._segments[-1].start)
        elif (bpm, beats) != (self._segments[-1].bpm, self._segments[-1].beats):
            self._segments.append(new)
            self._tick = tick
