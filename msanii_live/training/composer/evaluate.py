"""Measure a trained composer on pieces it never saw, beside the real pieces and a floor.

`python -m msanii_live.training.composer.evaluate WEIGHTS PIECES.npz --out FILE.json`
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
from msanii_live.engines.composer.weights import Composer, read_weights
from msanii_live.training.composer import measures
from msanii_live.training.composer.pieces import Pieces
from msanii_live.training.composer.tables import plan_of

DENSITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
TABLE = (
    "notes a bar",
    "drum hits a bar",
    *(f"{part} a bar" for part in PARTS[1:]),
    "notes in key",
    "lowest note on the root",
    "harmony's return",
    "bars repeated",
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
            )
        )
    return dict(zip(TABLE, np.nanmean(np.array(rows), 0).tolist(), strict=True))


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
        return float(np.nanmean([measures.note_f1(a, b.notes, half) for a, b in pairs]))

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
        return float(
            np.nanmean([measures.lowest_on_root(n, e.order.chords, 16, "bass") for n, e in pairs])
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


def evaluate(
    composer: Composer, pieces: Pieces, count: int, report: Callable[[str], None] = print
) -> dict[str, object]:
    """Measure everything; return a dictionary for JSON."""
    held = held_windows(pieces, composer.net.config.styles, count)
    orders = [each.order for each in held]
    hidden = [replace(order, chords=()) for order in orders]
    nothing = np.zeros((16, len(PARTS)), np.bool_)
    columns: dict[str, Scores] = {"real": describe([each.notes for each in held], orders)}
    others = [held[index - 1].notes for index in range(len(held))]
    columns["another piece"] = describe(others, orders)
    for steps in (20, 4):
        columns[f"{steps} steps"] = describe(sample(composer, held, orders, nothing, steps), orders)
    columns["chords hidden"] = describe(sample(composer, held, hidden, nothing, 20), orders)
    drawn = _plans(composer, len(held))
    columns["own plans"] = describe(
        sample(composer, [Held([], order) for order in drawn], drawn, nothing, 20), drawn
    )
    report(table_of(columns))
    result: dict[str, object] = {"windows": len(held), "compose": columns}
    for bars in (4, 8):
        for steps in (20, 4):
            name = f"continue {bars} by {bars} bars, {steps} steps"
            result[name] = continuation(composer, held, bars, steps)
            report(f"{name}: {_line(result[name])}")
    for steps in (20, 4):
        result[f"bass to the others, {steps} steps"] = bass_to_others(composer, held, steps)
        report(f"bass, {steps} steps: {_line(result[f'bass to the others, {steps} steps'])}")
    result["density"] = density(composer, 20)
    report(f"density: {_line(result['density'])}")
    result["seconds"] = speed(composer)
    report(f"seconds for 16 bars: {_line(result['seconds'])}")
    return result


def _plans(composer: Composer, count: int) -> list[Conditions]:
    styles = composer.net.config.styles
    plans = [
        draw_plan(composer.tables, index, style=styles[index % len(styles)])
        for index in range(count)
    ]
    return [order_of(plan, 16, 0) for plan in plans]


def speed(composer: Composer) -> Scores:
    """Return the seconds that 16 bars take, the best of three, by steps and precision."""
    order = order_of(draw_plan(composer.tables, 0), 16, 0)
    empty = [Held([], order)]
    known = np.zeros((16, len(PARTS)), np.bool_)
    result = {}
    for steps in (4, 20):
        for bfloat16 in (False, True):
            seconds = []
            for _ in range(3):
                started = time.perf_counter()
                sample_rolls(
                    composer,
                    as_tensor(*encode(to_array([], 0, 0.0), 256))[None],
                    torch.from_numpy(known).float()[None],
                    batch_of([empty[0].order], composer.net.config.styles),
                    [0],
                    SamplingOptions(steps=steps, bfloat16=bfloat16),
                )
                seconds.append(time.perf_counter() - started)
            result[f"{steps} steps, {'bfloat16' if bfloat16 else 'float32'}"] = min(seconds)
    return result


def table_of(columns: dict[str, Scores]) -> str:
    """Return a table in Markdown, a row for each of TABLE."""
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in TABLE:
        cells = " | ".join(f"{scores[name]:.3g}" for scores in columns.values())
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def _line(scores: object) -> str:
    def short(value: object) -> str:
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    items = scores.items() if isinstance(scores, dict) else ()
    return ", ".join(f"{name} {short(value)}" for name, value in items)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description="Measure a trained composer.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("pieces", type=Path, help="held_out-N.npz of the run")
    parser.add_argument("--windows", type=int, default=48)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    result = evaluate(read_weights(asked.weights), Pieces.load(asked.pieces), asked.windows)
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
