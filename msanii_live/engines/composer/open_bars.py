"""Pieces of any length of which some bars are open, completed window by window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msanii_live.engines.composer.complete import CompletionOptions, Mask, complete, moved
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.long_pieces import cut_conditions, window_bars
from msanii_live.engines.composer.notes import PartNote, in_order, steps_per_bar
from msanii_live.engines.composer.weights import Composer
from msanii_live.notes import PARTS


@dataclass(frozen=True)
class OpenWindow:
    """Bars [first, last) that are sampled together, which decides bars [start, end) of them."""

    first: int
    last: int
    start: int
    end: int


def open_windows(is_open: Sequence[bool], window: int) -> list[OpenWindow]:
    """Return the windows that complete a piece, in their conditions.

    is_open: of each bar, whether something of it is to be composed. window: bars of a window. Half
    of a window or more is known where the piece has so much; bars before the first known ones are
    composed from the right.

    >>> [(w.first, w.last) for w in open_windows([False] * 20 + [True] * 10, 16)]
    [(12, 28), (14, 30)]
    >>> [(w.first, w.last) for w in open_windows([True] * 10 + [False] * 20, 16)]
    [(2, 18), (0, 16)]
    """
    bars, windows = len(is_open), []
    todo = [index for index, each in enumerate(is_open) if each]
    while todo:
        start = todo[0]
        end = start + 1
        while end < bars and is_open[end]:
            end += 1
        length, half = end - start, window // 2
        if length > window - min(half, start + bars - end):  # it does not fit beside what is known
            if start == 0 and end < bars:
                last = min(bars, end + half)
                chosen = OpenWindow(max(0, last - window), last, max(0, last - window), end)
            else:
                first = max(0, start - half)
                last = min(bars, first + window)
                chosen = OpenWindow(first, last, start, min(end, last))
        else:
            room = window - length
            before = min(start, max(room // 2, room - (bars - end)))
            first = start - before
            chosen = OpenWindow(first, min(bars, first + window), start, end)
        windows.append(chosen)
        is_open = [
            each and not chosen.start <= index < chosen.end for index, each in enumerate(is_open)
        ]
        todo = [index for index, each in enumerate(is_open) if each]
    return windows


def complete_piece(
    composer: Composer,
    notes: Sequence[PartNote],
    mask: Mask,
    conditions: PieceConditions,
    seed: int,
    options: CompletionOptions,
    progress: Callable[[int], None] = lambda done: None,
    held: Mask | None = None,
) -> list[PartNote]:
    """Complete a piece of any number of bars, in order of the notes' starts.

    notes, mask, held: as of `complete`, of the whole piece. progress: called with the steps done
    of `completing_steps`; an exception from it ends the work. The same seed gives the same notes.
    """
    per_bar = steps_per_bar(conditions.metre)
    known = mask.copy()
    kept_steps = np.repeat(mask, per_bar, 0) if held is None else held
    made = list(notes)
    for number, span in enumerate(open_windows(_open_bars(mask), window_bars(per_bar))):
        steps = slice(span.first * per_bar, span.last * per_bar)
        window_mask = known[span.first : span.last].copy()

        def advance(done: int, total: int, number: int = number) -> None:
            progress(number * total + done)

        window = moved([n for n in made if steps.start <= n.step < steps.stop], -steps.start)
        part = cut_conditions(conditions, span.first, span.last - span.first)
        answer = complete(
            composer,
            window,
            window_mask,
            replace(part, activity=window_activity(part, window, window_mask)),
            seed + number,
            options,
            advance,
            None if held is None else kept_steps[steps],
        )
        decided = range(span.start * per_bar, span.end * per_bar)
        made = [n for n in made if n.step not in decided]
        made += [n for n in moved(answer, steps.start) if n.step in decided]
        known[span.start : span.end] = True
    return in_order(made)


def _open_bars(mask: Mask) -> list[bool]:
    return [not bool(row.all()) for row in mask]


def window_activity(
    conditions: PieceConditions, notes: Sequence[PartNote], mask: Mask
) -> dict[str, float]:
    """Return the notes a bar of a window, if its open bars get as many as `conditions` says.

    The network is told the mean over the window, and known bars may have more notes or fewer.
    notes: of the window. mask: bool, (bars, parts).
    """
    per_bar = steps_per_bar(conditions.metre)
    activity = {}
    for part, a_bar in conditions.activity.items():
        known = mask[:, PARTS.index(part)]
        plays = np.array(
            [bool(each) for each in conditions.plays.get(part, [True] * conditions.bars)]
        )
        given = sum(note.part == part and known[note.step // per_bar] for note in notes)
        total = given + a_bar * float((plays & ~known).sum())
        activity[part] = total / max(1, int(plays.sum()))
    return activity


def completing_steps(mask: Mask, per_bar: int, options: CompletionOptions) -> int:
    """Return how many sampler steps `complete_piece` takes."""
    return options.steps * len(open_windows(_open_bars(mask), window_bars(per_bar)))
