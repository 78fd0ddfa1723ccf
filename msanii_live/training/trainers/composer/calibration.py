"""The end of a run: weights whose parts play as many notes as real pieces do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from msanii_live.engines.composer.engine import WEIGHTS
from msanii_live.engines.composer.notes import PartNote
from msanii_live.engines.composer.weights import Composer, read_weights, write_weights
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.data import PieceSets
from msanii_live.training.trainers.composer.held_out import (
    HeldOutWindow,
    held_out_windows,
    notes_a_bar,
    sample,
)
from msanii_live.training.trainers.composer.loss import LossWeights
from msanii_live.training.trainers.composer.recipe import ComposerRecipe
from msanii_live.training.trainers.composer.tables import tables_of

ROUNDS = 4
LARGEST = 4.0  # nats


def tables_with_bias(
    sets: PieceSets, styles: tuple[str, ...], weights: LossWeights
) -> dict[str, Any]:
    """Return the tables of a run's pieces, with a bias that undoes the weight of onsets."""
    tables = tables_of(sets.training, styles)
    tables["bias"] = dict.fromkeys(PARTS, math.log(weights.onset))
    return tables


def calibrate(
    composer: Composer, windows: Sequence[HeldOutWindow], report: Callable[[str], None]
) -> dict[str, float]:
    """Find the bias of each part's onsets with which it plays as much as in real pieces.

    For conditions that say which parts play, but not how many notes. Returns nats to take off the
    logits, by part.
    """
    orders = [replace(window.order, activity={}, density=None) for window in windows]
    known = np.zeros((windows[0].order.bars, len(PARTS)), np.bool_)
    goal = _means([window.notes for window in windows])
    bias = dict(composer.tables["bias"])
    for index in range(ROUNDS):
        trial = Composer(composer.net, {**composer.tables, "bias": bias})
        found = _means(sample(trial, windows, orders, known, steps=10))
        report(f"calibration, round {index + 1} of {ROUNDS}: " + _line(found, goal))
        for part in PARTS:
            step = 0.7 * float(np.log((found[part] + 0.05) / (goal[part] + 0.05)))
            bias[part] = round(min(max(bias[part] + step, -LARGEST), LARGEST), 3)
    return bias


def calibrate_run(
    folder: Path, sets: PieceSets, recipe: ComposerRecipe, report: Callable[[str], None]
) -> Path:
    """Calibrate the averaged weights that a run wrote, and write them again. Returns their path.

    Raises: FileNotFoundError: the folder holds no weights.
    """
    path = folder / WEIGHTS
    net = read_weights(path).net
    styles = net.config.styles
    composer = Composer(net, tables_with_bias(sets, styles, recipe.training.weights))
    windows = held_out_windows(sets.held_out, styles, recipe.calibration.windows, seed=11)
    if windows:
        bias = calibrate(composer, windows, report)
        composer = Composer(net, {**composer.tables, "bias": bias})
    write_weights(path, composer)
    report(f"{path}: {path.stat().st_size / 1e6:.2f} MB, bias {composer.tables['bias']}")
    return path


def _means(windows: Sequence[Sequence[PartNote]]) -> dict[str, float]:
    counts = [notes_a_bar(notes, 16) for notes in windows]
    return {part: float(np.mean([each[part] for each in counts])) for part in PARTS}


def _line(found: dict[str, float], goal: dict[str, float]) -> str:
    return ", ".join(f"{part} {found[part]:.2f} of {goal[part]:.2f}" for part in PARTS)
