"""The notes of chunks that are composed: an engine continues the notes of the stream bar by bar.

A few bars are composed ahead, because the sound of a chunk depends on what follows it. When the
steering changes, what was composed ahead is composed anew, so that it is heard in the next chunk.
"""

from __future__ import annotations

import math
from dataclasses import replace

from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import PARTS, Note, Score, part_of, sort_notes
from msanii_live.protocol.commands import Generate
from msanii_live.streaming.phrases import GRID, LEAD, TAIL, Phrase
from msanii_live.streaming.request import ChunkRequest, ComposeNotes
from msanii_live.streaming.state import (
    BarPosition,
    ComposedNotes,
    ReaderPosition,
    StreamState,
)

KEPT = 16  # bars of the stream that the composer looks at
AHEAD = 4  # bars that are composed beyond the chunk
WINDOW = 5.1  # s that note-diffusion plays at once
SHORTEST_LEAD = 0.5  # s
_SAME_LINE = 0.01  # s within which the stream ends on a bar line
_PUSH = 0.03  # s by which the first notes of a bar may come before it
_EDGE = 1e-6  # s, of rounding


def compose_phrase(
    state: StreamState, request: ChunkRequest, compose: ComposeNotes
) -> tuple[ComposedNotes, Phrase]:
    """Return the notes of the stream after the next chunk, and what that chunk plays.

    The chunk ends on the bar line nearest to its wanted length, or up to 4 ms before it.
    Raises: CommandError, Cancelled: as `compose`.
    """
    before = state.composed
    if before is None:
        notes = _begun(state, request, compose)
    else:
        notes = _continued(before, request, compose)
    start, frames = notes.end, _chunk_frames(notes, request.command.chunk)
    end = start + frames / SAMPLE_RATE
    lead = _lead(end - start)
    score = _audible(notes, request.parts).cut(start - lead, end + TAIL)
    bar = BarPosition(notes.score.bpm, notes.score.beats, start / notes.bar % 1.0)
    after = _trimmed(replace(notes, end=end, parts=request.parts))
    return after, Phrase(score, frames, bar, ReaderPosition(), lead)


def _lead(seconds: float) -> float:
    """Return how long before a chunk its notes are played with it, s.

    It is as much as fits into the windows that note-diffusion plays: a second one for a longer lead
    would take as long as the chunk itself.

    >>> [round(_lead(seconds), 2) for seconds in (2.0, 4.0, 4.6, 6.0)]
    [2.9, 0.9, 3.0, 3.0]
    """
    room = -(seconds + TAIL) % WINDOW
    return min(LEAD, room if room >= SHORTEST_LEAD else room + WINDOW)


def _chunk_frames(notes: ComposedNotes, seconds: float) -> int:
    """Return the length of a chunk of about so many seconds that ends on a bar line, in frames."""
    exact = (_last_line(notes, seconds) * notes.bar - notes.end) * SAMPLE_RATE
    return max(1, math.floor(exact / GRID + _EDGE)) * GRID


def _last_line(notes: ComposedNotes, seconds: float) -> int:
    """Return the bar line at which a chunk of about so many seconds ends, at least a beat on."""
    beat = 60.0 / notes.score.bpm
    return max(round((notes.end + seconds) / notes.bar), math.ceil((notes.end + beat) / notes.bar))


def _begun(state: StreamState, request: ChunkRequest, compose: ComposeNotes) -> ComposedNotes:
    """Return the first notes: of an empty stream, or after audio of which no notes are known."""
    bpm, beats = state.bpm or request.bpm, state.beats if state.bpm else request.beats
    bars = max(1, round(request.command.chunk * bpm / 60.0 / beats)) + 1 + AHEAD
    command = replace(_command(request), bpm=bpm, seconds=bars * beats * 60.0 / bpm)
    if state.info is not None:
        command = replace(
            command,
            style=command.style or state.info.style,
            key=command.key or state.info.key,
        )
    score = compose(command, None, bars)
    if lacks := _lacking(score, request.parts):
        score = compose(_with_parts(command, score, lacks), None, bars)
    score = replace(score, is_loop=False, tempo_map=())
    if not score.beats or not score.bpm:
        score = replace(score, bpm=score.bpm or bpm, beats=score.beats or beats)
    notes = ComposedNotes(score, 0.0, request.steering, request.parts, request.bpm)
    place = _place_in_bar(state)
    if not place:
        return notes
    # The bar that the audio has begun is completed.
    end = place * notes.bar
    rest = tuple(note for note in score.notes if note.start >= end)
    return replace(notes, score=replace(score, notes=rest), end=end)


def _place_in_bar(state: StreamState) -> float:
    """Return how much of a bar has sounded at the end of a stream, 0 where that is unknown."""
    if not state.bpm:
        return 0.0
    bar = state.beats * 60.0 / state.bpm
    place = (state.bar_offset + len(state.samples) / SAMPLE_RATE / bar) % 1.0
    return 0.0 if min(place, 1.0 - place) * bar < _SAME_LINE else place


def _continued(notes: ComposedNotes, request: ChunkRequest, compose: ComposeNotes) -> ComposedNotes:
    """Return notes that reach beyond the next chunk, composed by the steering of now."""
    if notes.transport and notes.transport != request.bpm:
        notes = _at_tempo(notes, request.bpm)
    lacks = _lacking(notes.score, request.parts)
    if lacks or notes.steering != request.steering:
        notes = _without_rest(notes)
    last = _last_line(notes, request.command.chunk) * notes.bar
    if notes.score.seconds < last + TAIL:
        bars = (last - notes.score.seconds) / notes.bar + AHEAD
        command = _command(request)
        if lacks:
            command = _with_parts(command, notes.score, lacks)
        made = compose(command, notes.score, bars)
        joined = replace(
            notes.score.followed_by(made),
            bpm=notes.score.bpm,
            bar=notes.score.bar,
            beats=notes.score.beats,
            metre=notes.score.metre,
        )
        notes = replace(notes, score=joined)
    return replace(notes, steering=request.steering, transport=request.bpm)


def _lacking(score: Score, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts that are to sound and of which no note is composed."""
    composed = {part_of(note) for note in score.notes}
    return tuple(part for part in parts if part not in composed)


def _with_parts(command: Generate, score: Score, more: tuple[str, ...]) -> Generate:
    """Return a command for the parts of a score and some more."""
    wanted = {part_of(note) for note in score.notes}.union(more)
    return replace(command, parts=" ".join(part for part in PARTS if part in wanted))


def _without_rest(notes: ComposedNotes) -> ComposedNotes:
    """Return notes without those composed ahead: up to the bar line at which the stream ends.

    Notes that come a little before that line belong to the bar after it.
    """
    line = round(notes.end / notes.bar) * notes.bar
    is_on_line = abs(line - notes.end) < _SAME_LINE
    end = line if is_on_line else notes.end
    if notes.score.seconds <= end + _EDGE:
        return notes
    score = notes.score.cut(0.0, end)
    if is_on_line:
        kept = tuple(note for note in score.notes if note.start < end - _PUSH)
        score = replace(score, notes=kept)
    return replace(notes, score=score)


def _at_tempo(notes: ComposedNotes, bpm: float) -> ComposedNotes:
    """Return notes at the tempo that the transport has changed to."""
    return replace(
        notes, score=notes.score.at_tempo(bpm), end=notes.end * notes.score.bpm / bpm, transport=bpm
    )


def _audible(notes: ComposedNotes, parts: tuple[str, ...]) -> Score:
    """Return what sounds: the parts of before up to the end of the stream, then those of now."""
    before, now = notes.parts, parts
    if not before and not now:
        return notes.score
    found: list[Note] = []
    for note in notes.score.notes:
        is_in_now = not now or part_of(note) in now
        if note.start >= notes.end:
            if is_in_now:
                found.append(note)
        elif not before or part_of(note) in before:
            found.append(note if is_in_now else replace(note, end=min(note.end, notes.end)))
    return replace(notes.score, notes=sort_notes(found))


def _trimmed(notes: ComposedNotes) -> ComposedNotes:
    """Return notes without the bars that lie too far back."""
    bars = math.floor(notes.end / notes.bar + _EDGE) - KEPT
    if bars <= 0:
        return notes
    start = bars * notes.bar
    return replace(notes, score=notes.score.cut(start, notes.score.seconds), end=notes.end - start)


def _command(request: ChunkRequest) -> Generate:
    return replace(request.apply_to(Generate()), engine=request.composer)
