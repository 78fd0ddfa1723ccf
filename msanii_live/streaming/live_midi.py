"""A reader that plays what comes in on MIDI: whole bars, some bars after they were played."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msanii_live.errors import Code, CommandError
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.midi.takes import DOWNBEAT_TOLERANCE, MidiRecorder
from msanii_live.notes import Note, Score
from msanii_live.streaming.phrases import (
    LEAD,
    NO_DRUMS,
    TAIL,
    ChunkTiming,
    Phrase,
    grid_frames,
    lead_in,
    playable_notes,
)
from msanii_live.streaming.state import BarPosition, ReaderPosition
from msanii_live.timing.transport import Transport

_BAR_TOLERANCE = 0.02  # of a bar, within which a time counts as on the bar line
_MAX_DELAY = 1.1  # bars that could be played and are not yet, beyond which some are skipped


@dataclass(frozen=True)
class LiveMidi:
    """The notes of the MIDI input, each bar played at the same place in a later bar.

    Phrases follow each other without a gap, so that every note is played once. The last phrase is
    repeated while nothing new comes in, and where waiting for new notes would make the stream late.
    """

    takes: MidiRecorder
    transport: Transport

    def due_at(self, position: ReaderPosition, timing: ChunkTiming) -> float:
        """Return the second at which the lead is short and the next bars have been played.

        It is never later than `timing.least` s before the chunk starts; see `Reader.due_at`.
        """
        start, frames = self._span(position, timing)
        played = start + frames / SAMPLE_RATE
        return min(max(timing.start - timing.lead, played), timing.start - timing.least)

    def read(
        self, position: ReaderPosition, timing: ChunkTiming, before: Score, drums: bool
    ) -> Phrase:
        """Return the next bars that were played, or the last phrase; see `Reader.read`."""
        start, frames = self._span(position, timing)
        end = start + frames / SAMPLE_RATE
        if end > timing.now:  # not played yet, and there is no time to wait
            return self._repeated(position, timing, frames, before, drums)
        played = playable_notes(self._between(start - LEAD, end + TAIL), drums)
        if not _is_new(played, end - start):
            moved = ReaderPosition(end, position.is_consecutive, position.phrase)
            return self._repeated(moved, timing, frames, before, drums)
        until = position.played_until
        follows = until is not None and abs(start - until) < DOWNBEAT_TOLERANCE
        if not (follows and position.is_consecutive):
            played = lead_in(before).followed_by(played.cut(LEAD, played.seconds))
        after = ReaderPosition(end, True, self._to_repeat(played, end, drums))
        return Phrase(played, frames, self._bar_position(timing), after)

    def _to_repeat(self, played: Score, end: float, drums: bool) -> Score:
        """Return the whole bars to repeat: up to the bar line after the last key that went down.

        If that last bar is empty from its middle on, the bars end one bar earlier, because somebody
        who stops on a downbeat does not mean the rest of that bar.
        played: up to `TAIL` after `end`, s of the timeline, which is a bar line.
        """
        bar, length = self._bar, played.seconds - TAIL
        bars = math.ceil((length - LEAD) / bar - _BAR_TOLERANCE)
        struck = [
            note.start + DOWNBEAT_TOLERANCE
            for note in played.notes
            if LEAD <= note.start + DOWNBEAT_TOLERANCE < length
        ]
        end -= math.floor((length - max(struck, default=length)) / bar) * bar
        choices = [
            playable_notes(self._between(last - bars * bar, last), drums)
            for last in (end, end - bar)
        ]
        full = (s for s in choices if any(n.end >= s.seconds - bar / 2 for n in s.notes))
        return next(full, choices[0])

    def _repeated(
        self,
        position: ReaderPosition,
        timing: ChunkTiming,
        frames: int,
        before: Score,
        drums: bool,
    ) -> Phrase:
        """Return the last phrase, from the place in its bar at which the chunk begins.

        position: of the reader after it.
        """
        last = position.phrase
        if last is None:
            last = self.takes.last_bars(self._bars(timing), self.transport)
        loop = playable_notes(last, drums).at_tempo(self.transport.bpm)
        if not loop.notes:
            raise CommandError(Code.EPATH, f"what was played has only drums: {NO_DRUMS}")
        bar_position = self._bar_position(timing)
        offset = 0.0
        if self.transport.is_running:  # just before a bar line counts as on it
            offset = (
                max(0.0, (bar_position.bar + _BAR_TOLERANCE) % 1.0 - _BAR_TOLERANCE) * self._bar
            )
        notes = loop.looped(offset, offset + frames / SAMPLE_RATE + TAIL)
        after = ReaderPosition(position.played_until, False, last)
        return Phrase(lead_in(before).followed_by(notes), frames, bar_position, after)

    @property
    def _bar(self) -> float:
        return self.transport.beats * 60.0 / self.transport.bpm

    def _bars(self, timing: ChunkTiming) -> int:
        return max(1, round(timing.seconds / self._bar))

    def _bar_position(self, timing: ChunkTiming) -> BarPosition:
        transport = self.transport
        return BarPosition(transport.bpm, transport.beats, transport.bars_at(timing.start) % 1.0)

    def _span(self, position: ReaderPosition, timing: ChunkTiming) -> tuple[float, int]:
        """Return the second from which the chunk's bars are or were played, and its frames.

        The chunk ends on a bar line. Its bars lie whole bars before the time at which they sound.
        """
        bar, bars = self._bar, self._bars(timing)
        end = timing.start + bars * bar
        if self.transport.is_running:  # the bar line nearest to it
            end += self.transport.seconds_until("bar", end - bar / 2) - bar / 2
        frames = grid_frames(max(end - timing.start, bar / 4))
        seconds = frames / SAMPLE_RATE
        if position.played_until is not None:
            delay = round((timing.start - position.played_until) / bar)
            start = timing.start - delay * bar
            if timing.now - start - seconds < _MAX_DELAY * bar:
                return start, frames
        # Skip to the latest bars that have been played whole.
        delay = math.ceil((timing.start + seconds - timing.now) / bar)
        return timing.start - delay * bar, frames

    def _between(self, start: float, end: float) -> Score:
        return self.takes.notes_between(start, end, self.transport)


def _is_new(played: Score, seconds: float) -> bool:
    """Return whether a key went down within a chunk, or was held through all of it.

    played: from `LEAD` s before the chunk. A key just before its end belongs to the next bar.
    """
    start, end = LEAD, LEAD + seconds

    def is_new(note: Note) -> bool:
        if note.start < start - DOWNBEAT_TOLERANCE:
            return note.end >= end
        return note.start < end - DOWNBEAT_TOLERANCE and note.end > start + DOWNBEAT_TOLERANCE

    return any(is_new(note) for note in played.notes)
