"""Windows of held-out pieces, and what a composer writes in their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from msanii_live.engines.composer.complete import (
    CompletionOptions,
    as_tensor,
    from_tensor,
    sample_rolls,
)
from msanii_live.engines.composer.conditions import PieceConditions, batch_of
from msanii_live.engines.composer.notes import METRES, PartNote, steps_per_bar
from msanii_live.engines.composer.plans import conditions_of_plan
from msanii_live.engines.composer.roll import encode, to_array
from msanii_live.engines.composer.weights import Composer
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.pieces import Pieces
from msanii_live.training.trainers.composer.tables import plan_of

BATCH = 8  # windows sampled at once


@dataclass(frozen=True)
class HeldOutWindow:
    """A window of a held-out piece: its notes, in C, and the conditions that describe it."""

    notes: list[PartNote]
    order: PieceConditions


def held_out_windows(
    pieces: Pieces, styles: tuple[str, ...], count: int, seed: int = 5
) -> list[HeldOutWindow]:
    """Cut windows of 16 bars in 4/4 out of pieces, moved to C, with all conditions."""
    rng = np.random.default_rng(seed)
    windows = []
    for piece in rng.permutation(np.nonzero(pieces.metre == METRES.index((4, 4)))[0])[:count]:
        state = rng.bit_generator.state
        plan = plan_of(pieces, int(piece), styles, rng)
        rng.bit_generator.state = state
        all_bars = int(pieces.first_bar[piece + 1] - pieces.first_bar[piece])
        bars = len(plan.chords)
        bar = int(rng.integers(0, all_bars - bars + 1)) // 4 * 4  # drawn as in plan_of
        notes = pieces.notes_of(int(piece)).copy()
        notes["step"] -= bar * 16
        roll = as_tensor(*encode(notes, bars * 16))
        order = conditions_of_plan(plan, bars, 0)
        windows.append(HeldOutWindow(from_tensor(roll, 0, order.swing or 0.0), order))
    return [window for window in windows if window.order.bars == 16]


def sample(
    composer: Composer,
    windows: Sequence[HeldOutWindow],
    orders: Sequence[PieceConditions],
    known: npt.NDArray[np.bool_],
    steps: int,
    seed: int = 0,
) -> list[list[PartNote]]:
    """Sample every window with the same mask; known notes are the window's own.

    orders: conditions to sample by, one a window. known: bool, (bars, parts). steps: of the
    sampler.
    """
    made: list[list[PartNote]] = []
    per_bar = steps_per_bar(orders[0].metre)
    for first in range(0, len(orders), BATCH):
        group = orders[first : first + BATCH]
        rolls = []
        for window, order in zip(windows[first : first + BATCH], group, strict=True):
            kept = [n for n in window.notes if known[n.step // per_bar, PARTS.index(n.part)]]
            array = to_array(kept, 0, order.swing or 0.0)
            rolls.append(as_tensor(*encode(array, len(known) * per_bar)))
        answers = sample_rolls(
            composer,
            torch.stack(rolls),
            torch.from_numpy(known).float()[None].repeat(len(group), 1, 1),
            batch_of(group, composer.net.config.styles),
            [seed + first + index for index in range(len(group))],
            CompletionOptions(steps=steps, bfloat16=True),
        )
        for answer, order in zip(answers, group, strict=True):
            made.append(from_tensor(answer, 0, order.swing or 0.0))
    return made


def notes_a_bar(notes: Iterable[PartNote], bars: int) -> dict[str, float]:
    """Return the mean number of notes a bar, by part."""
    counts = Counter(note.part for note in notes)
    return {part: counts[part] / bars for part in PARTS}
