"""Train the small Spectrogram Diffusion: windows of pieces, beside the window before each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from msanii_live.models.device import training_precision
from msanii_live.models.laid_notes import NoteRows, rows
from msanii_live.models.note_diffusion import NoteDiffusion, NoteDiffusionConfig, within
from msanii_live.notes import Note
from msanii_live.training.loop import Report, Schedule, read_tables, run
from msanii_live.training.note_set import NoteSet, NoteSplit


@dataclass(frozen=True, kw_only=True)
class NoteDiffusionRecipe(Schedule):
    """Hold every number that decides a training run.

    alone: share of windows that see none of what was before. context_noise: largest deviation of
    the noise on what was before, so that a chain bears what it made itself. time_mean,
    time_deviation: of the logit of the noise level; pure_noise: share of windows at level 1.
    time_floor: least level by which the error is divided. sparse: chance that a window without a
    note is kept.
    """

    alone: float = 0.25
    context_noise: float = 0.2
    time_mean: float = 0.5
    time_deviation: float = 1.2
    pure_noise: float = 0.1
    time_floor: float = 0.15
    sparse: float = 0.1


def read_recipe(path: Path) -> tuple[NoteDiffusionRecipe, NoteDiffusionConfig]:
    """Read a recipe file; see `loop.read_tables`."""
    return read_tables(path, NoteDiffusionRecipe, NoteDiffusionConfig)


@dataclass(frozen=True)
class Drawn:
    """Hold a batch. mel, before: ln magnitudes, (batch, window, mels). there: bool, (batch,
    window), which of `before` is given.
    """

    notes: NoteRows
    mel: torch.Tensor
    before: torch.Tensor
    there: torch.Tensor


def draw(
    split: NoteSplit,
    net: NoteDiffusion,
    rng: np.random.Generator,
    recipe: NoteDiffusionRecipe,
) -> Drawn:
    """Return a batch of windows at random places."""
    config = net.config
    window, length = config.window, split.mels.shape[1]
    chosen: list[list[Note]] = []
    mels: list[np.ndarray] = []
    before: list[np.ndarray] = []
    there = torch.zeros(recipe.batch, window, dtype=torch.bool)
    while len(mels) < recipe.batch:
        piece = int(rng.integers(len(split.pieces)))
        first = int(rng.integers(length - window))
        moment = first / net.frames_a_second
        notes = within(split.pieces[piece], moment, window / net.frames_a_second)
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
    return Drawn(
        rows(chosen, config.programs, net.frames_a_second),
        torch.from_numpy(np.stack(mels)),
        torch.from_numpy(np.stack(before)),
        there,
    )


def draw_loss(
    net: NoteDiffusion, drawn: Drawn, recipe: NoteDiffusionRecipe, generator: torch.Generator
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
    fixed = [draw(data.validation, net, np.random.default_rng(n), quiet) for n in range(3)]

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        assert isinstance(net, NoteDiffusion)
        rng = np.random.default_rng([recipe.seed, step])
        return draw_loss(net, draw(data.train, net, rng, recipe), recipe, generator)

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        assert isinstance(net, NoteDiffusion)
        generator = torch.Generator().manual_seed(0)
        losses = [draw_loss(net, drawn, quiet, generator).item() for drawn in fixed]
        return {"validation": sum(losses) / len(losses)}

    run(net, average, recipe, folder, loss, validate, report)
    return average
