"""Whether a piece that is continued again and again keeps its number of notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msanii_live.engines.composer.complete import CompletionOptions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.continuation import plan_continuation
from msanii_live.engines.composer.piece_plan import plan_piece
from msanii_live.engines.composer.read_piece import read_piece
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.composer.whole_pieces import compose_plan
from msanii_live.evaluation.composer.measures import mean
from msanii_live.evaluation.composer.tasks import Scores, styles_with_plans
from msanii_live.notes import PARTS, Score, part_of

BPM, METRE = 120.0, (4, 4)
BAR = 2.0  # s
FIRST, STEP = 8, 4  # bars of the piece, and of each continuation
CONTEXT = 16  # bars of it that are read


def endless(composer: Composer, steps: int, bars: int = 40, seeds: int = 2) -> dict[str, Scores]:
    """Continue a piece of each style; return the notes a bar of each part, by span of eight bars.

    steps: of the sampler. bars: of the whole piece. seeds: pieces a style.
    """
    options = CompletionOptions(steps=steps)
    pieces = [
        _continued(composer, style, 100 * seed + number, bars, options)
        for number, style in enumerate(styles_with_plans(composer))
        for seed in range(seeds)
    ]
    return {
        f"bars {first + 1} to {first + FIRST}": _notes_a_bar(pieces, first)
        for first in range(0, bars - FIRST + 1, FIRST)
    }


def _continued(
    composer: Composer, style: str, seed: int, bars: int, options: CompletionOptions
) -> Score:
    """Return a piece of so many bars that is continued by its own notes."""
    constraints = Constraints(style=style)
    order = plan_piece(
        composer, constraints, bpm=BPM, metre=METRE, seconds=FIRST * BAR, is_loop=False, seed=seed
    )
    score = compose_plan(composer, order, seed, options)
    while score.seconds < bars * BAR - 1e-6:
        before = score.cut(max(0.0, score.seconds - CONTEXT * BAR), score.seconds)
        place = round(score.seconds / BAR)
        plan = plan_continuation(
            composer, read_piece(before, BPM, 4), constraints, STEP * BAR, seed + 1000 * place
        )
        made = plan.compose(composer, seed + 1000 * place, options)
        score = replace(
            score.followed_by(made), bpm=score.bpm, beats=score.beats, metre=score.metre
        )
    return score


def _notes_a_bar(pieces: Sequence[Score], first: int) -> Scores:
    """Return the notes a bar of each part in eight bars from one on, the mean over pieces."""
    start, end = first * BAR, (first + FIRST) * BAR
    return {
        part: mean(
            sum(part_of(note) == part and start <= note.start < end for note in piece.notes) / FIRST
            for piece in pieces
        )
        for part in PARTS
    }
