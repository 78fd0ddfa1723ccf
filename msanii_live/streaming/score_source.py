"""Chunks that play notes: what the hands did, or a piece, each going on from what rings."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, as_stereo, limit, make_clip
from msanii_live.engines.base import LIVE_TAKE, LOUDNESS, MOST_GAIN, Engine, loudness
from msanii_live.engines.notes.instruments import named
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.runner import LIVE_BARS, Services
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.playback.crossfade import OVERLAP_FRAMES, align_seam, splice
from msanii_live.protocol.commands import Render, StreamStart
from msanii_live.streaming.chunk_renderer import STREAM_NAME, Chunk, Chunks, Making, Place
from msanii_live.streaming.phrases import (
    LEAD,
    NO_DRUMS,
    TAIL,
    Hands,
    Phrase,
    Piece,
    Reader,
    only_drums,
)
from msanii_live.streaming.state import SoFar

_BEFORE, _AFTER = round(LEAD * SAMPLE_RATE), round(TAIL * SAMPLE_RATE)  # frames
_RINGS = 0.1  # s into a chunk, up to which a note from before it is none of its own
_DOWN, _UP = 0.5, 0.25  # of the way to its own loudness that a chunk goes


class FromNotes:
    """Render phrase after phrase, each with what was before it, and join them by that."""

    def __init__(
        self, making: Making, midi: str, reader: Reader, left_out: tuple[str, ...] = ()
    ) -> None:
        """Take what makes clips, and what says which notes, under its name; see `Chunks`."""
        self.midi = midi
        self.left_out = left_out
        self.reader = reader
        self._making = making
        self._gain: float | None = None  # dB, of the last chunk's end

    def plays_as(self, other: Chunks) -> bool:
        """Tell whether another plays the same notes."""
        if not isinstance(other, FromNotes) or self.midi != other.midi:
            return False
        return self.reader.reads_as(other.reader)

    def opening(self, place: Place) -> Chunk:
        """Return the first phrase by itself; see `Chunks.opening`."""
        phrase, made = self._rendered(place, Score((), 0.0))
        samples = made[_BEFORE : _BEFORE + phrase.frames]
        beat = phrase.beat
        clip = make_clip(samples, SAMPLE_RATE, name=STREAM_NAME, bpm=beat.bpm, bar_offset=beat.bar)
        self.reader.keep(phrase)
        return Chunk(clip, notes=_played(phrase), beat=beat)

    def due(self, place: Place) -> bool:
        """Tell whether the next phrase is to be made now."""
        return self.reader.due(place)

    def next(self, so_far: SoFar, place: Place) -> Chunk:
        """Return the next phrase, played with what was before it; see `Chunks.next`."""
        phrase, made = self._rendered(place, so_far.notes)
        close = so_far.samples[-OVERLAP_FRAMES:]
        seam = align_seam(close, made, _BEFORE)
        known = made[seam - len(close) : seam + phrase.frames]
        piece, overlap = splice(close, known, kept=True)
        if not place.order.timbre2:
            piece = self._making.morphed(piece, overlap, so_far, place.order.engine)
        self.reader.keep(phrase)
        clip = make_clip(piece, SAMPLE_RATE, name="", bpm=phrase.beat.bpm)
        return Chunk(clip, overlap, _played(phrase), phrase.beat)

    def _rendered(self, place: Place, before: Score) -> tuple[Phrase, Samples]:
        """Return a phrase and its samples, from `LEAD` before it to `TAIL` after it."""
        order = place.order
        engine = self._making.shop.engine(order.engine, Render.address)
        phrase = self.reader.phrase(place, before, engine.capabilities.drums)
        frames = _BEFORE + phrase.frames + _AFTER
        if not phrase.score.notes:  # a rest of a piece
            return phrase, np.zeros((frames, 2), np.float32)
        command = Render(
            midi=self.midi,
            timbre=order.timbre,
            timbre2=order.timbre2,
            mix=self._making.params.number("stream.mix"),
            program=order.program,
            engine=order.engine,
        )
        steered = self._making.steered(command, place.index)
        made = as_stereo(self._making.make(steered, score=phrase.score).samples)
        made = np.pad(made, ((0, max(0, frames - len(made))), (0, 0)))[:frames]
        return phrase, self._levelled(made, phrase)

    def _levelled(self, made: Samples, phrase: Phrase) -> Samples:
        """Return a chunk at the stream's level.

        One gain for all would be right but for whoever plays softly for long: it follows the
        music, sooner down than up, and slowly enough that a soft phrase after a loud one is soft.
        """
        now_playing = made[_BEFORE : len(made) - _AFTER]
        gain = self._gain
        notes = phrase.score.cut(LEAD, LEAD + phrase.frames / SAMPLE_RATE).notes
        # What only rings on says nothing of how loud the music is.
        if now_playing.any() and any(note.start > 0 or note.end > _RINGS for note in notes):
            wanted = float(np.clip(LOUDNESS - loudness(now_playing), -MOST_GAIN, MOST_GAIN))
            share = 1.0 if gain is None else _DOWN if wanted < gain else _UP
            gain = wanted if gain is None else gain + share * (wanted - gain)
        if gain is None:  # it begins with a rest
            return made
        first = gain if self._gain is None else min(gain, self._gain)
        curve = np.linspace(first, gain, len(now_playing), dtype=np.float32)
        decibels = np.pad(curve, (_BEFORE, _AFTER), mode="edge")[:, None]
        self._gain = gain
        return limit(np.asarray(made * 10 ** (decibels / 20), dtype=np.float32))


def of_order(order: StreamStart, making: Making) -> FromNotes:
    """Return what plays the notes that an order names.

    Raises: CommandError: as `check_engine`; ENOCLIP, EPATH: there are no such notes, or none that
    its engine plays.
    """
    shop = making.shop
    engine = check_engine(order, shop)
    transport = shop.transport
    live = order.midi == LIVE_TAKE
    score = shop.takes.last_bars(LIVE_BARS, transport) if live else shop.score(order.midi)
    if not score.notes:
        raise CommandError(Code.EPATH, f"{order.midi!r} has no notes to play")
    left_out = [f"{thing} was left out: it is not played here" for thing in score.unsupported]
    if any(note.drum for note in score.notes) and not engine.capabilities.drums:
        left_out.append(f"drums were left out: {engine.name} has none")
        if only_drums(score):
            raise CommandError(Code.EPATH, f"{order.midi!r} has only drums: {NO_DRUMS}")
    reader = Hands(shop.takes, transport) if live else Piece(score, transport.beats)
    return FromNotes(making, order.midi, reader, tuple(left_out))


def check_engine(order: StreamStart, shop: Services) -> Engine:
    """Return the engine that is to play notes.

    Raises: CommandError: EENGINE, it cannot; ERANGE, it has no such timbre.
    """
    engine = shop.engine(order.engine, Render.address)
    known = engine.capabilities.timbres
    for word in (order.timbre, order.timbre2):
        if word and known and named(word) not in known:
            raise CommandError(
                Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(known)}"
            )
    return engine


def _played(phrase: Phrase) -> Score:
    """Return the notes of the last seconds up to a chunk's end."""
    end = LEAD + phrase.frames / SAMPLE_RATE
    return phrase.score.cut(end - LEAD, end)
