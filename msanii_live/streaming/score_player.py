"""A reader that plays a take or a MIDI file as a loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.streaming.phrases import (
    LEAD,
    TAIL,
    ChunkTiming,
    Phrase,
    grid_frames,
    lead_in,
    playable_notes,
    whole_bars,
)
from msanii_live.streaming.state import BarPosition, ReaderPosition


@dataclass(frozen=True)
class ScorePlayer:
    """A piece, played from its start again and again at its own tempo.

    beats: a bar, if the piece has no metre. Players of the same notes are equal.
    """

    score: Score
    beats: int = field(compare=False)

    @cached_property
    def _loop(self) -> Score:
        return whole_bars(self.score, self.beats)

    def due_at(self, position: ReaderPosition, timing: ChunkTiming) -> float:
        """Return the second at which less than the lead is ready; see `Reader.due_at`."""
        return timing.start - timing.lead

    def read(
        self, position: ReaderPosition, timing: ChunkTiming, before: Score, drums: bool
    ) -> Phrase:
        """Return the next seconds of the piece; see `Reader.read`."""
        frames = grid_frames(timing.seconds)
        start = position.played_until or 0.0
        end = start + frames / SAMPLE_RATE
        if start:
            score = playable_notes(self._loop.looped(start - LEAD, end + TAIL), drums)
        else:
            first = playable_notes(self._loop.looped(0.0, end + TAIL), drums)
            score = lead_in(before).followed_by(first)
        bpm, beats = self._loop.bpm, self.score.beats or self.beats
        bar = (self._loop.bar + start * bpm / 60.0 / beats) % 1.0
        return Phrase(score, frames, BarPosition(bpm, beats, bar), ReaderPosition(end))
