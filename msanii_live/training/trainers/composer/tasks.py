"""Tasks that a trained composer is measured by, each beside real pieces and a floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from msanii_live.engines.composer.complete import (
    SamplingOptions,
    as_tensor,
    from_tensor,
    moved,
    sample_rolls,
)
from msanii_live.engines.composer.conditions import Conditions, batch_of
from msanii_live.engines.composer.notes import METRES, PARTS, PartNote, steps_per_bar
from msanii_live.engines.composer.plans import draw_plan, order_of
from msanii_live.engines.composer.roll import encode, to_array
from msanii_live.engines.composer.weights import Composer
from msanii_live.training.trainers.composer import measures
from msanii_live.training.trainers.composer.pieces import Pieces
from msanii_live.training.trainers.composer.tables import plan_of

DENSITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
TABLE = (
    "notes a bar",
    "drum hits a bar",
    *(f"{part} a bar" for part in PARTS[1:]),
    "notes in key",
    "lowest note on the root",
    "harmony's return",
    "bars repeated",
    *(f"bars of {part} repeated" for part in PARTS),
)
Notes = list[PartNote]
Scores = dict[str, float]


@dataclass(frozen=True)
class Held:
    """A held-out window: its notes, in C, and the order that describes it."""

    notes: Notes
    order: Conditions


def held_windows(pieces: Pieces, styles: tuple[str, ...], count: int, seed: int = 5) -> list[Held]:
    """Cut windows of 16 bars in 4/4 out of held-out pieces, tonic C, all conditions told."""
    rng = np.random.default_rng(seed)
    held = []
    for piece in rng.permutation(np.nonzero(pieces.metre == METRES.index((4, 4)))[0])[:count]:
        state = rng.bit_generator.state
        plan = plan_of(pieces, int(piece), styles, rng)
        rng.bit_generator.state = state
        all_bars = int(pieces.first_bar[piece + 1] - pieces.first_bar[piece])
        bars = len(plan.chords)
        bar = int(rng.integers(0, all_bars - bars + 1)) // 4 * 4  # as plan_of draws it
        notes = pieces.notes_of(int(piece)).copy()
        notes["step"] -= bar * 16
        roll = as_tensor(*encode(notes, bars * 16))
        order = order_of(plan, bars, 0)
        held.append(Held(from_tensor(roll, 0, order.swing or 0.0), order))
    return [each for each in held if each.order.bars == 16]


def sample(
    composer: Composer,
    held: Sequence[Held],
    orders: Sequence[Conditions],
    known: npt.NDArray[np.bool_],
    steps: int,
    seed: int = 0,
) -> list[Notes]:
    """Sample every window with the same mask, (bars, parts); known notes are the window's own."""
    made: list[Notes] = []
    per_bar = steps_per_bar(orders[0].metre)
    for first in range(0, len(orders), 8):
        group = list(zip(held[first : first + 8], orders[first : first + 8], strict=True))
        kept = [
            [n for n in each.notes if known[n.step // per_bar, PARTS.index(n.part)]]
            for each, _ in group
        ]
        arrays = [
            to_array(notes, 0, order.swing or 0.0)
            for notes, (_, order) in zip(kept, group, strict=True)
        ]
        rolls = torch.stack([as_tensor(*encode(each, len(known) * per_bar)) for each in arrays])
        mask = torch.from_numpy(known).float()[None].repeat(len(group), 1, 1)
        answers = sample_rolls(
            composer,
            rolls,
            mask,
            batch_of([order for _, order in group], composer.net.config.styles),
            [seed + first + index for index in range(len(group))],
            SamplingOptions(steps=steps, bfloat16=True),
        )
        for answer, (_, order) in zip(answers, group, strict=True):
            made.append(from_tensor(answer, 0, order.swing or 0.0))
    return made


def describe(notes: Sequence[Notes], orders: Sequence[Conditions]) -> Scores:
    """Return the means of what `measures` has, over windows."""
    rows = []
    for each, order in zip(notes, orders, strict=True):
        per_bar = steps_per_bar(order.metre)
        counts = measures.notes_a_bar(each, order.bars)
        pitched = sum(counts[part] for part in PARTS[1:])
        rows.append(
            (
                pitched,
                counts["drums"],
                *(counts[part] for part in PARTS[1:]),
                measures.in_key(each, order.tonic, bool(order.minor)),
                measures.lowest_on_root(each, order.chords, per_bar),
                measures.harmony_returns(each, order.bars, per_bar),
                measures.bars_repeated(each, order.bars, per_bar),
                *(measures.bars_repeated(each, order.bars, per_bar, part) for part in PARTS),
            )
        )
    columns = zip(*rows, strict=True)
    return {name: measures.mean(column) for name, column in zip(TABLE, columns, strict=True)}


def continuation(composer: Composer, held: Sequence[Held], bars: int, steps: int) -> Scores:
    """Go on for as many bars as are known; F1 with the truth, beside what copying would reach."""
    short = [_shortened(each, 2 * bars) for each in held]
    known = np.zeros((2 * bars, len(PARTS)), np.bool_)
    known[:bars] = True
    half = bars * 16
    made = sample(composer, short, [each.order for each in short], known, steps)
    blind = [replace(e.order, chords=(), plays={}, activity={}, form=()) for e in short]
    made_blind = sample(composer, short, blind, known, steps)

    def mean(lists: Sequence[Notes]) -> float:
        pairs = zip(lists, short, strict=True)
        return measures.mean([measures.note_f1(a, b.notes, half) for a, b in pairs])

    return {
        "with the truth": mean(made),
        "with the truth, nothing told": mean(made_blind),
        "repeating what is known": mean(
            [moved([n for n in e.notes if n.step < half], half) for e in short]
        ),
        "another piece": mean([short[index - 1].notes for index in range(len(short))]),
    }


def _shortened(held: Held, bars: int) -> Held:
    order = held.order
    plays = {part: each[:bars] for part, each in order.plays.items()}
    shorter = replace(
        order, bars=bars, chords=order.chords[:bars], plays=plays, form=order.form[:bars]
    )
    return Held([note for note in held.notes if note.step < bars * 16], shorter)


def bass_to_others(composer: Composer, held: Sequence[Held], steps: int) -> Scores:
    """Write the bass to drums and chords that are given: how often its lowest note is the root."""
    chosen = [e for e in held if {"bass", "chords"} <= {n.part for n in e.notes}]
    known = np.zeros((16, len(PARTS)), np.bool_)
    known[:, [PARTS.index("drums"), PARTS.index("chords")]] = True
    told = [replace(each.order, plays=_with_bass(each.order)) for each in chosen]
    untold = [replace(order, chords=()) for order in told]

    def share(lists: Sequence[Notes]) -> float:
        pairs = zip(lists, chosen, strict=True)
        return measures.mean(
            [measures.lowest_on_root(n, e.order.chords, 16, "bass") for n, e in pairs]
        )

    return {
        "real": share([each.notes for each in chosen]),
        "chords told": share(sample(composer, chosen, told, known, steps)),
        "chords only heard": share(sample(composer, chosen, untold, known, steps)),
        "another piece's bass": share([chosen[i - 1].notes for i in range(len(chosen))]),
    }


def _with_bass(order: Conditions) -> dict[str, Sequence[bool | None]]:
    return {**order.plays, "bass": [True] * order.bars}


def density(composer: Composer, steps: int) -> dict[str, object]:
    """Ask for every style at rising densities; return notes a bar and how often they rise."""
    table: dict[str, list[float]] = {}
    for style in composer.net.config.styles:
        orders = []
        for index in range(4):
            plan = draw_plan(composer.tables, index, style=style)
            base = order_of(plan, 8, 0, arranged=False)
            orders += [replace(base, density=value, activity={}) for value in DENSITIES]
        empty = [Held([], order) for order in orders]
        known = np.zeros((8, len(PARTS)), np.bool_)
        made = [len(notes) / 8 for notes in sample(composer, empty, orders, known, steps)]
        table[style] = np.array(made).reshape(4, len(DENSITIES)).mean(0).tolist()
    rises = sum(measures.strictly_rises(values) for values in table.values())
    return {"notes a bar": table, "styles that rise": rises, "of": len(table)}
