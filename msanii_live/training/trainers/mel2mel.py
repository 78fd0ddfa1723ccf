"""Train Mel2Mel with one of the three losses of its paper, and on mixes of two instruments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from msanii_live.dsp.device import training_precision
from msanii_live.engines.mel2mel.network import Mel2Mel, Mel2MelConfig, piano_rolls
from msanii_live.errors import ConfigError
from msanii_live.training.data.timbre_set import TimbreSet, TimbreSplit
from msanii_live.training.trainers.loop import Report, Schedule, read_recipe_tables, run

LOSSES = ("tanh-log-abs", "log-abs", "abs")


@dataclass(frozen=True, kw_only=True)
class Mel2MelRecipe(Schedule):
    """The hyperparameters of a training run.

    window: mel frames. skip: first frames of a window, excluded from the loss, because the onsets
    of their notes may lie before it. loss: one of LOSSES. morphs: share of windows that mix two
    instruments, an addition to the paper: the target is the mean of both ln mels, so that a morph
    does not pass through a third instrument.
    """

    window: int = 352
    skip: int = 24
    loss: str = "tanh-log-abs"
    morphs: float = 0.3


def read_recipe(path: Path) -> tuple[Mel2MelRecipe, Mel2MelConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`.

    Raises: ConfigError: also where the loss is none of LOSSES.
    """
    recipe, config = read_recipe_tables(path, Mel2MelRecipe, Mel2MelConfig)
    if recipe.loss not in LOSSES:
        raise ConfigError(f"{path}: loss is {recipe.loss!r}: it must be one of {', '.join(LOSSES)}")
    return recipe, config


def mel_loss(kind: str, made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Return the mean squared difference of two mels after the transform of the loss.

    made, true: ln magnitudes. kind: "abs" compares magnitudes, "log-abs" their logarithms, and
    "tanh-log-abs" tanh of a quarter of these, which gives less weight to quiet cells.
    Source: arXiv:1811.00223, table 1.
    """
    if kind == "abs":
        return (made.exp() - true.exp()).square().mean()
    if kind == "log-abs":
        return (made - true).square().mean()
    return ((made / 4).tanh() - (true / 4).tanh()).square().mean()


@dataclass(frozen=True)
class Mel2MelBatch:
    """The windows of one training step.

    rolls: piano rolls, (batch, window, 176). timbre: shares of the instruments, which add up to 1,
    (batch, instruments). mel: ln magnitudes, (batch, window, mels).
    """

    rolls: torch.Tensor
    timbre: torch.Tensor
    mel: torch.Tensor


class WindowSampler:
    """A sampler of random training windows from one split."""

    def __init__(self, split: TimbreSplit, seconds_per_frame: float) -> None:
        """Compute the piano rolls of the split."""
        self._split = split
        self._rolls = piano_rolls(split.notes, split.mels.shape[1], seconds_per_frame).half()

    def draw(
        self, rng: np.random.Generator, batch: int, window: int, morphs: float
    ) -> Mel2MelBatch:
        """Return a batch of random windows by random instruments."""
        mels, count = self._split.mels, self._split.mels.shape[1]
        instruments = len(mels)
        drawn, shares, targets = [], torch.zeros(batch, instruments), []
        for row in range(batch):
            first = int(rng.integers(count - window))
            place = slice(first, first + window)
            one, other = (int(n) for n in rng.choice(instruments, 2, replace=False))
            share = float(rng.uniform()) if rng.uniform() < morphs else 0.0
            target = torch.from_numpy(mels[one, place].astype(np.float32))
            if share:
                beside = torch.from_numpy(mels[other, place].astype(np.float32))
                target = torch.lerp(target, beside, share)
            shares[row, one], shares[row, other] = 1 - share, share
            drawn.append(self._rolls[place].float())
            targets.append(target)
        return Mel2MelBatch(torch.stack(drawn), shares, torch.stack(targets))


def predict(net: Mel2Mel, drawn: Mel2MelBatch) -> torch.Tensor:
    """Return a network's mels for a batch."""
    made: torch.Tensor = net(drawn.rolls, drawn.timbre @ net.timbres.weight)
    return made


def correlation(made: torch.Tensor, true: torch.Tensor) -> float:
    """Return Pearson's correlation of two mels, ln magnitudes, over all their cells."""
    a, b = made.flatten().double(), true.flatten().double()
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / (a.norm() * b.norm()).clamp_min(1e-9))


def train_mel2mel(
    data: TimbreSet,
    recipe: Mel2MelRecipe,
    config: Mel2MelConfig,
    folder: Path,
    report: Report,
    on_checkpoint: Callable[[Mel2Mel], None] = lambda average: None,
) -> Mel2Mel:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    on_checkpoint: called with the average, before the first step too; see `loop.run`.
    Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    config = replace(config, instruments=data.instruments)
    net, average = Mel2Mel(config, data.spec), Mel2Mel(config, data.spec)
    a_frame = data.spec.hop / data.spec.sample_rate
    windows, held_out = WindowSampler(data.train, a_frame), WindowSampler(data.validation, a_frame)
    fixed = held_out.draw(np.random.default_rng(0), 40, recipe.window, 0.0)

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        assert isinstance(net, Mel2Mel)
        rng = np.random.default_rng([recipe.seed, step])
        drawn = windows.draw(rng, recipe.batch, recipe.window, recipe.morphs)
        with training_precision(torch.device("cpu")):
            made = predict(net, drawn).float()
        return mel_loss(recipe.loss, made[:, recipe.skip :], drawn.mel[:, recipe.skip :])

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        assert isinstance(net, Mel2Mel)
        made = predict(net, fixed)[:, recipe.skip :]
        true = fixed.mel[:, recipe.skip :]
        return {
            "validation": mel_loss(recipe.loss, made, true).item(),
            "correlation": correlation(made, true),
        }

    run(net, average, recipe, folder, loss, validate, report, lambda step: on_checkpoint(average))
    return average
