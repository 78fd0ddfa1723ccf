"""Teach the flow network to arrive in few steps: one straight jump where its own small steps lead.

The teacher is the trained flow. For four and eight steps the student learns where the teacher's
small steps between two noise levels of that schedule end; for two and one, where its own average
would be after two jumps of the schedule twice as fine. A share of each batch goes on as plain
flow, so that the same network still serves many steps.

Source: Salimans & Ho 2022, arXiv:2202.00512, section 3 (distillation of deterministic samplers);
Frans et al. 2024, arXiv:2410.12557, section 3 (one network for all numbers of steps).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from msanii_live.models.device import training_precision
from msanii_live.models.flow_net import FlowConfig, FlowNet
from msanii_live.models.sampling import shifted, shifted_times, unshifted
from msanii_live.training.batches import Batch
from msanii_live.training.dataset import DataSet
from msanii_live.training.flow import FlowRecipe, draw_noise, seeded_batch
from msanii_live.training.loop import Report, read_tables, run

FINEST = 16  # steps of the teacher


@dataclass(frozen=True, kw_only=True)
class ShortcutRecipe(FlowRecipe):
    """Hold every number that decides the run. plain: share of each batch that stays flow."""

    plain: float = 0.33


def read_recipe(path: Path) -> tuple[ShortcutRecipe, FlowConfig]:
    """Read a recipe file; see `loop.read_tables`."""
    return read_tables(path, ShortcutRecipe, FlowConfig)


def jump(x: torch.Tensor, clean: torch.Tensor, now: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
    """Go straight from level `now` to level `to` towards a clean mel. now, to: (batch,)."""
    share = (to / now)[:, None, None, None]
    return clean + (x - clean) * share


def draw_levels(batch: int, generator: torch.Generator) -> tuple[int, torch.Tensor, torch.Tensor]:
    """Draw a number of steps and, for each window, one step of its schedule.

    Returns the number of steps, and the levels from which and to which, (batch,) each.
    """
    weights = torch.tensor([0.1, 0.15, 0.5, 0.25])
    steps = (1, 2, 4, 8)[int(torch.multinomial(weights, 1, generator=generator))]
    times = shifted_times(steps)
    index = torch.randint(0, steps, (batch,), generator=generator)
    return steps, times[index], times[index + 1]


@torch.no_grad()
def target(
    teacher: FlowNet,
    average: nn.Module,
    batch: Batch,
    x: torch.Tensor,
    context: torch.Tensor,
    steps: int,
    levels: tuple[torch.Tensor, torch.Tensor],
) -> torch.Tensor:
    """Return the clean mel towards which a straight jump lands where small steps would."""
    now, to = levels
    substeps = FINEST // steps if steps >= 4 else 2
    fine = _between(now, to, substeps)
    here = x
    for begin, end in pairwise(fine):
        if steps >= 4:
            clean = teacher(here, begin, context, batch.mask, batch.conditions)
        else:
            clean = average(here, begin, context, batch.mask, batch.conditions, end)
        here = jump(here, clean, begin, end)
    share = (to / now)[:, None, None, None]
    return (here - share * x) / (1 - share)


def _between(now: torch.Tensor, to: torch.Tensor, count: int) -> list[torch.Tensor]:
    """Return count + 1 levels from one to the other, even on the schedule's own scale."""
    a, b = unshifted(now), unshifted(to)
    return [shifted(a + (b - a) * i / count) for i in range(count + 1)]


def teach(
    data: DataSet,
    recipe: ShortcutRecipe,
    trained: FlowNet,
    folder: Path,
    report: Report,
    *,
    compiled: bool = False,
    on_checkpoint: Callable[[int, FlowNet], None] = lambda step, net: None,
) -> FlowNet:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    trained: the flow to begin with, which is also the teacher. Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    config = trained.config
    teacher = copy.deepcopy(trained).requires_grad_(False).eval()
    model, average = copy.deepcopy(trained), copy.deepcopy(trained)
    model.requires_grad_(True)
    wise = torch.compile(teacher) if compiled else teacher

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        batch = seeded_batch(data, recipe, config, step)
        with training_precision(torch.device("cpu")):
            return _loss(net, wise, average, batch, recipe, generator)  # type: ignore[arg-type]

    def validate(net: nn.Module) -> dict[str, float]:
        generator = torch.Generator().manual_seed(0)
        batch = seeded_batch(data, recipe, config, 10_000_000)
        with torch.no_grad(), training_precision(torch.device("cpu")):
            value = _loss(net, teacher, net, batch, recipe, generator)
        return {"validation": value.item()}

    run(
        model,
        average,
        recipe,
        folder,
        loss,
        validate,
        report,
        on_checkpoint=lambda step: on_checkpoint(step, average),
        forward=torch.compile(model) if compiled else None,  # type: ignore[arg-type]
    )
    return average


def _loss(
    net: nn.Module,
    teacher: FlowNet,
    average: nn.Module,
    batch: Batch,
    recipe: ShortcutRecipe,
    generator: torch.Generator,
) -> torch.Tensor:
    drawn = draw_noise(batch, recipe, generator)
    size = len(batch.x)
    plain = round(recipe.plain * size)
    steps, now, to = draw_levels(size, generator)
    now = torch.cat([drawn.t[:plain], now[plain:]])
    to = torch.cat([drawn.t[:plain], to[plain:]])
    level = now[:, None, None, None]
    x = (1 - level) * batch.x + level * drawn.noise
    part = batch.part(slice(plain, size))
    levels = (now[plain:], to[plain:])
    aimed = target(teacher, average, part, x[plain:], drawn.context[plain:], steps, levels)
    aim = torch.cat([batch.x[:plain], aimed])
    predicted = net(x, now, drawn.context, batch.mask, batch.conditions, to)
    unknown = 1 - batch.mask
    squared = ((predicted - aim) ** 2 * unknown).mean((1, 2, 3)) / unknown.mean((1, 2, 3))
    weighted: torch.Tensor = (squared / now.clamp_min(recipe.time_floor) ** 2).mean()
    return weighted
