"""The notes of chunks that accompany a player: the composer goes on from what both have played.

The bars of the player that are not heard yet are taken for a repetition of the last ones, as far as
the composer needs to know them; the new bar itself is composed by their harmony.
"""

from __future__ import annotations

from dataclasses import replace

from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Note, Score, part_of, sort_notes
from msanii_live.protocol.commands import Generate
from msanii_live.protocol.music_text import parse_parts
from msanii_live.streaming.heard_bars import Accompaniment, HeardBars
from msanii_live.streaming.phrases import LEAD, TAIL, Phrase, grid_frames
from msanii_live.streaming.request import ChunkRequest, ComposeNotes
from msanii_live.streaming.state import BarPosition, ReaderPosition

LOOK_AHEAD = 1.5  # s before a bar at which the player is listened to for it
KEPT_BARS = 16  # of the own notes
_EDGE = 1e-6


def accompanied_phrase(
    request: ChunkRequest, compose: ComposeNotes
) -> tuple[Accompaniment, Phrase]:
    """Return what the stream has answered after the next chunk, and what that chunk plays.

    The chunk ends on the player's bar line that is nearest to a bar from its start.
    Raises: CommandError, Cancelled: as `compose`.
    """
    assert request.accompaniment is not None
    before = request.accompaniment
    heard, start = before.heard, request.start
    place = (start - heard.began) / heard.bar
    end = heard.began + max(1, round(place + 1)) * heard.bar
    frames = grid_frames(max(end - start, heard.bar / 4))
    seconds = frames / SAMPLE_RATE
    parts = parse_parts(request.command.accompany)
    command = replace(request.apply_to(Generate()), engine=request.composer, parts=" ".join(parts))
    known = _played(heard, before.notes, parts, start)
    made = compose(command, known, (seconds + TAIL) / heard.bar)
    fresh = [_moved(note, start) for note in made.notes if part_of(note) in parts]
    chunk = [note for note in fresh if note.start < start + seconds - _EDGE]
    earliest = start - KEPT_BARS * heard.bar
    own = sort_notes([*(n for n in before.notes if n.start >= earliest), *chunk])
    sounding = [n for n in before.notes if n.end > start - LEAD and n.start < start]
    score = _at(heard, [*sounding, *fresh], start - LEAD, LEAD + seconds + TAIL)
    if request.parts:
        score = score.only(request.parts)
    bar = BarPosition(heard.score.bpm, heard.score.beats, round(place, 9) % 1.0)
    return replace(before, notes=own), Phrase(score, frames, bar, ReaderPosition())


def _played(heard: HeardBars, own: tuple[Note, ...], parts: tuple[str, ...], end: float) -> Score:
    """Return what both have played from the heard bars on until a second of the timeline.

    Of the parts that the stream plays, the player's own are left out.
    """
    others = heard.score.looped(0.0, end - heard.began)
    theirs = [_moved(n, heard.began) for n in others.notes if part_of(n) not in parts]
    ours = [note for note in own if note.end > heard.began and note.start < end]
    both = _at(heard, [*theirs, *ours], heard.began, end - heard.began)
    return replace(both, markers=others.markers)


def _at(heard: HeardBars, notes: list[Note], start: float, seconds: float) -> Score:
    """Return notes of the timeline as a score from a second on, with the player's metre."""
    moved = sort_notes(_moved(note, -start) for note in notes)
    score = replace(heard.score, notes=moved, is_loop=False, markers=())
    return replace(score.cut(0.0, seconds), seconds=seconds)


def _moved(note: Note, seconds: float) -> Note:
    return replace(note, start=note.start + seconds, end=note.end + seconds)
