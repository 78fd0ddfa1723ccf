"""A span of a clip that is played anew, joined to what stays: in phase, at its level."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples, limiting_gain, rms_dbfs
from msanii_live.audio.seams import OVERLAP_FRAMES, SEARCH_FRAMES, align_seam
from msanii_live.engines.early_source import SEAM
from msanii_live.engines.loudness import TARGET_LOUDNESS, measure_loudness

LEAD = 2.5  # s that are played before a span, so that its notes ring into it
TAIL = 1.0  # s that are played after it
MARGIN = 2 * SEARCH_FRAMES  # frames of silence around what is played, where there is no more music
RATE = 44_100
RAMP = 1  # s in which the gain goes from that of a seam to that of the span
STAYS = 30  # s around a span whose loudness is held
NEAR = RATE // 2  # frames beside a seam where both may be the same sound
SAME = 0.9  # correlation from which they are
SEAM_GAIN = 4.0  # dB by which the gain at a seam may differ from that of the span
QUIET = -60.0  # dBFS below which audio says nothing of its level
MAX_GAIN = 24.0  # dB


@dataclass(frozen=True)
class SpanJoin:
    """How a rendering takes the place of frames [start, end) of a clip.

    origin: frame of the rendering at frame 0 of the clip, negative where it begins later. late,
    late_end: frames by which it is moved to be in phase at the start and the end. middle: frame of
    the clip where it changes from one to the other. gains: dB at the start, within, and at the end.
    """

    frames: int
    start: int
    end: int
    origin: int
    late: int = 0
    late_end: int = 0
    middle: int = 0
    gains: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def touched(self) -> tuple[int, int]:
        """The frames of the clip between which it is changed: the span and its crossfades."""
        return max(0, self.start - OVERLAP_FRAMES), min(self.frames, self.end + OVERLAP_FRAMES)

    def apply(self, old: Samples, made: Samples) -> Samples:
        """Return the clip with the rendering in its place; other frames stay bit for bit.

        old: float32, (frames, channels), anything within the span. made: (any, channels).
        """
        first, last = self.touched
        new = _placed(made, first + self.origin + self.late, last - first)
        if self.late_end != self.late:
            other = _placed(made, first + self.origin + self.late_end, last - first)
            ramp = (np.arange(first, last) - self.middle) / OVERLAP_FRAMES
            mix = np.clip(ramp, 0, 1).astype(np.float32)[:, None]
            new = new * (1 - mix) + other * mix
        out, share = old.copy(), self._shares()[:, None]
        here = out[first:last]
        here *= 1 - share
        here += new * (share * self.gain_curve(first, last)[:, None])
        return out

    def gain_curve(self, first: int, last: int) -> NDArray[np.float32]:
        """Return the factor of the rendering in frames [first, last) of the clip."""
        ramp = min(RAMP * RATE, (self.end - self.start) / 3)
        places = (self.start, self.start + ramp, self.end - ramp, self.end)
        before, within, after = self.gains
        curve = np.full(last - first, 10 ** (np.float64(within) / 20), np.float32)
        level = round(places[1]) + 1, round(places[2]) - 1  # frames between which it is constant
        for begin, stop in ((first, min(last, level[0])), (max(first, level[1]), last)):
            if begin < stop:
                decibels = np.interp(
                    np.arange(begin, stop), places, (before, within, within, after)
                )
                curve[begin - first : stop - first] = 10 ** (decibels / 20)
        return curve

    def _shares(self) -> NDArray[np.float32]:
        """Return the share of the rendering in each frame that is touched."""
        first, last = self.touched
        share = np.ones(last - first, np.float32)
        ramp = (np.arange(OVERLAP_FRAMES, dtype=np.float32) + 0.5) / OVERLAP_FRAMES
        before, after = self.start - first, last - self.end
        share[:before] = ramp[OVERLAP_FRAMES - before :]
        share[len(share) - after :] = ramp[::-1][:after]
        return share


def plan_join(
    old: Samples,
    made: Samples,
    start: int,
    end: int,
    origin: int,
    louder: float = 0.0,
    seen: int | None = None,
) -> SpanJoin:
    """Find where and how loud a rendering fits into a clip.

    old: the clip, float32, (frames, channels); frames [start, end) are to be replaced. made: a
    rendering of the same notes around the span and new ones in it. origin: see `SpanJoin`. louder:
    dB by which the notes of the span are expected to be louder than those around it. seen: frames
    of the rendering before the span that sound; None for all.
    """
    frames = len(old)
    late = late_end = 0
    if start:
        seam = start + origin
        late = align_seam(old[:start], made, seam) - seam
    if end < frames:
        seam = len(made) - (end + origin)
        late_end = seam - align_seam(old[end:][::-1], made[::-1], seam)
    if not start:
        late = late_end
    if end == frames:
        late_end = late
    middle = _quietest(made, start, end, origin) if late != late_end else 0
    join = SpanJoin(frames, start, end, origin, late, late_end, middle)
    return replace(join, gains=_gains(old, made, join, louder, seen))


def limit_span(parts: list[Samples], start: int, end: int) -> None:
    """Limit the peaks of a clip around frames [start, end) in place, and its stems alike.

    parts: the clip, then its stems; float32, (frames, channels).
    """
    first, last = max(0, start - SEAM), min(len(parts[0]), end + SEAM)
    gain = limiting_gain(parts[0][first:last])
    if gain is not None:
        for samples in parts:
            samples[first:last] *= gain[:, None]


def _placed(made: Samples, origin: int, frames: int) -> Samples:
    """Return frames [origin, origin + frames) of audio, with silence where it has none."""
    before = max(0, -origin)
    inside = made[max(0, origin) : max(0, origin + frames)]
    return np.pad(inside, ((before, max(0, frames - before - len(inside))), (0, 0)))[:frames]


def _quietest(made: Samples, start: int, end: int, origin: int) -> int:
    """Return a frame of the clip in the middle third of the span where the rendering is quiet."""
    first, last = start + (end - start) // 3, end - (end - start) // 3 - OVERLAP_FRAMES
    if last - first < OVERLAP_FRAMES:
        return max(start, (start + end - OVERLAP_FRAMES) // 2)
    places = np.arange(first, last, 441)
    power = [float((made[p + origin : p + origin + OVERLAP_FRAMES] ** 2).sum()) for p in places]
    return int(places[int(np.argmin(power))])


def _gains(
    old: Samples, made: Samples, join: SpanJoin, louder: float, seen: int | None
) -> tuple[float, float, float]:
    """Return the gains of `SpanJoin`.

    Within the span, its loudness is that of the clip around it, so that a chain of spans cannot
    drift. At a seam, where both have the same notes, the gain may differ by SEAM_GAIN for a second;
    where they are the same sound, it is that of the clip.
    """
    reach = STAYS * RATE
    stays = np.concatenate(
        [old[max(0, join.start - reach) : join.start], old[join.end : join.end + reach]]
    )
    target = TARGET_LOUDNESS
    if len(stays) and rms_dbfs(stays) > QUIET:
        target = measure_loudness(stays) + louder
    span = made[join.start + join.origin : join.end + join.origin]
    within = float(np.clip(target - measure_loudness(span), -MAX_GAIN, MAX_GAIN))

    def at_seam(first: int, last: int, near: tuple[int, int], late: int) -> float:
        moved = join.origin + late
        same = _same_sound(old[slice(*near)], made[near[0] + moved : near[1] + moved])
        if same is not None:
            return float(np.clip(same, -MAX_GAIN, MAX_GAIN))
        known, played = old[first:last], made[first + join.origin : last + join.origin]
        if last - first <= SEAM or min(rms_dbfs(known), rms_dbfs(played)) <= QUIET:
            return within
        matched = rms_dbfs(known) - rms_dbfs(played)
        return float(np.clip(matched, within - SEAM_GAIN, within + SEAM_GAIN))

    first = max(0, -join.origin, 0 if seen is None else join.start - seen)
    last = min(join.frames, len(made) - join.origin)
    ending, beginning = (max(first, join.start - NEAR), join.start), (join.end, join.end + NEAR)
    before = at_seam(first, join.start, ending, join.late)
    after = at_seam(join.end, last, (beginning[0], min(beginning[1], last)), join.late_end)
    after = after if join.end < join.frames else within
    curve = replace(join, gains=(before, within, after)).gain_curve(join.start, join.end)
    missing = target - measure_loudness(span * curve[: len(span), None])
    within = float(np.clip(within + missing, -MAX_GAIN, MAX_GAIN))
    return before, within, after if join.end < join.frames else within


def _same_sound(known: Samples, played: Samples) -> float | None:
    """Return the gain that makes one sound the other, dB; None if they are not the same."""
    if len(known) != len(played) or len(known) <= SEAM:
        return None
    one, other = known.astype(float).ravel(), played.astype(float).ravel()
    power, together, own = (  # not by BLAS, whose threads wait for one another
        float(np.einsum("i,i->", a, b)) for a, b in ((other, other), (one, other), (one, one))
    )
    least = SAME * np.sqrt(power * own)  # 0 of silence, which is no sound's gain
    if rms_dbfs(known) <= QUIET or together <= 0.0 or together < least:
        return None
    return float(20 * np.log10(together / max(power, 1e-12)))
