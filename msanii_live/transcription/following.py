"""Follow a player: the last whole bars of what is heard, and where they lie, to the millisecond."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from msanii_live.notes import Score
from msanii_live.transcription.beat_tracking import Bars

FOLLOWED_BEATS = 24  # of the last ones, by which tempo and place are found
MIN_FOLLOWED_BEATS = 4
MIN_ONSETS = 8  # on eighths, by which they are found more exactly
_NEAR_EIGHTHS = (0.1, 0.07)  # of a beat, by which an onset may miss one, at first and then
_RECENT = 0.05  # by which each earlier beat counts less, because a tempo may drift
_EARLY = 0.06  # s by which the first note may come before its bar line
_PUSHED = 0.035  # s by which a note may come before its bar
_EDGE = 0.02  # of a bar, of rounding


@dataclass(frozen=True)
class FollowedBars:
    """The last whole bars of a player.

    score: their notes, from a bar line on, as a loop. start: s of the clip at which they begin.
    """

    score: Score
    start: float

    @property
    def bar(self) -> float:
        """The length of a bar, s."""
        return self.score.beats * 60.0 / self.score.bpm


def follow_bars(score: Score, bars: Bars | None, count: int) -> FollowedBars | None:
    """Return at most so many last whole bars, from the first heard note on at the earliest.

    score: of the whole clip, with its metre. bars: its beats. None where nothing beats, or no bar
    is whole.
    """
    if bars is None or not score.notes or len(bars.beats) < MIN_FOLLOWED_BEATS:
        return None
    period, origin = _by_onsets(*_last_beat(bars), score)
    beats = bars.per_bar
    bar = period * beats
    # The beat of index `first` begins a bar; bar lines lie whole bars from it.
    line = origin + period * (bars.first - len(bars.beats) + 1)
    first_note = min(note.start for note in score.notes) + _EARLY
    earliest = math.floor((first_note - line) / bar + _EDGE)
    earliest = max(earliest, math.ceil(-line / bar - _EDGE))
    last = math.floor((score.seconds - line) / bar + _EDGE)
    number = min(count, last - earliest)
    if number < 1:
        return None
    start = max(0.0, line + (last - number) * bar)
    crotchets = score.beats or float(beats)
    inside = score.cut(start, start + number * bar)
    bpm = 60.0 * crotchets / bar
    # A note a little before the last bar line is the first one of the next bar.
    notes = tuple(note for note in inside.notes if note.start < number * bar - _PUSHED)
    heard = replace(
        inside, notes=notes, bpm=bpm, bar=0.0, beats=crotchets, is_loop=True, tempo_map=(),
        metre=score.metre or (beats, 4),
    )  # fmt: skip
    return FollowedBars(heard, start)


def _last_beat(bars: Bars) -> tuple[float, float]:
    """Return the period of the beats, and where the last one lies, s, by the last beats."""
    times = np.array(bars.beats[-FOLLOWED_BEATS:])
    places = np.arange(len(times)) - (len(times) - 1.0)
    weights = np.exp(_RECENT * places / 2)
    period, last = np.polyfit(places, times, 1, w=weights)
    missed = np.abs(times - last - period * places)
    good = missed <= max(2.0 * float(np.median(missed)), 0.02)  # without those that were misheard
    if good.sum() >= MIN_FOLLOWED_BEATS:
        period, last = np.polyfit(places[good], times[good], 1, w=weights[good])
    return float(period), float(last)


def _by_onsets(period: float, last: float, score: Score) -> tuple[float, float]:
    """Return period and place of the beats as the onsets have them that lie on eighths.

    There are more onsets than beats, and each is heard as exactly.
    """
    starts = np.array([note.start for note in score.notes])
    for near in _NEAR_EIGHTHS:
        places = np.round(2 * (starts - last) / period)
        on_it = np.abs(starts - last - places * period / 2) < near * period
        if on_it.sum() < MIN_ONSETS or np.ptp(places[on_it]) < MIN_FOLLOWED_BEATS:
            break
        weights = np.exp(_RECENT * (starts[on_it] - score.seconds) / period / 2)
        half, last = np.polyfit(places[on_it], starts[on_it], 1, w=weights)
        period = 2 * float(half)
    return period, float(last)
