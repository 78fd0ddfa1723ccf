"""The training of the 2023 system for the command line."""

from __future__ import annotations

from pathlib import Path

from msanii_live.training.trainers.loop import TrainingInterrupted
from msanii_live.training.trainers.msanii2023 import train


def train_part(part: str, data: Path, out: Path, recipe: Path | None, minutes: float) -> int:
    """Train "vocoder" or "unet" to the end or to Ctrl-C. Returns the exit status.

    minutes: see `msanii2023.train`.
    Raises: ConfigError: see `msanii2023.train`.
    """
    try:
        train(part, data, out, _print_line, recipe, minutes=minutes)
    except TrainingInterrupted as pause:
        _print_line(str(pause))
        return 130
    _print_line(f"done: msanii-live serve --engine {out}")
    return 0


def _print_line(line: str) -> None:
    print(line, flush=True)
