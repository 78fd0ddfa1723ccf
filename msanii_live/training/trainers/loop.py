"""The training loop that every network shares: schedule, averages, checkpoints, log, Ctrl-C."""

from __future__ import annotations

import json
import math
import signal
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import nn

from msanii_live.errors import ConfigError
from msanii_live.training.trainers.run_clock import RunClock

CHECKPOINT = "checkpoint.pt"
Loss = Callable[[nn.Module, int, torch.Generator], torch.Tensor]
Report = Callable[[str], None]
R = TypeVar("R")
C = TypeVar("C")
CLOCK_WARM_UP = 0.1  # of a run by the clock: its warm-up takes no longer


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The hyperparameters that every training run has.

    steps: optimiser steps. warm_up: first steps, over which the learning rate rises. decay: last
    steps, over which it falls to zero. clip: largest norm of the gradient. ema: decay of the
    averaged weights. every: steps between checkpoints. minutes: length of the run by the wall
    clock, earlier sittings included, instead of the steps; 0 keeps the steps. Then `decay` of
    `steps` is the share of the time over which the rate falls, and checkpoints go by the clock.
    """

    steps: int
    decay: int
    batch: int = 16
    rate: float = 1e-3
    warm_up: int = 300
    weight_decay: float = 0.02
    clip: float = 1.0
    ema: float = 0.999
    every: int = 250
    seed: int = 1
    minutes: float = 0.0

    def rate_at(self, step: int, share: float) -> float:
        """Return the learning rate: linear warm-up, a plateau, then a linear fall to zero.

        share: of the run that is done, 0 to 1.
        """
        rising = (step + 1) / max(self.warm_up, 1)
        if self.minutes:
            rising = max(rising, share / CLOCK_WARM_UP)
        falling = (1 - share) * self.steps / max(self.decay, 1)
        return self.rate * min(1.0, rising) * min(1.0, falling)


def read_recipe_tables(path: Path, training: type[R], network: type[C]) -> tuple[R, C]:
    """Read a recipe file with the tables [training] and [network].

    Raises: ConfigError: the file is no recipe, or has a key that the dataclass lacks.
    """
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the recipe {path}: {error}") from None
    for table, kind in (("training", training), ("network", network)):
        unknown = set(tables.get(table, {})) - {field.name for field in fields(kind)}  # type: ignore[arg-type]
        if unknown:
            raise ConfigError(f"{path}: unknown key in [{table}]: {', '.join(sorted(unknown))}")
    return training(**tables["training"]), network(**tables.get("network", {}))


class TrainingInterrupted(Exception):
    """The run was interrupted by Ctrl-C; its checkpoint is written."""


def run(
    model: nn.Module,
    average: nn.Module,
    schedule: Schedule,
    folder: Path,
    loss: Loss,
    validate: Callable[[nn.Module], Mapping[str, float]],
    report: Report,
    on_checkpoint: Callable[[int], None] = lambda step: None,
    forward: nn.Module | None = None,
) -> None:
    """Train `model` and its running average, resuming from the folder's checkpoint if it has one.

    loss: takes the network, the step and a generator seeded by the step, so that a resumed run
    draws the same numbers as an uninterrupted one. validate: takes the averaged network.
    on_checkpoint: called before the first step and after each checkpoint is on disk. forward: the
    module that computes the loss, if it is not `model` itself (a compiled one).
    Raises: TrainingInterrupted: on SIGINT or SIGTERM, after the step under way and a checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    average.load_state_dict(model.state_dict())
    average.requires_grad_(False)
    optimiser = _optimiser(model, schedule)
    step, spent = _resume(folder / CHECKPOINT, model, average, optimiser)
    if step:
        report(f"resumed at step {step}")
    clock = RunClock(schedule, spent)
    clock.report_if_over(step, report)
    progress = TrainingProgress(schedule.steps, step, clock, report)
    if step == 0:
        with clock.checkpoint():
            on_checkpoint(0)
    with InterruptHandler() as interruption:
        while (share := clock.share(step)) < 1:
            generator = torch.Generator().manual_seed(schedule.seed * 1_000_003 + step)
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate_at(step, share)
            value = loss(model if forward is None else forward, step, generator)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(value)
            torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
            optimiser.step()
            step += 1
            update_average(average, model, schedule.ema, step)
            progress.step(step, value.item())
            is_due = clock.is_checkpoint_due(step) or clock.share(step) >= 1
            if not is_due and not interruption.requested:
                continue
            with clock.checkpoint():
                saved = {
                    "model": model.state_dict(),
                    "average": average.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step,
                    "seconds": clock.seconds,
                    "schedule": asdict(schedule),
                }
                write_checkpoint(folder / CHECKPOINT, saved)
                if interruption.requested:
                    raise TrainingInterrupted(
                        f"stopped at step {step}; the same command goes on from it"
                    )
                row = {"step": step, "loss": progress.loss, **validate(average)}
                log_row(folder, row, progress)
                on_checkpoint(step)


def _optimiser(model: nn.Module, schedule: Schedule) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": schedule.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.98))


def _resume(
    path: Path, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[int, float]:
    """Read a checkpoint if there is one; return its step and the seconds spent until then."""
    if not path.exists():
        return 0, 0.0
    saved = torch.load(path, weights_only=True)
    model.load_state_dict(saved["model"])
    average.load_state_dict(saved["average"])
    optimiser.load_state_dict(saved["optimiser"])
    return saved["step"], saved["seconds"]


def write_checkpoint(path: Path, saved: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically."""
    torch.save(dict(saved), path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Update the exponential moving average of the weights; its decay is smaller in early steps."""
    decay = min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)


def log_row(folder: Path, row: Mapping[str, float], progress: TrainingProgress) -> None:
    """Print the figures of a checkpoint, and append them to the folder's log."""
    progress.line("  ".join(f"{k} {v:.4g}" for k, v in row.items()))
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps({**row, "seconds": round(progress.clock.seconds, 1)}) + "\n")


class InterruptHandler:
    """A context in which SIGINT and SIGTERM set a flag; a second signal interrupts at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> InterruptHandler:
        self._before: dict[signal.Signals, Any] = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._request)
            except ValueError:  # not the main thread: whoever owns it decides
                break
        return self

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class TrainingProgress:
    """The progress of a run: a bar on a terminal, a line every 50 steps elsewhere."""

    def __init__(self, steps: int, done: int, clock: RunClock, report: Report) -> None:
        """Begin a sitting. done: steps of earlier ones."""
        self._steps, self._first, self._report = steps, done, report
        self._sitting_start = clock.seconds
        self.clock = clock
        self._bar = sys.stderr.isatty()
        self.loss = math.nan

    def step(self, step: int, loss: float) -> None:
        """Update the display with the loss of a finished step."""
        self.loss = loss if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * loss
        seconds, share = self.clock.seconds, self.clock.share(step)
        if self.clock.limit:
            done, left = f"step {step}", max(self.clock.limit - seconds, 0.0)
        else:
            a_step = (seconds - self._sitting_start) / (step - self._first)
            done, left = f"step {step}/{self._steps}", a_step * (self._steps - step)
        text = f"{done}  loss {self.loss:.4f}  {_format_duration(left)} left"
        if self._bar:
            filled = int(24 * share)
            bar = "█" * filled + "·" * (24 - filled)
            print(f"\r{bar} {text}  ", end="", file=sys.stderr, flush=True)
        elif step % 50 == 0:
            self._report(text)

    def line(self, text: str) -> None:
        """Print a line above the bar."""
        if self._bar:
            print("\r\033[K", end="", file=sys.stderr)
        self._report(text)


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
