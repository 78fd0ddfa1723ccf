"""The training of the transcriber for the command line."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from msanii_live.training.data import heard_set
from msanii_live.training.trainers.loop import TrainingInterrupted
from msanii_live.training.trainers.run_clock import minutes_left
from msanii_live.training.trainers.transcriber import read_recipe, train_transcriber
from msanii_live.transcription import weights

RECIPE = Path(__file__).parent / "recipes" / "transcriber.toml"


def train_part(data: Path, out: Path, recipe_file: Path | None, minutes: float) -> int:
    """Train the transcriber, to the end or to Ctrl-C. Returns the exit status.

    data: folder of its set, built if it is not there. out: folder of the run and the weights.
    minutes: as `TrainingOptions`. Raises: ConfigError: the recipe or the set cannot be read.
    """
    started = time.monotonic()
    recipe, config = read_recipe(recipe_file or RECIPE)
    if not (data / "heard.json").exists():
        heard_set.build(data, _print_line)
    pieces = heard_set.load(data)
    recipe = replace(recipe, minutes=minutes_left(minutes or recipe.minutes, started))
    path = out / weights.WEIGHTS
    try:
        net = train_transcriber(
            pieces, recipe, config, out, _print_line, lambda average: weights.save(path, average)
        )
    except TrainingInterrupted as pause:
        _print_line(str(pause))
        return 130
    weights.save(path, net)
    _print_line(f"done: msanii-live eval --transcriber {path}")
    return 0


def _print_line(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)
