"""Measure a trained composer on pieces it never saw, beside the real pieces and a floor."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from msanii_live.engines.composer.complete import CompletionOptions, as_tensor, sample_rolls
from msanii_live.engines.composer.conditions import PieceConditions, batch_of
from msanii_live.engines.composer.notes import PartNote
from msanii_live.engines.composer.plans import conditions_of_plan, draw_plan
from msanii_live.engines.composer.returning_bars import with_returning_bars
from msanii_live.engines.composer.roll import encode, to_array
from msanii_live.engines.composer.weights import Composer
from msanii_live.evaluation.composer.endless import endless
from msanii_live.evaluation.composer.sound import SOUND_TABLE, sound_columns
from msanii_live.evaluation.composer.tasks import (
    TABLE,
    Scores,
    bass_to_others,
    continuation,
    density,
    describe,
    styles_with_plans,
)
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.held_out import (
    HeldOutWindow,
    held_out_windows,
    sample,
)
from msanii_live.training.trainers.composer.pieces import Pieces


def evaluate(
    composer: Composer,
    pieces: Pieces,
    count: int,
    clips: int,
    report: Callable[[str], None] = print,
) -> dict[str, object]:
    """Measure everything; return a dictionary for JSON. clips: to be listened to, 0 for none."""
    held = held_out_windows(pieces, composer.net.config.styles, count)
    orders = [each.order for each in held]
    hidden = [replace(order, chords=()) for order in orders]
    nothing = np.zeros((16, len(PARTS)), np.bool_)
    columns: dict[str, Scores] = {"real": describe([each.notes for each in held], orders)}
    others = [held[index - 1].notes for index in range(len(held))]
    columns["another piece"] = describe(others, orders)
    for steps in (20, 4):
        composed = _returning(sample(composer, held, orders, nothing, steps), orders)
        columns[f"{steps} steps"] = describe(composed, orders)
    columns["chords hidden"] = describe(sample(composer, held, hidden, nothing, 20), orders)
    drawn = _plans(composer, len(held))
    own = sample(composer, [HeldOutWindow([], order) for order in drawn], drawn, nothing, 20)
    columns["own plans"] = describe(_returning(own, drawn), drawn)
    report(table_of(columns))
    result: dict[str, object] = {"windows": len(held), "compose": columns}
    if clips:
        heard = sound_columns(composer, held[:clips], composed[:clips], to_stderr)
        report(table_of(heard, SOUND_TABLE))
        result["sound"] = heard
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
    result["continued again and again"] = counts = endless(composer, 4)
    for span, notes in counts.items():
        report(f"continued by 4 bars each, notes a bar in {span}: {_line(notes)}")
    result["seconds"] = speed(composer)
    report(f"seconds for 16 bars: {_line(result['seconds'])}")
    return result


def _returning(
    made: list[list[PartNote]], orders: Sequence[PieceConditions]
) -> list[list[PartNote]]:
    """Return pieces in which bars come back, as the engine writes them."""
    is_open = np.ones((16, len(PARTS)), np.bool_)
    return [
        with_returning_bars(notes, order, is_open, number)
        for number, (notes, order) in enumerate(zip(made, orders, strict=True))
    ]


def to_stderr(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def _plans(composer: Composer, count: int) -> list[PieceConditions]:
    styles = styles_with_plans(composer)
    plans = [
        draw_plan(composer.tables, index, style=styles[index % len(styles)])
        for index in range(count)
    ]
    return [conditions_of_plan(plan, 16, 0) for plan in plans]


def speed(composer: Composer) -> Scores:
    """Return the seconds that 16 bars take, the best of three, by steps and precision."""
    order = conditions_of_plan(draw_plan(composer.tables, 0), 16, 0)
    empty = [HeldOutWindow([], order)]
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
                    CompletionOptions(steps=steps, bfloat16=bfloat16),
                )
                seconds.append(time.perf_counter() - started)
            result[f"{steps} steps, {'bfloat16' if bfloat16 else 'float32'}"] = min(seconds)
    return result


def table_of(columns: dict[str, Scores], rows: Sequence[str] = TABLE) -> str:
    """Return a table in Markdown, a row for each of `rows`."""
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in rows:
        cells = " | ".join(f"{scores[name]:.3g}" for scores in columns.values())
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def _line(scores: object) -> str:
    def short(value: object) -> str:
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    items = scores.items() if isinstance(scores, dict) else ()
    return ", ".join(f"{name} {short(value)}" for name, value in items)
