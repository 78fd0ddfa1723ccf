"""Train the flow network: rectified flow that predicts clean mels, with a mask of known frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from msanii_live.dsp.device import training_precision
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.training.data.batches import Batch, draw_batch
from msanii_live.training.data.dataset import DataSet
from msanii_live.training.trainers.loop import Report, Schedule, read_recipe_tables, run

FlowModel = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, Conditions], torch.Tensor
]


@dataclass(frozen=True, kw_only=True)
class FlowRecipe(Schedule):
    """The hyperparameters of a training run.

    context_noise: largest deviation of the noise added to the known mels, against drift when
    outpainting is chained. time_mean, time_deviation: of the logit of the noise level. pure_noise:
    share of windows at noise level 1 exactly, where sampling starts. time_floor: the loss weight
    is 1 / max(t, time_floor)². lengths: mel frames of the windows, drawn anew for each step; none
    for the network's `window`.
    """

    dropout: float = 0.15
    context_noise: float = 0.1
    time_mean: float = 2.0
    time_deviation: float = 1.5
    pure_noise: float = 0.05
    time_floor: float = 0.3
    lengths: Sequence[int] = ()


def read_recipe(path: Path) -> tuple[FlowRecipe, FlowConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, FlowRecipe, FlowConfig)


def flow_loss(
    model: FlowModel,
    batch: Batch,
    t: torch.Tensor,
    noise: torch.Tensor,
    context: torch.Tensor,
    time_floor: float,
) -> torch.Tensor:
    """Return the velocity-weighted error of the predicted clean mel, over the unknown frames.

    t: (batch,), in (0, 1]. noise, context: shaped like batch.x; context is the network's input for
    the known part. Returns the loss of each window, (batch,).
    Source: Liu et al. 2022, arXiv:2209.03003, eq. 1, with x_t = (1 - t) x_0 + t noise, rewritten
    for x_0: (v̂ - v)² = (x̂_0 - x_0)² / t².
    """
    level = t[:, None, None, None]
    noisy = (1 - level) * batch.x + level * noise
    predicted = model(noisy, t, context, batch.mask, batch.conditions)
    unknown = 1 - batch.mask
    squared = ((predicted - batch.x) ** 2 * unknown).mean((1, 2, 3))
    return squared / unknown.mean((1, 2, 3)) / t.clamp_min(time_floor) ** 2


@dataclass(frozen=True)
class NoiseSample:
    """The random part of a batch.

    t: noise levels, (batch,). noise: shaped like the mels. context: the network's input for the
    known part, shaped like the mels.
    """

    t: torch.Tensor
    noise: torch.Tensor
    context: torch.Tensor


def draw_noise(batch: Batch, recipe: FlowRecipe, generator: torch.Generator) -> NoiseSample:
    """Draw noise levels (logit-normal), noise and context noise."""
    size = len(batch.x)
    logit = recipe.time_mean + recipe.time_deviation * torch.randn(size, generator=generator)
    t = torch.sigmoid(logit).clamp(1e-3, 1 - 1e-3)
    t = torch.where(torch.rand(size, generator=generator) < recipe.pure_noise, 1.0, t)
    noise = torch.randn(batch.x.shape, generator=generator)
    # Half the windows see a clean context, half a slightly noisy one.
    blur = (torch.rand(size, generator=generator) - 0.5).clamp_min(0) * 2 * recipe.context_noise
    context = batch.x + blur[:, None, None, None] * torch.randn(batch.x.shape, generator=generator)
    return NoiseSample(t, noise, context)


def batch_loss(
    model: FlowModel, batch: Batch, recipe: FlowRecipe, generator: torch.Generator
) -> torch.Tensor:
    """Return the mean loss of a batch at noise levels drawn for it."""
    drawn = draw_noise(batch, recipe, generator)
    return flow_loss(model, batch, drawn.t, drawn.noise, drawn.context, recipe.time_floor).mean()


def seeded_batch(data: DataSet, recipe: FlowRecipe, config: FlowConfig, step: int) -> Batch:
    """Draw the training batch of a step."""
    rng = np.random.default_rng([recipe.seed, step])
    return draw_batch(
        data,
        data.split("train"),
        rng,
        size=recipe.batch,
        mel_frames=int(rng.choice(recipe.lengths)) if recipe.lengths else config.window,
        patch=config.patch,
        dropout=recipe.dropout,
    )


def copy_matching_weights(net: FlowNet, tensors: Mapping[str, torch.Tensor]) -> str:
    """Copy the weights of another network where the shapes match.

    Of tables that have grown, the first rows are copied. Weights that the other network lacks keep
    their values. Returns a message that lists them.
    """
    new = []
    for name, value in net.state_dict().items():
        other = tensors.get(name)
        if other is not None and other.shape[1:] == value.shape[1:] and len(other) <= len(value):
            value[: len(other)] = other
        if other is None or other.shape != value.shape:
            new.append(name)
    return "begun from trained weights" + (f"; new: {', '.join(new)}" if new else "")


def train(
    data: DataSet,
    recipe: FlowRecipe,
    config: FlowConfig,
    folder: Path,
    report: Report,
    *,
    compiled: bool = False,
    start: Mapping[str, torch.Tensor] | None = None,
    on_checkpoint: Callable[[int, FlowNet], None] = lambda step, net: None,
) -> FlowNet:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    compiled: use torch.compile, an eighth faster on a CPU after a minute of compilation; needs a
    C++ compiler. start: weights to start from, see `copy_matching_weights`; None for random ones.
    Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    model, average = FlowNet(config), FlowNet(config)
    if start is not None:
        report(copy_matching_weights(model, start))
    batches = _validation_batches(data, recipe, config)

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        batch = seeded_batch(data, recipe, config, step)
        with training_precision(torch.device("cpu")):
            return batch_loss(net, batch, recipe, generator)

    run(
        model,
        average,
        recipe,
        folder,
        loss,
        lambda net: {"validation": validation_loss(net, batches, recipe)},
        report,
        on_checkpoint=lambda step: on_checkpoint(step, average),
        forward=torch.compile(model) if compiled else None,  # type: ignore[arg-type]
    )
    return average


def _validation_batches(data: DataSet, recipe: FlowRecipe, config: FlowConfig) -> list[Batch]:
    rng = np.random.default_rng(0)
    entries = data.split("validation") or data.entries
    return [
        draw_batch(
            data,
            entries,
            rng,
            size=recipe.batch,
            mel_frames=config.window,
            patch=config.patch,
            dropout=0.0,
        )
        for _ in range(4)
    ]


@torch.no_grad()
def validation_loss(model: FlowModel, batches: list[Batch], recipe: FlowRecipe) -> float:
    """Return the mean loss over fixed windows with fixed noise."""
    generator = torch.Generator().manual_seed(0)
    with training_precision(torch.device("cpu")):
        losses = [batch_loss(model, batch, recipe, generator).item() for batch in batches]
    return sum(losses) / len(losses)
