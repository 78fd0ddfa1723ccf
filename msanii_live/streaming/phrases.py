"""Which notes a stream's next chunk plays: what the hands did, or a piece, again and again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from msanii_live.errors import Code, CommandError
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.midi.takes import DOWNBEAT_TOLERANCE, MidiRecorder
from msanii_live.notes import Note, Score
from msanii_live.streaming.chunk_renderer import Place, on_grid
from msanii_live.streaming.state import Beat
from msanii_live.timing.transport import Transport

NO_DRUMS = "the engine has none; play something else, or name an engine that does"
LEAD = 3.0  # s of what sounds before a chunk that it is played with: what rings on is then right
TAIL = 0.2  # s after it: its end must not be that of a clip
_NEAR = 0.02  # of a bar, by which what is on a bar line may be off it
_OVER = 0.125  # of a bar, by which a piece's last note may reach over the bar line that it means
_BEHIND = 1.1  # bars that could be heard and are not yet, from which on some are passed over


@dataclass(frozen=True)
class Phrase:
    """Hold what one chunk plays.

    score: from `LEAD` s before the chunk to `TAIL` s after it. frames: of the chunk, at 44,100 Hz.
    beat: time from its start on. upto: how far its reader has come with it, by the reader's time.
    own: the whole bars to play again where nothing comes after it; None where it is not new.
    """

    score: Score
    frames: int
    beat: Beat
    upto: float | None
    own: Score | None = None


class Reader(Protocol):
    """Be where notes come from."""

    def reads_as(self, other: Reader) -> bool:
        """Tell whether another reads the same."""

    def due(self, place: Place) -> bool:
        """Tell whether the next phrase is to be played now."""

    def phrase(self, place: Place, before: Score, drums: bool) -> Phrase:
        """Return what the next chunk plays.

        before: what the stream's last seconds play. drums: whether they can be played.
        Raises: CommandError: EPATH, there is nothing that can be.
        """

    def keep(self, phrase: Phrase) -> None:
        """Hear that a phrase will sound, so that the next one is what comes after it."""


class Hands:
    """Read what comes in on MIDI: whole bars, in the place of their bar, some bars later.

    Phrases follow each other without a gap, so that every note is played once; while nothing new
    comes in, and where the stream would be late if it waited, the last phrase is played again.
    """

    def __init__(self, takes: MidiRecorder, transport: Transport) -> None:
        """Take what hears MIDI, and whose bars they are."""
        self._takes = takes
        self._transport = transport
        self._last: Score | None = None  # the last phrase that was new
        self._heard: float | None = None  # s of the timeline up to which was played
        self._in_a_row = False  # the last phrase ended there

    def reads_as(self, other: Reader) -> bool:
        """Tell whether another reads hands too."""
        return isinstance(other, Hands)

    def due(self, place: Place) -> bool:
        """Tell whether less than the lead is ready, and the hands have played what comes next."""
        ready = place.end - place.now
        if ready >= place.lead:
            return False
        start, frames = self._span(place)
        return start + frames / SAMPLE_RATE <= place.now or ready < place.least

    def phrase(self, place: Place, before: Score, drums: bool) -> Phrase:
        """Return the next bars that were played, or the last phrase; see `Reader.phrase`."""
        start, frames = self._span(place)
        end = start + frames / SAMPLE_RATE
        if end > place.now:  # not yet played, and there is no time to wait
            return self._again(place, frames, before, drums, self._heard)
        played = _heard(self._between(start - LEAD, end + TAIL), drums)
        if not _is_new(played, end - start):
            return self._again(place, frames, before, drums, end)
        near = self._heard is not None and abs(start - self._heard) < DOWNBEAT_TOLERANCE
        if not (near and self._in_a_row):
            played = _lead(before).followed_by(played.cut(LEAD, played.seconds))
        return Phrase(played, frames, self._beat(place), end, self._whole(played, end, drums))

    def keep(self, phrase: Phrase) -> None:
        """Go on after a phrase."""
        self._heard = phrase.upto
        self._in_a_row = phrase.own is not None
        self._last = phrase.own or self._last

    def _whole(self, played: Score, end: float, drums: bool) -> Score:
        """Return the whole bars up to the bar line after the last key that went down.

        Where that bar was left before its middle, it is up to the one before: hands that come to
        rest on a downbeat do not mean the rest of that bar.
        played: up to `TAIL` after `end`, s of the timeline, which is a bar line.
        """
        bar, length = self._bar, played.seconds - TAIL
        bars = math.ceil((length - LEAD) / bar - _NEAR)
        struck = [
            n.start + DOWNBEAT_TOLERANCE
            for n in played.notes
            if LEAD <= n.start + DOWNBEAT_TOLERANCE < length
        ]
        end -= math.floor((length - max(struck, default=length)) / bar) * bar
        found = [_heard(self._between(last - bars * bar, last), drums) for last in (end, end - bar)]
        full = (s for s in found if any(n.end >= s.seconds - bar / 2 for n in s.notes))
        return next(full, found[0])

    def _again(
        self, place: Place, frames: int, before: Score, drums: bool, upto: float | None
    ) -> Phrase:
        """Return the last phrase, from where in its bar the chunk begins."""
        if self._last is None:
            self._last = self._takes.last_bars(self._bars(place), self._transport)
        last = _heard(self._last, drums).at_tempo(self._transport.bpm)
        if not last.notes:
            raise CommandError(Code.EPATH, f"what was played has only drums: {NO_DRUMS}")
        beat = self._beat(place)
        # What is a little before a bar line is on it.
        late = (
            max(0.0, (beat.bar + _NEAR) % 1.0 - _NEAR) * self._bar
            if self._transport.is_running
            else 0
        )
        score = last.looped(late, late + frames / SAMPLE_RATE + TAIL)
        return Phrase(_lead(before).followed_by(score), frames, beat, upto)

    @property
    def _bar(self) -> float:
        return self._transport.beats * 60.0 / self._transport.bpm

    def _bars(self, place: Place) -> int:
        return max(1, round(place.order.chunk / self._bar))

    def _beat(self, place: Place) -> Beat:
        transport = self._transport
        return Beat(transport.bpm, transport.beats, transport.bars_at(place.end) % 1.0)

    def _span(self, place: Place) -> tuple[float, int]:
        """Return the second from which the next bars were or will be played, and their frames.

        The chunk ends on a bar line, and the bars lie whole bars before where they will sound.
        """
        bar, bars = self._bar, self._bars(place)
        end = place.end + bars * bar
        if self._transport.is_running:  # the bar line nearest to it
            end += self._transport.seconds_until("bar", end - bar / 2) - bar / 2
        frames = on_grid(max(end - place.end, bar / 4))
        seconds = frames / SAMPLE_RATE
        if self._heard is not None:
            start = place.end - round((place.end - self._heard) / bar) * bar
            if place.now - start - seconds < _BEHIND * bar:
                return start, frames
        # The last bars there are.
        back = math.ceil((place.end + seconds - place.now) / bar)
        return place.end - back * bar, frames

    def _between(self, start: float, end: float) -> Score:
        return self._takes.notes_between(start, end, self._transport)


class Piece:
    """Read a take or a file from its start, again and again, at its own tempo."""

    def __init__(self, score: Score, beats: int) -> None:
        """Take the notes. beats: a bar, where they do not tell."""
        self._score = score
        self._round = in_bars(score, beats)
        self._beats = score.beats or beats
        self._at = 0.0  # s since its start

    def reads_as(self, other: Reader) -> bool:
        """Tell whether another reads the same notes."""
        return isinstance(other, Piece) and other._score == self._score

    def due(self, place: Place) -> bool:
        """Tell whether less than the lead is ready."""
        return place.end - place.now < place.lead

    def phrase(self, place: Place, before: Score, drums: bool) -> Phrase:
        """Return the next seconds of it; see `Reader.phrase`."""
        frames = on_grid(place.order.chunk)
        start, end = self._at, self._at + frames / SAMPLE_RATE
        if start:
            score = _heard(self._round.looped(start - LEAD, end + TAIL), drums)
        else:
            score = _lead(before).followed_by(_heard(self._round.looped(0.0, end + TAIL), drums))
        bpm = self._round.bpm
        bar = (self._round.bar + start * bpm / 60.0 / self._beats) % 1.0
        return Phrase(score, frames, Beat(bpm, self._beats, bar), end)

    def keep(self, phrase: Phrase) -> None:
        """Go on after a phrase."""
        self._at = phrase.upto or 0.0


def in_bars(score: Score, beats: int) -> Score:
    """Return a piece as long as the whole bars that its notes fill, to be played round and round.

    beats: a bar, where it does not tell. Where the tempo varies it is as long as it was.
    """
    if not score.bpm or not score.notes:
        return score
    bar = (score.beats or beats) * 60.0 / score.bpm
    filled = math.ceil(max(note.end for note in score.notes) / bar - _OVER)
    begun = math.floor(max(note.start for note in score.notes) / bar + 1e-6) + 1
    whole = round(score.seconds / bar)
    bars = whole if abs(score.seconds / bar - whole) < 1e-3 else max(filled, begun)
    return score.cut(0.0, max(1, bars) * bar)


def only_drums(score: Score) -> bool:
    """Tell whether there is nothing but drums."""
    return all(note.drum for note in score.notes)


def _heard(score: Score, drums: bool) -> Score:
    """Return the notes that can be played."""
    if drums:
        return score
    return replace(score, notes=tuple(note for note in score.notes if not note.drum))


def _lead(before: Score) -> Score:
    """Return the last notes before a chunk, `LEAD` s of them."""
    return before.cut(before.seconds - LEAD, before.seconds)


def _is_new(played: Score, seconds: float) -> bool:
    """Tell whether hands did something in a chunk: a key went down, or was held all along.

    played: from `LEAD` s before it. A key just before its end means the bar that comes.
    """
    start, end = LEAD, LEAD + seconds

    def is_new(note: Note) -> bool:
        if note.start < start - DOWNBEAT_TOLERANCE:
            return note.end >= end
        return note.start < end - DOWNBEAT_TOLERANCE and note.end > start + DOWNBEAT_TOLERANCE

    return any(is_new(note) for note in played.notes)
