"""Pieces longer than one window: each window continues the last bars of the one before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from msanii_live.engines.composer.complete import (
    LONGEST,
    CompletionOptions,
    complete,
    moved,
    nothing_known,
)
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import PartNote, in_order, steps_per_bar
from msanii_live.engines.composer.weights import Composer

WINDOW = 16  # bars, or as many as LONGEST allows


def window_starts(bars: int, per_bar: int) -> list[int]:
    """Return the first bar of each window of a piece. per_bar: steps of a bar.

    >>> window_starts(16, 16), window_starts(17, 16), window_starts(40, 16)
    ([0], [0, 8], [0, 8, 16, 24])
    """
    window, advance = _sizes(per_bar)
    return [0, *range(advance, bars - window + advance, advance)]


def compose_piece(
    composer: Composer,
    conditions: PieceConditions,
    seed: int,
    options: CompletionOptions,
    progress: Callable[[int], None] = lambda done: None,
) -> list[PartNote]:
    """Compose a piece of any number of bars, in order of the notes' starts.

    conditions: for the whole piece. progress: called with the steps done of `composing_steps`; an
    exception from it ends the work. The same seed gives the same notes.
    """
    per_bar = steps_per_bar(conditions.metre)
    window, advance = _sizes(per_bar)
    notes: list[PartNote] = []
    for number, first in enumerate(window_starts(conditions.bars, per_bar)):
        part = cut_conditions(conditions, first, min(window, conditions.bars - first))
        mask = nothing_known(part.bars)
        mask[: window - advance if first else 0] = True
        before = [note for note in notes if note.step < first * per_bar]
        known = moved(notes[:], -first * per_bar)

        def advance_progress(done: int, steps: int, number: int = number) -> None:
            progress(number * steps + done)

        made = complete(composer, known, mask, part, seed + number, options, advance_progress)
        notes = before + moved(made, first * per_bar)
    return in_order(notes)


def composing_steps(conditions: PieceConditions, options: CompletionOptions) -> int:
    """Return how many sampler steps `compose_piece` takes."""
    return options.steps * len(window_starts(conditions.bars, steps_per_bar(conditions.metre)))


def cut_conditions(conditions: PieceConditions, first: int, bars: int) -> PieceConditions:
    """Return the conditions of some bars of a piece. first: the first of them."""
    span = slice(first, first + bars)
    return replace(
        conditions,
        bars=bars,
        chords=conditions.chords[span],
        plays={part: plays[span] for part, plays in conditions.plays.items()},
        form=conditions.form[span],
    )


def _sizes(per_bar: int) -> tuple[int, int]:
    """Return the bars of a window, and the bars from the start of one to that of the next."""
    window = window_bars(per_bar)
    return window, window - window // 2


def window_bars(per_bar: int) -> int:
    """Return the bars of a window. per_bar: steps of a bar."""
    return min(WINDOW, LONGEST // per_bar)
