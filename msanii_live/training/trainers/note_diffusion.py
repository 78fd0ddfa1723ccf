"""Train the small Spectrogram Diffusion: windows of pieces, beside the window before each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from msanii_live.dsp.device import training_precision
from msanii_live.engines.note_diffusion.network import (
    NoteDiffusion,
    NoteDiffusionConfig,
    notes_in_window,
)
from msanii_live.engines.note_diffusion.note_alignment import NoteBatch, note_batch
from msanii_live.notes import Note
from msanii_live.training.data.note_set import NoteSet, NoteSplit
from msanii_live.training.trainers.loop import Report, Schedule, read_recipe_tables, run


@dataclass(frozen=True, kw_only=True)
class NoteDiffusionRecipe(Schedule):
    """The hyperparameters of a training run.

    alone: share of windows without context. context_noise: largest standard deviation of the noise
    on the context, against drift over chained windows. time_mean, time_deviation: of the logit of
    the noise level. pure_noise: share of windows at level 1. time_floor: smallest level by which
    the error is divided. sparse: probability of keeping a window without notes.
    """

    alone: float = 0.25
    context_noise: float = 0.2
    time_mean: float = 0.5
    time_deviation: float = 1.2
    pure_noise: float = 0.1
    time_floor: float = 0.15
    sparse: float = 0.1


def read_recipe(path: Path) -> tuple[NoteDiffusionRecipe, NoteDiffusionConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, NoteDiffusionRecipe, NoteDiffusionConfig)


@dataclass(frozen=True)
class NoteDiffusionBatch:
    """The windows of one training step.

    mel: ln magnitudes, (batch, window, mels). before: those of the window before, of the same
    shape. there: which frames of `before` are known, bool, (batch, window).
    """

    notes: NoteBatch
    mel: torch.Tensor
    before: torch.Tensor
    there: torch.Tensor


def draw_batch(
    split: NoteSplit,
    net: NoteDiffusion,
    rng: np.random.Generator,
    recipe: NoteDiffusionRecipe,
) -> NoteDiffusionBatch:
    """Return a batch of random windows."""
    config = net.config
    window, length = config.window, split.mels.shape[1]
    chosen: list[list[Note]] = []
    mels: list[np.ndarray] = []
    before: list[np.ndarray] = []
    there = torch.zeros(recipe.batch, window, dtype=torch.bool)
    while len(mels) < recipe.batch:
        piece = int(rng.integers(len(split.pieces)))
        first = int(rng.integers(length - window))
        moment = first / net.frames_per_second
        notes = notes_in_window(split.pieces[piece], moment, window / net.frames_per_second)
        if not notes and rng.random() > recipe.sparse:
            continue
        known = 0 if rng.random() < recipe.alone else min(first, window)
        known -= known % config.patch
        there[len(mels), window - known :] = True
        past = np.zeros((window, split.mels.shape[2]), np.float32)
        past[window - known :] = split.mels[piece, first - known : first]
        chosen.append(notes)
        mels.append(split.mels[piece, first : first + window].astype(np.float32))
        before.append(past)
    return NoteDiffusionBatch(
        note_batch(chosen, config.programs, net.frames_per_second),
        torch.from_numpy(np.stack(mels)),
        torch.from_numpy(np.stack(before)),
        there,
    )


def batch_loss(
    net: NoteDiffusion,
    drawn: NoteDiffusionBatch,
    recipe: NoteDiffusionRecipe,
    generator: torch.Generator,
) -> torch.Tensor:
    """Return the loss of a batch: the error of the velocity, (x̂_0 - x_0)² / t²."""
    size = len(drawn.mel)
    clean = net.normalise(drawn.mel)
    logit = recipe.time_mean + recipe.time_deviation * torch.randn(size, generator=generator)
    t = torch.sigmoid(logit).clamp(1e-3, 1 - 1e-3)
    t = torch.where(torch.rand(size, generator=generator) < recipe.pure_noise, 1.0, t)
    level = t[:, None, None]
    noisy = (1 - level) * clean + level * torch.randn(clean.shape, generator=generator)
    blur = (torch.rand(size, generator=generator) - 0.5).clamp_min(0) * 2 * recipe.context_noise
    before = net.normalise(drawn.before)
    before = before + blur[:, None, None] * torch.randn(before.shape, generator=generator)
    with training_precision(torch.device("cpu")):
        made = net(noisy, t, net.encode(drawn.notes, before, drawn.there))
    error: torch.Tensor = (made - clean).square().mean((1, 2))
    return (error / t.clamp_min(recipe.time_floor).square()).mean()


def train_note_diffusion(
    data: NoteSet,
    recipe: NoteDiffusionRecipe,
    config: NoteDiffusionConfig,
    folder: Path,
    report: Report,
) -> NoteDiffusion:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    net, average = NoteDiffusion(config, data.spec), NoteDiffusion(config, data.spec)
    some = torch.from_numpy(data.train.mels[:: max(1, len(data.train.mels) // 64)].astype("f4"))
    net.mean.copy_(some.mean((0, 1)))
    net.deviation.copy_(some.std((0, 1)))
    quiet = replace(recipe, sparse=0.0)
    fixed = [draw_batch(data.validation, net, np.random.default_rng(n), quiet) for n in range(3)]

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        assert isinstance(net, NoteDiffusion)
        rng = np.random.default_rng([recipe.seed, step])
        return batch_loss(net, draw_batch(data.train, net, rng, recipe), recipe, generator)

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        assert isinstance(net, NoteDiffusion)
        generator = torch.Generator().manual_seed(0)
        losses = [batch_loss(net, drawn, quiet, generator).item() for drawn in fixed]
        return {"validation": sum(losses) / len(losses)}

    run(net, average, recipe, folder, loss, validate, report)
    return average
