"""What all trainers of the command line share: their options, recipes and reports."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from msanii_live.training.trainers.loop import Schedule
from msanii_live.training.trainers.run_clock import minutes_left

RECIPES = Path(__file__).parent / "recipes"
R = TypeVar("R", bound=Schedule)


@dataclass(frozen=True)
class TrainingOptions:
    """The options of `msanii-live train`.

    data: a built set, or a folder of audio files. out: the engine's folder. recipe: None for the
    default of the part. begin: "shipped", "none" or a path to weights. part: what to train; the
    sets of the engines of notes are built in `data` if they are not there. minutes: length of the
    run by the wall clock, earlier sittings included, instead of the recipe's steps; 0 keeps the
    steps. style: a style word for all files of a folder of audio. started: when the command began,
    by the monotonic clock; what comes before the first step is taken off the minutes.
    """

    data: Path
    out: Path
    recipe: Path | None = None
    begin: str = "shipped"
    part: str = "flow"
    minutes: float = 0.0
    style: str = ""
    compiled: bool = False
    started: float = field(default_factory=time.monotonic)


def print_line(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def fit_to_minutes(recipe: R, options: TrainingOptions) -> R:
    """Return the recipe with what is left of the minutes; without minutes, the recipe as it is."""
    return replace(recipe, minutes=minutes_left(options.minutes, options.started))
