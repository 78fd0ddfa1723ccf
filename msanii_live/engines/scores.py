"""The notes that a render command asks for."""

from __future__ import annotations

from dataclasses import replace

from msanii_live.engines.base import Context
from msanii_live.errors import Code, CommandError
from msanii_live.midi.takes import LIVE_TAKE
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render


def requested_score(command: Render, context: Context, max_seconds: float) -> Score:
    """Return the notes of a command at its tempo and length, with its program.

    max_seconds: beyond it the notes are cut. The musician is warned of everything left out.
    Raises: CommandError: as `Context.score`; EPATH, there are no notes.
    """
    whole = context.score(command.midi)
    if not whole.notes:
        raise CommandError(Code.EPATH, f"{command.midi!r} has no notes to play")
    if command.bpm is not None:
        whole = _at_tempo(whole, command.bpm, command.midi, context)
    score = whole
    if command.bars is not None and command.midi != LIVE_TAKE:  # its length is right already
        seconds = score.seconds_of_bars(command.bars, context.tempo, context.beats)
        is_loop = abs(command.bars - round(command.bars)) < 1e-6
        score = replace(score.cut(0.0, seconds), is_loop=is_loop)
    if command.seconds is not None:
        score = score.cut(0.0, command.seconds)
    if score.seconds > max_seconds:
        context.warn(f"only the first {max_seconds:g} s of {score.seconds:.0f} s are played")
        score = score.cut(0.0, max_seconds)
    if not score.notes:
        raise CommandError(
            Code.EPATH,
            f"{command.midi!r} is silent in its first {score.seconds:g} s: its first note comes "
            f"after {whole.notes[0].start:.1f} s",
        )
    for sentence in score.warnings:
        context.warn(sentence)
    if command.program is not None:
        notes = (n if n.drum else replace(n, program=command.program) for n in score.notes)
        score = replace(score, notes=tuple(notes))
    return score


def _at_tempo(score: Score, bpm: float, name: str, context: Context) -> Score:
    """Return a score at a tempo; warn where that is not the whole truth."""
    if not score.tempo:
        context.warn(f"{name!r} has no tempo, so that bpm {bpm:g} has no effect")
    elif not score.bpm and len({each.bpm for each in score.tempo_map}) > 1:
        context.warn(
            f"the tempo of {name!r} changes: it begins at bpm {bpm:g}, and every later tempo is "
            "scaled with it"
        )
    return score.at_tempo(bpm)
