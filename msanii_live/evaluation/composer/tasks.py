"""Tasks that a trained composer is measured by, each beside real pieces and a floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msanii_live.engines.composer.complete import moved
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import PartNote, steps_per_bar
from msanii_live.engines.composer.plans import conditions_of_plan, draw_plan
from msanii_live.engines.composer.weights import Composer
from msanii_live.evaluation.composer import measures
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.held_out import HeldOutWindow, notes_a_bar, sample

DENSITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
TABLE = (
    "notes a bar",
    "drum hits a bar",
    *(f"{part} a bar" for part in PARTS[1:]),
    *(f"length of {part}, steps" for part in PARTS[1:]),
    "notes in key",
    "lowest note on the root",
    "harmony's return",
    "bars repeated",
    *(f"bars of {part} repeated" for part in PARTS),
)
Notes = list[PartNote]
Scores = dict[str, float]


def describe(notes: Sequence[Notes], orders: Sequence[PieceConditions]) -> Scores:
    """Return the means of what `measures` has, over windows."""
    rows = []
    for each, order in zip(notes, orders, strict=True):
        per_bar = steps_per_bar(order.metre)
        counts = notes_a_bar(each, order.bars)
        pitched = sum(counts[part] for part in PARTS[1:])
        rows.append(
            (
                pitched,
                counts["drums"],
                *(counts[part] for part in PARTS[1:]),
                *(measures.mean(n.length for n in each if n.part == part) for part in PARTS[1:]),
                measures.in_key(each, order.tonic, bool(order.minor)),
                measures.lowest_on_root(each, order.chords, per_bar),
                measures.harmony_returns(each, order.bars, per_bar),
                measures.bars_repeated(each, order.bars, per_bar),
                *(measures.bars_repeated(each, order.bars, per_bar, part) for part in PARTS),
            )
        )
    columns = zip(*rows, strict=True)
    return {name: measures.mean(column) for name, column in zip(TABLE, columns, strict=True)}


def continuation(
    composer: Composer, held: Sequence[HeldOutWindow], bars: int, steps: int
) -> Scores:
    """Go on for as many bars as are known; F1 with the truth, beside what copying would reach."""
    short = [_shortened(each, 2 * bars) for each in held]
    known = np.zeros((2 * bars, len(PARTS)), np.bool_)
    known[:bars] = True
    half = bars * 16
    made = sample(composer, short, [each.order for each in short], known, steps)
    unconditioned = [replace(e.order, chords=(), plays={}, activity={}, form=()) for e in short]
    made_unconditioned = sample(composer, short, unconditioned, known, steps)

    def mean(lists: Sequence[Notes]) -> float:
        pairs = zip(lists, short, strict=True)
        return measures.mean([measures.note_f1(a, b.notes, half) for a, b in pairs])

    return {
        "with the truth": mean(made),
        "with the truth, without chords and form": mean(made_unconditioned),
        "repeating what is known": mean(
            [moved([n for n in e.notes if n.step < half], half) for e in short]
        ),
        "another piece": mean([short[index - 1].notes for index in range(len(short))]),
    }


def _shortened(held: HeldOutWindow, bars: int) -> HeldOutWindow:
    order = held.order
    plays = {part: each[:bars] for part, each in order.plays.items()}
    shorter = replace(
        order, bars=bars, chords=order.chords[:bars], plays=plays, form=order.form[:bars]
    )
    return HeldOutWindow([note for note in held.notes if note.step < bars * 16], shorter)


def bass_to_others(composer: Composer, held: Sequence[HeldOutWindow], steps: int) -> Scores:
    """Write the bass to drums and chords that are given: how often its lowest note is the root."""
    chosen = [e for e in held if {"bass", "chords"} <= {n.part for n in e.notes}]
    known = np.zeros((16, len(PARTS)), np.bool_)
    known[:, [PARTS.index("drums"), PARTS.index("chords")]] = True
    with_chords = [replace(each.order, plays=_with_bass(each.order)) for each in chosen]
    without = [replace(order, chords=()) for order in with_chords]

    def share(lists: Sequence[Notes]) -> float:
        pairs = zip(lists, chosen, strict=True)
        return measures.mean(
            [measures.lowest_on_root(n, e.order.chords, 16, "bass") for n, e in pairs]
        )

    return {
        "real": share([each.notes for each in chosen]),
        "with chords": share(sample(composer, chosen, with_chords, known, steps)),
        "without chords": share(sample(composer, chosen, without, known, steps)),
        "another piece's bass": share([chosen[i - 1].notes for i in range(len(chosen))]),
    }


def _with_bass(order: PieceConditions) -> dict[str, Sequence[bool | None]]:
    return {**order.plays, "bass": [True] * order.bars}


def styles_with_plans(composer: Composer) -> list[str]:
    """Return the styles that the weights have outlines of, in the order of the network."""
    found = {row[0] for row in composer.tables["plans"]}
    return [style for style in composer.net.config.styles if style in found]


def density(composer: Composer, steps: int) -> dict[str, object]:
    """Ask for every style at rising densities; return notes a bar and how often they rise."""
    table: dict[str, list[float]] = {}
    for style in styles_with_plans(composer):
        orders = []
        for index in range(4):
            plan = draw_plan(composer.tables, index, style=style)
            base = conditions_of_plan(plan, 8, 0, arranged=False)
            orders += [replace(base, density=value, activity={}) for value in DENSITIES]
        empty = [HeldOutWindow([], order) for order in orders]
        known = np.zeros((8, len(PARTS)), np.bool_)
        made = [len(notes) / 8 for notes in sample(composer, empty, orders, known, steps)]
        table[style] = np.array(made).reshape(4, len(DENSITIES)).mean(0).tolist()
    rises = sum(measures.strictly_rises(values) for values in table.values())
    return {"notes a bar": table, "styles that rise": rises, "of": len(table)}
