"""The notes that a render command asks for."""

from __future__ import annotations

from dataclasses import replace

from msanii_live.engines.base import Context
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render

LIVE_TAKE = "take"  # the name of the last bars played live, which have the command's length already


def requested_score(command: Render, context: Context, max_seconds: float) -> Score:
    """Return the notes of a command at its tempo and length, with its program.

    max_seconds: beyond it the notes are cut. The musician is warned of everything left out.
    Raises: CommandError: as `Context.score`; EPATH, there are no notes.
    """
    score = context.score(command.midi)
    if command.bpm is not None:
        score = score.at_tempo(command.bpm)
    if command.bars is not None and command.midi != LIVE_TAKE:
        bar = context.beats * 60.0 / (score.bpm or context.tempo)
        is_loop = abs(command.bars - round(command.bars)) < 1e-6
        score = replace(score.cut(0.0, command.bars * bar), is_loop=is_loop)
    if command.seconds is not None:
        score = score.cut(0.0, command.seconds)
    if score.seconds > max_seconds:
        context.warn(f"only the first {max_seconds:g} s of {score.seconds:.0f} s are played")
        score = score.cut(0.0, max_seconds)
    if not score.notes:
        raise CommandError(Code.EPATH, f"{command.midi!r} has no notes to play")
    for thing in score.unsupported:
        context.warn(f"{thing} was left out: it is not played here")
    if command.program is not None:
        notes = (n if n.drum else replace(n, program=command.program) for n in score.notes)
        score = replace(score, notes=tuple(notes))
    return score
