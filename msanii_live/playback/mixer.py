"""Parts of clips into samples: a pure function of absolute frame numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the audio host imports this module, and must start fast
    from msanii_live.audio import Samples

# A quarter of a sine, read with linear interpolation: within 2e-8 of it. NumPy's own sine may round
# differently with an element's place in an array, and then two ways to cut blocks would differ.
_STEPS = 4096
_QUARTER = np.sin(np.linspace(0.0, np.pi / 2, _STEPS + 1))


@dataclass(frozen=True)
class Region:
    """Place a span of a clip on the player's timeline, in frames of that timeline.

    number: its own, from 1. clip: number of the samples. deck: the name it is stopped by. start: of
    its first frame. length: of the span. skip: frames of the clip before the span. gain: linear,
    from 0. fade_in: from the start. end: the first frame that is silent; None is where the span
    ends, or never for a loop. fade_out: up to the end. slower: (end, length) of fades out that a
    shorter one overtakes while they are under way; all of them count. until: where another part
    takes over at full level. follows: number of the part that it is joined to, 0 for none. spare:
    it sounds only while nothing else follows that part.
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
    slower: tuple[tuple[int, int], ...] = ()
    loop: bool = False
    until: int | None = None
    follows: int = 0
    fallback: bool = False

    @property
    def finish(self) -> int | None:
        """The first frame after the last that sounds; None: it never ends of itself."""
        ends = [frame for frame in (self.end, self.until) if frame is not None]
        if not (self.loop and self.length):
            ends.append(self.start + self.length)
        return min(ends, default=None)

    def sounds_at(self, frame: int) -> bool:
        """Tell whether a frame lies between its start and its finish."""
        return self.start <= frame and not self.is_over(frame)

    def is_over(self, frame: int) -> bool:
        """Tell whether it is silent from a frame on."""
        return self.finish is not None and self.finish <= frame

    def level_at(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the gain with both fades, linear. frames: absolute, (n,)."""
        level = np.full(len(frames), self.gain)
        if self.fade_in:
            level *= _rise(frames - self.start, self.fade_in)
        for end, length in self.fades_out:
            level *= _rise(end - 1 - frames, length)
        return level

    @property
    def fades_out(self) -> tuple[tuple[int, int], ...]:
        """End and length of each fade out, in frames."""
        last = self.finish if self.end is None else self.end
        return (*self.slower, (last, self.fade_out)) if self.fade_out and last else self.slower

    def is_level(self, first: int, last: int) -> bool:
        """Tell whether no fade touches frames [first, last)."""
        fading_out = any(last > end - length for end, length in self.fades_out)
        return not fading_out and (not self.fade_in or first >= self.start + self.fade_in)

    def scaled(self, ratio: float) -> Region:
        """Return it for another sample rate: all its frames times `ratio`."""

        def frames(count: int) -> int:
            return round(count * ratio)

        return replace(
            self,
            start=frames(self.start),
            length=frames(self.length),
            skip=frames(self.skip),
            fade_in=frames(self.fade_in),
            fade_out=frames(self.fade_out),
            slower=tuple((frames(end), frames(length)) for end, length in self.slower),
            end=None if self.end is None else frames(self.end),
            until=None if self.until is None else frames(self.until),
        )


def render(
    regions: Sequence[Region], clips: Mapping[int, Samples], position: int, frames: int
) -> Samples:
    """Mix what sounds from a frame on, hard-clipped to -1 to 1.

    clips: float32 (frames, 2) by number. position: the first frame. frames: how many. Returns
    float32 (frames, 2); however a span is cut into blocks, its samples are the same, bit for bit.

    >>> ones = np.ones((4, 2), dtype=np.float32)
    >>> render([Part(1, 1, "a", start=2, length=4, gain=0.5)], {1: ones}, 0, 4)[:, 0].tolist()
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
        if region.is_level(first, last):
            out += samples if region.gain == 1.0 else samples * np.float32(region.gain)
        else:
            level = region.level_at(np.arange(first, last, dtype=np.int64)).astype(np.float32)
            out += samples * level[:, None]
    return np.clip(mix, -1.0, 1.0, out=mix)


def _span(region: Region, samples: Samples, first: int, last: int) -> Samples:
    """Return what a part's clip has for frames [first, last), without its gain."""
    place = first - region.start
    if not region.loop:
        return samples[region.skip + place : region.skip + last - region.start]
    place %= region.length
    if place + last - first <= region.length:
        return samples[region.skip + place : region.skip + place + last - first]
    return samples[region.skip + np.arange(place, place + last - first) % region.length]


def _rise(done: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return an equal-power fade in: the squares of it and of its mirror image sum to 1.

    done: frames since it began, (n,). length: of the fade, frames.
    """
    place = np.clip((done + 0.5) / length, 0.0, 1.0) * _STEPS
    index = np.minimum(place.astype(np.int64), _STEPS - 1)
    gain = _QUARTER[index] + (_QUARTER[index + 1] - _QUARTER[index]) * (place - index)
    gain[done >= length] = 1.0
    gain[done < 0] = 0.0
    return np.asarray(gain)
