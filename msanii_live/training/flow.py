"""Train the flow network: rectified flow that predicts clean mels, with a mask of known frames."""

from __future__ import annotations

import json
import math
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from msanii_live.errors import ConfigError
from msanii_live.models.conditions import Conditions
from msanii_live.models.flow_net import FlowConfig, FlowNet
from msanii_live.training.batches import Batch, draw_batch
from msanii_live.training.dataset import DataSet

FlowModel = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, Conditions], torch.Tensor
]


@dataclass(frozen=True)
class FlowRecipe:
    """Hold every number that decides a training run.

    steps: optimiser steps; decay: the last of them, over which the rate falls to zero; warm_up:
    the first, over which it rises. context_noise: largest deviation of the noise added to the
    known mels, against drift when outpainting is chained. ema: decay of the averaged weights.
    time_mean, time_deviation: of the logit of the noise level. pure_noise: share of windows at
    noise level 1 exactly, where sampling starts. time_floor: the loss weight is
    1 / max(t, time_floor)².
    """

    steps: int
    decay: int
    batch: int = 16
    rate: float = 1e-3
    warm_up: int = 300
    weight_decay: float = 0.02
    clip: float = 1.0
    ema: float = 0.999
    dropout: float = 0.15
    context_noise: float = 0.1
    time_mean: float = 2.0
    time_deviation: float = 1.5
    pure_noise: float = 0.05
    time_floor: float = 0.3
    seed: int = 1


def read_recipe(path: Path) -> tuple[FlowRecipe, FlowConfig]:
    """Read a recipe file with the tables [training] and [network].

    Raises: ConfigError: a key that neither dataclass has.
    """
    tables = tomllib.loads(path.read_text())
    for table, kind in (("training", FlowRecipe), ("network", FlowConfig)):
        unknown = set(tables.get(table, {})) - {field.name for field in fields(kind)}
        if unknown:
            raise ConfigError(f"{path}: unknown key in [{table}]: {', '.join(sorted(unknown))}")
    return FlowRecipe(**tables["training"]), FlowConfig(**tables.get("network", {}))


def flow_loss(
    model: FlowModel,
    batch: Batch,
    t: torch.Tensor,
    noise: torch.Tensor,
    context: torch.Tensor,
    time_floor: float,
) -> torch.Tensor:
    """Return the velocity-weighted error of the predicted clean mel, over the unknown frames.

    t: (batch,), in (0, 1]. noise, context: shaped like batch.x; context is what the network is
    shown of the known part. Returns the loss of each window, (batch,).
    Source: Liu et al. 2022, arXiv:2209.03003, eq. 1, with x_t = (1 - t) x_0 + t noise, rewritten
    for x_0: (v̂ - v)² = (x̂_0 - x_0)² / t².
    """
    level = t[:, None, None, None]
    noisy = (1 - level) * batch.x + level * noise
    predicted = model(noisy, t, context, batch.mask, batch.conditions)
    unknown = 1 - batch.mask
    squared = ((predicted - batch.x) ** 2 * unknown).mean((1, 2, 3))
    return squared / unknown.mean((1, 2, 3)) / t.clamp_min(time_floor) ** 2


def learning_rate(recipe: FlowRecipe, step: int) -> float:
    """Return the rate at a step: linear warm-up, a plateau, then a linear fall to zero."""
    rising = min(1.0, (step + 1) / recipe.warm_up)
    falling = min(1.0, max(recipe.steps - step, 0) / max(recipe.decay, 1))
    return recipe.rate * rising * falling


def draw_loss(
    model: FlowModel, batch: Batch, recipe: FlowRecipe, generator: torch.Generator
) -> torch.Tensor:
    """Draw noise levels (logit-normal), noise and context noise, and return the mean loss."""
    size = len(batch.x)
    logit = recipe.time_mean + recipe.time_deviation * torch.randn(size, generator=generator)
    t = torch.sigmoid(logit).clamp(1e-3, 1 - 1e-3)
    t = torch.where(torch.rand(size, generator=generator) < recipe.pure_noise, 1.0, t)
    noise = torch.randn(batch.x.shape, generator=generator)
    # Half the windows see a clean context, half a slightly noisy one.
    blur = (torch.rand(size, generator=generator) - 0.5).clamp_min(0) * 2 * recipe.context_noise
    context = batch.x + blur[:, None, None, None] * torch.randn(batch.x.shape, generator=generator)
    return flow_loss(model, batch, t, noise, context, recipe.time_floor).mean()


def adopt(net: FlowNet, tensors: Mapping[str, torch.Tensor]) -> str:
    """Copy the weights of another network where the shapes allow, and say what was new.

    Tables that have grown keep their first rows; what the other network lacks stays as it is.
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
    report: Callable[[str], None],
    checkpoint_every: int = 250,
    compiled: bool = False,
    start: Mapping[str, torch.Tensor] | None = None,
) -> FlowNet:
    """Train, resuming from `folder`/checkpoint.pt if there is one; return the averaged network.

    start: weights to begin with instead of random ones; see `adopt`.

    Every `checkpoint_every` steps the checkpoint is replaced and the loss on fixed validation
    windows is reported and appended to `folder`/log.jsonl. compiled: run through torch.compile,
    an eighth faster on a CPU after a minute's start; needs a C++ compiler.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    model, average = FlowNet(config), FlowNet(config)
    if start is not None:
        report(adopt(model, start))
    average.load_state_dict(model.state_dict())
    average.requires_grad_(False)
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    optimiser = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=recipe.rate,
        betas=(0.9, 0.98),
    )
    step, spent = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["seconds"]
        report(f"resumed at step {step}")
    validation = _validation_batches(data, recipe, config)
    entries = data.split("train")
    forward = torch.compile(model) if compiled else model
    started, running = time.monotonic() - spent, math.nan
    while step < recipe.steps:
        # Seeded by the step, so that a resumed run draws what an unbroken one would.
        rng = np.random.default_rng([recipe.seed, step])
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        batch = draw_batch(
            data,
            entries,
            rng,
            size=recipe.batch,
            mel_frames=config.window,
            patch=config.patch,
            dropout=recipe.dropout,
        )
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe, step)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = draw_loss(forward, batch, recipe, generator)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
        step += 1
        decay = min(recipe.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
        running = loss.item() if math.isnan(running) else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0:
            seconds = time.monotonic() - started
            report(f"step {step}/{recipe.steps} loss {running:.4f} {seconds:.0f} s")
        if step % checkpoint_every == 0 or step == recipe.steps:
            seconds = time.monotonic() - started
            value = validation_loss(average, validation, recipe)
            report(f"step {step} validation loss {value:.4f}")
            with (folder / "log.jsonl").open("a") as log:
                row = {"step": step, "loss": running, "validation": value, "seconds": seconds}
                log.write(json.dumps(row) + "\n")
            state = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "seconds": seconds,
                "recipe": asdict(recipe),
                "config": asdict(config),
            }
            torch.save(state, checkpoint.with_suffix(".partial"))
            checkpoint.with_suffix(".partial").replace(checkpoint)
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
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = [draw_loss(model, batch, recipe, generator).item() for batch in batches]
    return sum(losses) / len(losses)
