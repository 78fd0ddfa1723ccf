"""The end of an endless stream: what the next chunk goes on from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from msanii_live.audio import Clip, ClipInfo, Samples
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.playback.crossfade import close_loop
from msanii_live.playback.player import LOOKBACK_SECONDS

SOURCE = "stream-so-far"  # by which an engine asks for it


@dataclass(frozen=True)
class Beat:
    """Say how time runs: tempo, 0 where unknown; beats a bar; bars since a downbeat, 0 to 1."""

    bpm: float
    beats: float
    bar: float


@dataclass
class SoFar:
    """Hold the end of the stream and where it sounds.

    samples: float32 (frames, 2), 44,100 Hz, at most 12 s. info: of the clip that it began with.
    bar_offset: bars since a downbeat at the first of these samples, 0 to 1. bpm: 0 where unknown.
    beats: a bar. part: number of the one that ends last. frames: since the stream began. notes:
    those that its last seconds play, where they play any.
    """

    samples: Samples
    info: ClipInfo
    bar_offset: float
    bpm: float
    beats: float
    region: int
    frames: int = 0
    notes: Score = field(default_factory=lambda: Score((), 0.0))

    def add(self, samples: Samples, overlap: int, beat: Beat | None = None) -> None:
        """Go on with a chunk of which the first `overlap` frames take the place of the last.

        beat: time from the chunk's start on, where it is not that of before.
        """
        if beat is not None:
            self.bpm, self.beats = beat.bpm, beat.beats
            self.bar_offset = (beat.bar - len(self.samples) * self._bars_a_frame) % 1.0
        whole = np.concatenate([self.samples[: len(self.samples) - overlap], samples])
        self.frames += len(samples) - overlap
        drop = max(0, len(whole) - round(LOOKBACK_SECONDS * SAMPLE_RATE))
        self.samples = whole[drop:]
        self.bar_offset = (self.bar_offset + drop * self._bars_a_frame) % 1.0

    @property
    def _bars_a_frame(self) -> float:
        return self.bpm / 60.0 / self.beats / SAMPLE_RATE if self.bpm else 0.0

    def bar(self, tempo: float) -> Samples:
        """Return the last bar as a loop; of all that there is where that is less."""
        frames = round(self.beats * 60.0 / (self.bpm or tempo) * SAMPLE_RATE)
        return close_loop(self.samples[-frames:])

    def clip(self) -> Clip:
        """Return it as a source."""
        info = replace(
            self.info,
            name=SOURCE,
            frames=len(self.samples),
            sample_rate=SAMPLE_RATE,
            channels=2,
            bpm=self.bpm,
            bar_offset=self.bar_offset,
            loops=False,
        )
        return Clip(self.samples.copy(), info)
