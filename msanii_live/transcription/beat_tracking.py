"""From likelihoods of beats and downbeats to beats, bars and a tempo.

Beats are the best path through states of tempo and place within the beat. Which of them begin bars
is settled for the whole clip at once: one metre and one first beat.

Source: Krebs, Böck & Widmer 2015, "An efficient state-space model for joint tempo and meter
tracking", for the states; the bars here are simpler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MIN_BPM, MAX_BPM = 38.0, 216.0  # of beats
STEADY_SECONDS = 0.03  # by which the beats of a steady tempo may miss their places, RMS
BEATS_PER_BAR = {4: 0.0, 3: -1.5, 2: -2.5, 5: -3.0}  # and the log prior of each
# The same for somebody who is followed: a wrong metre is worse there than a rare one missed.
FOLLOWED_METRES = {4: 0.0, 3: -6.0}
PART_BAR_COST = 6.0  # for a metre in which a clip that is cut to its beats ends within a bar
CUT_TOLERANCE = 0.1  # beats by which such a clip's start and length may miss a beat
END_BEATS = 0.25  # before the end of a clip: what beats there is hardly heard
FOLLOWED_MAX_BPM = 168.0  # of somebody who is followed: faster is taken for half as fast
MIN_BEATS = 4
MIN_LIKELIHOOD = 0.12  # mean of the beats' likelihoods: below it there is no beat
HINT_TOLERANCE = 0.04  # by which the tempo may miss one that is known
_EVEN_LIKELIHOOD = 0.05  # of a beat that is neither for nor against its path
_CHANGE_COST = 40.0  # of a tempo that changes from beat to beat, per its ln


@dataclass(frozen=True)
class Bars:
    """The beats of a clip.

    beats: s. first: index of the first beat that begins a bar. per_bar: beats of a bar. period: s
    from beat to beat. origin: s at which a beat would lie, by the tempo alone. is_steady: whether
    the beats keep that tempo.
    """

    beats: tuple[float, ...]
    first: int
    per_bar: int
    period: float
    origin: float
    is_steady: bool


def track_bars(
    likely: Array, frames_per_second: float, hint: float = 0.0, is_followed: bool = False
) -> Bars | None:
    """Return the beats and bars of a clip; None where nothing beats.

    likely: likelihoods of a beat and of a downbeat, (frames, 2). hint: beats a minute, if known.
    is_followed: the bars are of somebody who is to be accompanied.
    """
    max_bpm = FOLLOWED_MAX_BPM if is_followed else MAX_BPM
    frames = track_beats(likely[:, 0], frames_per_second, hint, max_bpm)
    if len(frames) < MIN_BEATS:
        return None
    moments = np.array([_moment(likely[:, 0], frame) for frame in frames])
    heights = np.interp(moments, np.arange(len(likely)), likely[:, 0])
    if float(heights.mean()) < MIN_LIKELIHOOD:
        return None
    times = moments / frames_per_second
    places = np.arange(len(times))
    period, origin = np.polyfit(places, times, 1, w=np.sqrt(heights + 0.05))
    misses = times - (origin + period * places)
    is_steady = float(np.sqrt(np.average(np.square(misses), weights=heights + 0.05)))
    downbeats = np.array(
        [likely[max(0, frame - 1) : frame + 2, 1].max() for frame in frames], float
    )
    # A loop has a beat at its very end, where the next round begins: it says nothing of bars.
    downbeats = downbeats[times < len(likely) / frames_per_second - END_BEATS * period]
    metres = FOLLOWED_METRES
    if not is_followed:
        metres = _metres_of(len(likely) / frames_per_second / period, origin / period)
    per_bar, first = _find_metre(downbeats, metres)
    return Bars(
        tuple(times.tolist()),
        first,
        per_bar,
        float(period),
        float(origin),
        is_steady < STEADY_SECONDS,
    )


def track_beats(
    likely: Array, frames_per_second: float, hint: float = 0.0, max_bpm: float = MAX_BPM
) -> list[int]:
    """Return the frames of the beats: the best path through tempi and places within a beat.

    likely: likelihood of a beat, (frames,).
    """
    periods = _periods(frames_per_second, hint, max_bpm)
    count = len(likely)
    if count < 2 * periods[0]:
        return []
    size = int(periods[-1])
    steps = np.abs(np.log(periods[:, None] / periods[None, :]))  # (to, from)
    costs = _CHANGE_COST * steps
    near = np.maximum(likely, np.maximum(np.roll(likely, 1), np.roll(likely, -1)))
    gain = np.log(np.clip(near, 0.02, 1.0) / _EVEN_LIKELIHOOD)
    # scores[p, age]: the best path whose last beat was `age` frames ago, at period p.
    scores = np.full((len(periods), size), -np.inf)
    rows = np.arange(len(periods))
    is_past = np.arange(size)[None, :] >= periods[:, None]
    scores[~is_past] = 0.0
    came_from = np.zeros((count, len(periods)), np.int16)
    for frame in range(count):
        ended = scores[rows, periods.astype(int) - 1]  # those whose beat is due now
        arriving = ended[None, :] - costs
        best = arriving.argmax(axis=1)
        came_from[frame] = best
        begun = arriving[rows, best] + gain[frame]
        scores[:, 1:] = scores[:, :-1]
        scores[:, 0] = begun
        scores[is_past] = -np.inf
    best_row, age = divmod(int(np.argmax(scores)), size)
    beats, frame, row = [], count - 1 - age, best_row
    while frame >= 0:
        beats.append(frame)
        row = int(came_from[frame][row])
        frame -= int(periods[row])
    return beats[::-1]


def _periods(frames_per_second: float, hint: float, max_bpm: float) -> Array:
    """Return the periods of a beat that are tried, whole frames."""
    low, high = MIN_BPM, max_bpm
    if hint:
        while hint < MIN_BPM:
            hint *= 2
        while hint > MAX_BPM:
            hint /= 2
        low, high = hint / (1 + HINT_TOLERANCE), hint * (1 + HINT_TOLERANCE)
    shortest = max(2, int(np.floor(60 * frames_per_second / high)))
    longest = int(np.ceil(60 * frames_per_second / low))
    return np.arange(shortest, longest + 1, dtype=float)


def _moment(likely: Array, frame: int) -> float:
    """Return where between frames a beat lies; the path is a frame off where the tempo is odd."""
    first = max(0, frame - 2)
    near = likely[first : frame + 3] ** 2
    total = float(near.sum())
    if total < 1e-4:
        return float(frame)
    return float((near * np.arange(first, first + len(near))).sum() / total)


def _metres_of(length: float, start: float) -> dict[int, float]:
    """Return the log prior of each metre for a clip.

    A clip that begins on a beat and is whole beats long was cut to bars: two bars of 4/4 are 8
    beats, which is no whole number of bars of 3 or 5. length: of the clip. start: of its first
    beat. Both in beats.
    """
    beats = round(length)
    misses = (abs(length - beats), abs(start - round(start)))
    is_cut = beats > 0 and max(misses) < CUT_TOLERANCE
    return {
        per_bar: prior - (PART_BAR_COST if is_cut and beats % per_bar else 0.0)
        for per_bar, prior in BEATS_PER_BAR.items()
    }


def _find_metre(downbeats: Array, metres: Mapping[int, float]) -> tuple[int, int]:
    """Return beats per bar and the first beat that begins one, by the likelihood of all beats."""
    hit = np.log(np.clip(downbeats, 0.02, 0.98))
    miss = np.log(np.clip(1 - downbeats, 0.02, 0.98))
    best = (-np.inf, 4, 0)
    for per_bar, prior in metres.items():
        for first in range(min(per_bar, len(downbeats))):
            begins = np.arange(len(downbeats)) % per_bar == first
            score = float(np.where(begins, hit, miss).sum()) + prior
            if score > best[0]:
                best = (score, per_bar, first)
    return best[1], best[2]
