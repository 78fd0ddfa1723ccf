"""Write the weights that ship: a run's averaged network with tables that fit it.

`python -m msanii_live.training.trainers.composer.finish RUN --out FILE`
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.engines.composer.notes import PARTS, PartNote
from msanii_live.engines.composer.weights import Composer, read_weights, write_weights
from msanii_live.training.trainers.composer.loss import LossWeights
from msanii_live.training.trainers.composer.measures import notes_a_bar
from msanii_live.training.trainers.composer.pieces import Pieces
from msanii_live.training.trainers.composer.tables import tables_of
from msanii_live.training.trainers.composer.tasks import Held, held_windows, sample
from msanii_live.training.trainers.composer.train import WEIGHTS

ROUNDS = 4
LARGEST = 4.0  # nats


def calibrate(
    composer: Composer, held: Sequence[Held], report: Callable[[str], None]
) -> dict[str, float]:
    """Find what is to be taken off each part's logits so that it plays as much as in real pieces.

    For orders that say which parts play but not how many notes. Returns nats, by part.
    """
    orders = [replace(each.order, activity={}, density=None) for each in held]
    known = np.zeros((held[0].order.bars, len(PARTS)), np.bool_)
    goal = _means([each.notes for each in held])
    bias = dict(composer.tables["bias"])
    for index in range(ROUNDS):
        trial = Composer(composer.net, {**composer.tables, "bias": bias})
        found = _means(sample(trial, held, orders, known, steps=10))
        report(f"round {index}: " + _line(found, goal))
        for part in PARTS:
            step = 0.7 * float(np.log((found[part] + 0.05) / (goal[part] + 0.05)))
            bias[part] = round(min(max(bias[part] + step, -LARGEST), LARGEST), 3)
    return bias


def _means(windows: Sequence[Sequence[PartNote]]) -> dict[str, float]:
    counts = [notes_a_bar(notes, 16) for notes in windows]
    return {part: float(np.mean([each[part] for each in counts])) for part in PARTS}


def _line(found: dict[str, float], goal: dict[str, float]) -> str:
    return ", ".join(f"{part} {found[part]:.2f} of {goal[part]:.2f}" for part in PARTS)


def finish(run: Path, out: Path, windows: int, report: Callable[[str], None] = print) -> None:
    """Read a run's averaged weights, learn their tables, and write both."""
    composer = read_weights(run / WEIGHTS)
    styles = composer.net.config.styles
    tables = tables_of(Pieces.load(_largest(run, "pieces")), styles)
    tables["bias"] = dict.fromkeys(PARTS, math.log(LossWeights.onset))
    composer = Composer(composer.net, tables)
    if windows:
        held = held_windows(Pieces.load(_largest(run, "held_out")), styles, windows, seed=11)
        tables["bias"] = calibrate(composer, held, report)
    write_weights(out, Composer(composer.net, tables))
    report(f"{out}: {out.stat().st_size / 1e6:.2f} MB, bias {tables.get('bias')}")


def _largest(run: Path, name: str) -> Path:
    return max(run.glob(f"{name}-*.npz"), key=lambda path: int(path.stem.split("-")[-1]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the weights."""
    parser = argparse.ArgumentParser(description="Write the composer's weights that ship.")
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=40, help="to calibrate on; 0 does not")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    finish(asked.run, asked.out, asked.windows)


if __name__ == "__main__":
    main()
