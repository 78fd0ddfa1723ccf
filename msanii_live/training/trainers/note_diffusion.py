"""Train the small Spectrogram Diffusion: windows of pieces, beside the window before each."""

from __future__ import annotations

from collections.abc import Callable
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
from msanii_live.notes import PARTS, Note
from msanii_live.training.data.note_set import NoteSet, NoteSplit
from msanii_live.training.data.note_windows import DynamicsOptions, draw_dynamics, mels_between
from msanii_live.training.trainers.loop import Report, Schedule, read_recipe_tables, run

_NEVER = -1e4  # ln power of a part without notes


@dataclass(frozen=True, kw_only=True)
class NoteDiffusionRecipe(Schedule):
    """The hyperparameters of a training run.

    alone: share of windows without context. context_noise: largest standard deviation of the noise
    on the context, against drift over chained windows. time_mean, time_deviation: of the logit of
    the noise level. pure_noise: share of windows at level 1. time_floor: smallest level by which
    the error is divided. sparse: probability of keeping a window without notes. division: weight of
    the error of the division among the parts.
    """

    alone: float = 0.25
    context_noise: float = 0.2
    time_mean: float = 0.5
    time_deviation: float = 1.2
    pure_noise: float = 0.1
    time_floor: float = 0.15
    sparse: float = 0.1
    division: float = 0.3


def read_recipe(path: Path) -> tuple[NoteDiffusionRecipe, NoteDiffusionConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, NoteDiffusionRecipe, NoteDiffusionConfig)


@dataclass(frozen=True)
class NoteDiffusionBatch:
    """The windows of one training step.

    mel: ln magnitudes, (batch, window, mels). before: those of the window before, of the same
    shape. there: which frames of `before` are known, bool, (batch, window). parts: ln magnitudes of
    each of PARTS alone, (batch, parts, window, mels).
    """

    notes: NoteBatch
    mel: torch.Tensor
    before: torch.Tensor
    there: torch.Tensor
    parts: torch.Tensor


def draw_batch(
    split: NoteSplit,
    net: NoteDiffusion,
    rng: np.random.Generator,
    recipe: NoteDiffusionRecipe,
) -> NoteDiffusionBatch:
    """Return a batch of random windows."""
    config, dynamics = net.config, DynamicsOptions()
    window, length = config.window, split.mels.shape[1]
    chosen: list[list[Note]] = []
    mels: list[np.ndarray] = []
    before: list[np.ndarray] = []
    parts: list[np.ndarray] = []
    there = torch.zeros(recipe.batch, window, dtype=torch.bool)
    while len(mels) < recipe.batch:
        piece = int(rng.integers(len(split.pieces)))
        first = int(rng.integers(length - window))
        moment = first / net.frames_per_second
        drawn = draw_dynamics(split, piece, rng, dynamics)
        notes = notes_in_window(drawn.notes, moment, window / net.frames_per_second)
        if not notes and rng.random() > recipe.sparse:
            continue
        known = 0 if rng.random() < recipe.alone else min(first, window)
        known -= known % config.patch
        there[len(mels), window - known :] = True
        mix, alone = mels_between(
            split, drawn, first - known, first + window, net.spec.floor, dynamics.together
        )
        past = np.zeros((window, mix.shape[1]), np.float32)
        past[window - known :] = mix[:known]
        chosen.append(notes)
        mels.append(mix[known:])
        before.append(past)
        parts.append(alone[:, known:])
    return NoteDiffusionBatch(
        note_batch(chosen, config.programs, net.frames_per_second),
        torch.from_numpy(np.stack(mels)),
        torch.from_numpy(np.stack(before)),
        there,
        torch.from_numpy(np.stack(parts)),
    )


def batch_loss(
    net: NoteDiffusion,
    drawn: NoteDiffusionBatch,
    recipe: NoteDiffusionRecipe,
    generator: torch.Generator,
) -> torch.Tensor:
    """Return the loss of a batch: the error of the velocity, (x̂_0 - x_0)² / t², and of the levels.

    The levels are those of the parts; see `division_loss`.
    """
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
        context = net.encode(drawn.notes, before, drawn.there)
        made, features = net.decode(noisy, t, context)
        levels = net.part_levels(context, features.detach(), range(len(PARTS)))
    error: torch.Tensor = (made - clean).square().mean((1, 2))
    flow = (error / t.clamp_min(recipe.time_floor).square()).mean()
    return flow + recipe.division * division_loss(levels.transpose(0, 1), drawn)


def division_loss(levels: torch.Tensor, drawn: NoteDiffusionBatch) -> torch.Tensor:
    """Return the divergence of the predicted shares of the parts from the true ones, nats.

    Bands count by the square root of their magnitude. levels: (batch, parts, window, mels).
    """
    part, there = drawn.notes.part, drawn.notes.key > 0
    plays = torch.stack([((part == n) & there).any(1) for n in range(len(PARTS))], dim=1)
    absent = ~plays[:, :, None, None]
    wanted = (2 * drawn.parts).masked_fill(absent, _NEVER).log_softmax(1)
    made = levels.masked_fill(absent, _NEVER).log_softmax(1)
    divergence = (wanted.exp() * (wanted - made)).sum(1)
    loudness = (0.5 * (drawn.mel - drawn.mel.amax((1, 2), keepdim=True))).exp()
    several = (plays.sum(1) > 1)[:, None, None]
    weight = torch.where(several, loudness, 0.0)
    return (weight * divergence).sum() / weight.sum().clamp_min(1e-6)


def train_note_diffusion(
    data: NoteSet,
    recipe: NoteDiffusionRecipe,
    config: NoteDiffusionConfig,
    folder: Path,
    report: Report,
    on_checkpoint: Callable[[NoteDiffusion], None] = lambda average: None,
    start: NoteDiffusion | None = None,
) -> NoteDiffusion:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    start: the network to begin from, of the same sizes; None begins from random weights.
    on_checkpoint: called with the average, before the first step too; see `loop.run`.
    Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    net, average = NoteDiffusion(config, data.spec), NoteDiffusion(config, data.spec)
    some = torch.from_numpy(data.train.mels[:: max(1, len(data.train.mels) // 64)].astype("f4"))
    net.mean.copy_(some.mean((0, 1)))
    net.deviation.copy_(some.std((0, 1)))
    if start is not None:
        net.load_state_dict(start.state_dict())
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

    run(net, average, recipe, folder, loss, validate, report, lambda step: on_checkpoint(average))
    return average
