"""Voices into samples: a pure function of absolute frame numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples

# A quarter of a sine, read with linear interpolation: within 2e-8 of it. NumPy's own sine may round
# differently with an element's place in an array, and then two ways to cut blocks would differ.
_STEPS = 4096
_QUARTER = np.sin(np.linspace(0.0, np.pi / 2, _STEPS + 1))


@dataclass(frozen=True)
class Voice:
    """Place a clip on the player's timeline; all numbers are of frames of that timeline.

    samples: float32, (frames, 2). start: of the first sample. gain: linear, from 0. fade_in: from
    the start. end: the first frame that is silent; None is where the samples end, or never for a
    loop. fade_out: up to the end.
    """

    samples: Samples
    start: int
    gain: float = 1.0
    fade_in: int = 0
    end: int | None = None
    fade_out: int = 0
    loop: bool = False

    @property
    def finish(self) -> int | None:
        """The first frame after the last that sounds; None: it never ends of itself."""
        if self.loop and len(self.samples):
            return self.end
        natural = self.start + len(self.samples)
        return natural if self.end is None else min(self.end, natural)

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
        last = self.finish if self.end is None else self.end
        if self.fade_out and last is not None:
            level *= _rise(last - 1 - frames, self.fade_out)
        return level


def render(voices: Sequence[Voice], position: int, frames: int) -> Samples:
    """Mix what sounds from a frame on, hard-clipped to -1 to 1.

    position: the first frame. frames: how many. Returns float32 (frames, 2); however a span is cut
    into blocks, its samples are the same, bit for bit.

    >>> ones = np.ones((4, 2), dtype=np.float32)
    >>> render([Voice(ones, start=2, gain=0.5)], 0, 4)[:, 0].tolist()
    [0.0, 0.0, 0.5, 0.5]
    """
    mix = np.zeros((frames, 2), dtype=np.float32)
    for voice in voices:
        finish = position + frames if voice.finish is None else voice.finish
        first, last = max(position, voice.start), min(position + frames, finish)
        if first >= last:
            continue
        place = first - voice.start
        wanted = np.arange(first, last, dtype=np.int64)
        if voice.loop:
            part = voice.samples[(wanted - voice.start) % len(voice.samples)]
        else:
            part = voice.samples[place : place + last - first]
        level = voice.level_at(wanted).astype(np.float32)
        mix[first - position : last - position] += part * level[:, None]
    return np.clip(mix, -1.0, 1.0, out=mix)


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
