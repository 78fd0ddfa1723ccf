"""The mixer: regions of clips into samples, a pure function of absolute frame numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the audio host imports this module, and must start fast
    from msanii_live.audio import Samples

# A table with linear interpolation, within 2e-8 of the sine. NumPy's own sine may round an element
# differently depending on its index, so the result would depend on how a span is cut into blocks.
_TABLE_SIZE = 4096
_QUARTER_SINE = np.sin(np.linspace(0.0, np.pi / 2, _TABLE_SIZE + 1))

Span = tuple[float, float | None]
"""Where a part of a clip begins and ends, s; None is the clip's own end."""


@dataclass(frozen=True)
class Region:
    """A span of a clip on the player's timeline. All positions and lengths are frames.

    number: of the region, from 1. clip: number of the samples. track: the name by which it is
    stopped. start: of its first frame. length: of the span. skip: frames of the clip before the
    span. gain: linear, from 0. fade_in: from the start. end: the first silent frame; None means
    where the span ends, or never for a loop. fade_out: up to the end. earlier_fades: (end, length)
    of fades out that were in progress when a shorter one began; all of them apply. until: where
    another region takes over at full level. follows: number of the region that it continues, 0 for
    none. fallback: it plays only while nothing else follows that region. span: from where to where
    in the clip it plays, s, as it was asked for; None for the whole.
    """

    number: int
    clip: int
    track: str
    start: int
    length: int
    skip: int = 0
    gain: float = 1.0
    fade_in: int = 0
    end: int | None = None
    fade_out: int = 0
    earlier_fades: tuple[tuple[int, int], ...] = ()
    loop: bool = False
    until: int | None = None
    follows: int = 0
    fallback: bool = False
    span: Span | None = None

    @property
    def finish(self) -> int | None:
        """The first frame after the last audible one; None if it never ends by itself."""
        ends = [frame for frame in (self.end, self.until) if frame is not None]
        if not (self.loop and self.length):
            ends.append(self.start + self.length)
        return min(ends, default=None)

    def is_playing_at(self, frame: int) -> bool:
        """Return whether a frame lies between its start and its finish."""
        return self.start <= frame and not self.is_over(frame)

    def is_over(self, frame: int) -> bool:
        """Return whether it is silent from a frame on."""
        return self.finish is not None and self.finish <= frame

    def level_at(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the linear gain with all fades, (n,). frames: absolute positions, (n,)."""
        level = np.full(len(frames), self.gain)
        if self.fade_in:
            level *= _equal_power_fade(frames - self.start, self.fade_in)
        for end, length in self.fades_out:
            level *= _equal_power_fade(end - 1 - frames, length)
        return level

    @property
    def fades_out(self) -> tuple[tuple[int, int], ...]:
        """The end and the length of each fade out, in frames."""
        last = self.finish if self.end is None else self.end
        return (
            (*self.earlier_fades, (last, self.fade_out))
            if self.fade_out and last
            else self.earlier_fades
        )

    def has_constant_level(self, first: int, last: int) -> bool:
        """Return whether no fade touches frames [first, last)."""
        fading_out = any(last > end - length for end, length in self.fades_out)
        return not fading_out and (not self.fade_in or first >= self.start + self.fade_in)

    def scaled(self, ratio: float) -> Region:
        """Return the region for another sample rate: all its frames times `ratio`."""

        def frames(count: int) -> int:
            return round(count * ratio)

        return replace(
            self,
            start=frames(self.start),
            length=frames(self.length),
            skip=frames(self.skip),
            fade_in=frames(self.fade_in),
            fade_out=frames(self.fade_out),
            earlier_fades=tuple(
                (frames(end), frames(length)) for end, length in self.earlier_fades
            ),
            end=None if self.end is None else frames(self.end),
            until=None if self.until is None else frames(self.until),
        )


def render(
    regions: Sequence[Region], clips: Mapping[int, Samples], position: int, frames: int
) -> Samples:
    """Return the mix of all regions over a span of the timeline, hard-clipped to -1 to 1.

    clips: float32 (frames, 2) by number. position: the first frame. frames: how many. Returns
    float32 (frames, 2). The samples are the same, bit for bit, however the span is cut into blocks.

    >>> ones = np.ones((4, 2), dtype=np.float32)
    >>> render([Region(1, 1, "a", start=2, length=4, gain=0.5)], {1: ones}, 0, 4)[:, 0].tolist()
    [0.0, 0.0, 0.5, 0.5]
    """
    mix = np.zeros((frames, 2), dtype=np.float32)
    for region in regions:
        finish = position + frames if region.finish is None else region.finish
        first, last = max(position, region.start), min(position + frames, finish)
        if first >= last or not region.length:
            continue
        samples = _span(region, clips[region.clip], first, last)
        out = mix[first - position : last - position]
        if region.has_constant_level(first, last):
            out += samples if region.gain == 1.0 else samples * np.float32(region.gain)
        else:
            level = region.level_at(np.arange(first, last, dtype=np.int64)).astype(np.float32)
            out += samples * level[:, None]
    return np.clip(mix, -1.0, 1.0, out=mix)


def _span(region: Region, samples: Samples, first: int, last: int) -> Samples:
    """Return a region's samples for frames [first, last), without its gain."""
    offset = first - region.start
    if not region.loop:
        return samples[region.skip + offset : region.skip + last - region.start]
    offset %= region.length
    if offset + last - first <= region.length:
        return samples[region.skip + offset : region.skip + offset + last - first]
    return samples[region.skip + np.arange(offset, offset + last - first) % region.length]


def _equal_power_fade(elapsed: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return the gain of an equal-power fade in, (n,): the powers of fade in and fade out sum to 1.

    elapsed: frames since the fade began, (n,). length: of the fade, frames.
    """
    place = np.clip((elapsed + 0.5) / length, 0.0, 1.0) * _TABLE_SIZE
    index = np.minimum(place.astype(np.int64), _TABLE_SIZE - 1)
    gain = _QUARTER_SINE[index] + (_QUARTER_SINE[index + 1] - _QUARTER_SINE[index]) * (
        place - index
    )
    gain[elapsed >= length] = 1.0
    gain[elapsed < 0] = 0.0
    return np.asarray(gain)
