"""Source clips at an engine's own sample rate."""

from __future__ import annotations

from dataclasses import dataclass

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.audio.resampling import at_rate


@dataclass(frozen=True)
class SourceAudio:
    """A source as an engine uses it.

    samples: float32, (frames, 2), at the engine's rate. Others: as in the clip. prompt: the words
    that it was made with, "" if none.
    """

    samples: Samples
    rate: int
    name: str
    bpm: float
    bar_offset: float
    style: str
    key: str
    prompt: str

    def bar_after(self, frames: int, bpm: float, beats: float) -> float:
        """Return the bars from a downbeat to a frame of the source, which may lie outside it."""
        return self.bar_offset + frames * bpm / 60 / beats / self.rate


def read_source(clip: Clip, rate: int) -> SourceAudio:
    """Return a clip at a rate, resampled at most once, at very high quality.

    rate: Hz. A clip of that rate keeps its samples, bit for bit.
    """
    samples = as_stereo(at_rate(clip, rate).samples)
    info = clip.info
    return SourceAudio(
        samples, rate, info.name, info.bpm, info.bar_offset, info.style, info.key,
        str(info.command.get("prompt", "")),
    )  # fmt: skip
