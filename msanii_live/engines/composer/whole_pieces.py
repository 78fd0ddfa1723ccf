"""Pieces of a command without a source."""

from __future__ import annotations

from collections.abc import Callable

from msanii_live.engines.base import Context
from msanii_live.engines.composer.bar_grid import BarGrid
from msanii_live.engines.composer.complete import CompletionOptions, nothing_known
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.long_pieces import compose_piece
from msanii_live.engines.composer.piece_plan import PiecePlan, find_metre, plan_piece
from msanii_live.engines.composer.returning_bars import with_returning_bars
from msanii_live.engines.composer.weights import Composer
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate

RATE = 44_100
MAX_SECONDS = 190.0  # of what is composed at once
MIN_FRAMES = 2_048
USUAL_SECONDS = 6.0  # length of a command that gives none


def plan_command(
    composer: Composer, command: Generate, constraints: Constraints, context: Context
) -> PiecePlan:
    """Return what a command asks for.

    A form gives the length if neither `bars` nor `seconds` does.
    Raises: CommandError: ERANGE, the clip would be too short or too long.
    """
    bpm = constraints.tempo or context.tempo
    metre = constraints.metre or find_metre(context.beats, context.warn)
    bar = BarGrid(bpm, metre).bar if constraints.metre else context.beats * 60.0 / bpm
    seconds, bars = command.seconds, command.bars
    if bars is None and constraints.form and seconds == USUAL_SECONDS:
        bars = float(len(constraints.form))
    if bars is not None:
        seconds = bars * bar
    frames = checked_frames(seconds)
    return plan_piece(
        composer, constraints, bpm=bpm, metre=metre, seconds=frames / RATE,
        is_loop=bars is not None and abs(bars - round(bars)) < 1e-6, seed=context.seed,
    )  # fmt: skip


def checked_frames(seconds: float, longest: float = MAX_SECONDS) -> int:
    """Return the frames of a clip. Raises: CommandError: ERANGE, it is too short or too long."""
    frames = round(seconds * RATE)
    if not MIN_FRAMES <= frames <= longest * RATE:
        raise CommandError(
            Code.ERANGE,
            f"the clip would last {seconds:.2f} s: it must be 0.05 to {longest:g} s",
        )
    return frames


def compose_plan(
    composer: Composer,
    plan: PiecePlan,
    seed: int,
    options: CompletionOptions,
    progress: Callable[[int], None] = lambda done: None,
) -> Score:
    """Return the score of a plan; the same seed gives the same notes."""
    notes = compose_piece(composer, plan.conditions, seed, options, progress)
    is_open = ~nothing_known(plan.conditions.bars)
    return plan.score(with_returning_bars(notes, plan.conditions, is_open, seed))
