"""The training of the composer for the command line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from msanii_live.errors import ConfigError
from msanii_live.training.trainers.composer.calibration import calibrate_run
from msanii_live.training.trainers.composer.data import load_sets
from msanii_live.training.trainers.composer.recipe import read_recipe
from msanii_live.training.trainers.composer.train import train_composer

RECIPE = Path(__file__).parent / "recipes" / "composer.toml"
DATA_FOLDER = "pieces"  # inside the run's folder, where no other is named


@dataclass(frozen=True)
class ComposerTrainingOptions:
    """The options of `msanii-live train --part composer`.

    out: folder of the run. data: folder of its pieces, composed if they are not there; None for one
    in `out`. recipe: None for the default. minutes: length of the run by the wall clock, earlier
    calls included; 0 for the recipe's. call_minutes: of this call; 0 trains to the end of the run.
    only_calibrate: calibrate the weights that are there, without training. begin_with: weights that
    a new run begins with; None for chance.
    """

    out: Path
    data: Path | None = None
    recipe: Path | None = None
    minutes: float = 0.0
    call_minutes: float = 0.0
    only_calibrate: bool = False
    begin_with: Path | None = None


def train_part(options: ComposerTrainingOptions) -> int:
    """Train the composer, or calibrate its weights. Returns the exit status.

    The status is 130 if a signal stopped the run before its end. Raises: ConfigError: the recipe
    cannot be read, or there are no weights to calibrate.
    """
    started = time.monotonic()
    recipe = read_recipe(options.recipe or RECIPE)
    data = options.data or options.out / DATA_FOLDER
    if options.only_calibrate:
        try:
            calibrate_run(
                options.out, load_sets(data, recipe.data, _print_line), recipe, _print_line
            )
        except FileNotFoundError:
            raise ConfigError(f"{options.out} holds no composer: train one there first") from None
        return 0
    lengths = options.minutes, options.call_minutes
    if train_composer(recipe, data, options.out, _print_line, *lengths, options.begin_with):
        _print_line(f"done: msanii-live eval --composer {options.out}")
        return 0
    _print_line("stopped; the same command goes on")
    in_time = time.monotonic() - started >= 60 * options.call_minutes
    return 0 if options.call_minutes and in_time else 130


def _print_line(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)
