"""Phrases: the notes of one chunk, and what the readers of notes share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.streaming.state import BarPosition, ReaderPosition

LEAD = 3.0  # s before a chunk that are rendered with it, so that notes that ring on are right
TAIL = 0.2  # s after a chunk that are rendered with it, so that it does not end like a clip
NO_DRUMS = "the engine has none; play something else, or name an engine that does"
GRID = 147  # frames: a multiple of it is a whole number of frames at 48,000 Hz too
_LATE_RELEASE = 0.125  # of a bar, by which the last note of a piece may pass the bar line


@dataclass(frozen=True)
class ChunkTiming:
    """When the next chunk will sound, and how long before it should be made.

    start: of the chunk. now: both seconds of the player's timeline. seconds: wanted length. lead:
    seconds before the start at which the chunk is best made. least: at which it must be made.
    """

    start: float
    now: float
    seconds: float
    lead: float
    least: float


@dataclass(frozen=True)
class Phrase:
    """The notes that one chunk plays.

    score: from `lead` s before the chunk to `TAIL` s after it. frames: of the chunk, at 44,100 Hz.
    bar: tempo and place in the bar at its start. position: of the reader after it. lead: s.
    """

    score: Score
    frames: int
    bar: BarPosition
    position: ReaderPosition
    lead: float = LEAD


class Reader(Protocol):
    """A source of notes. It has no state: how far it has come is the stream's."""

    def due_at(self, position: ReaderPosition, timing: ChunkTiming) -> float:
        """Return the second of the timeline at which to make the next chunk."""

    def read(
        self, position: ReaderPosition, timing: ChunkTiming, before: Score, drums: bool
    ) -> Phrase:
        """Return what the next chunk plays.

        before: what the stream's last seconds play. drums: whether the engine can play them.
        Raises: CommandError: EPATH, there is nothing that can be played.
        """


def grid_frames(seconds: float) -> int:
    """Return a length in frames at 44,100 Hz that is whole at every usual sample rate."""
    return max(1, round(seconds * SAMPLE_RATE / GRID)) * GRID


def whole_bars(score: Score, beats: int) -> Score:
    """Return a piece as long as the whole bars that its notes fill, to be played as a loop.

    beats: a bar, if the piece has no metre. A piece without one tempo keeps its length.
    """
    if not score.bpm or not score.notes:
        return score
    bar = (score.beats or beats) * 60.0 / score.bpm
    filled = math.ceil(max(note.end for note in score.notes) / bar - _LATE_RELEASE)
    begun = math.floor(max(note.start for note in score.notes) / bar + 1e-6) + 1
    whole = round(score.seconds / bar)
    bars = whole if abs(score.seconds / bar - whole) < 1e-3 else max(filled, begun)
    return score.cut(0.0, max(1, bars) * bar)


def has_only_drums(score: Score) -> bool:
    """Return whether every note is a drum."""
    return all(note.drum for note in score.notes)


def playable_notes(score: Score, drums: bool) -> Score:
    """Return a score without its drums, unless the engine has drums."""
    if drums:
        return score
    return replace(score, notes=tuple(note for note in score.notes if not note.drum))


def lead_in(before: Score) -> Score:
    """Return the last `LEAD` s of the notes before a chunk."""
    return before.cut(before.seconds - LEAD, before.seconds)
