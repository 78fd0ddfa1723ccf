"""Distil the flow network to few steps: one jump replaces several of its small steps.

The teacher is the trained flow. For schedules of four and eight steps, the student learns the end
point of the teacher's small steps between two noise levels. For two steps and one, it learns the
end point of two jumps of its own running average on the schedule with twice as many steps. A share
of each batch stays plain flow, so that the same network still serves many steps.

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

from msanii_live.dsp.device import training_precision
from msanii_live.dsp.samplers import shift_level, shifted_times, unshift_level
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.training.data.batches import Batch
from msanii_live.training.data.dataset import DataSet
from msanii_live.training.trainers.flow import FlowRecipe, draw_noise, seeded_batch
from msanii_live.training.trainers.loop import Report, read_recipe_tables, run

FINEST_STEPS = 16  # steps of the teacher


@dataclass(frozen=True, kw_only=True)
class ShortcutRecipe(FlowRecipe):
    """The hyperparameters of a training run.

    plain: share of each batch that stays flow.
    """

    plain: float = 0.33


def read_recipe(path: Path) -> tuple[ShortcutRecipe, FlowConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, ShortcutRecipe, FlowConfig)


def jump_to(
    x: torch.Tensor, clean: torch.Tensor, now: torch.Tensor, to: torch.Tensor
) -> torch.Tensor:
    """Return the point at level `to` on the line from `x`, at level `now`, to a clean mel.

    now, to: (batch,).
    """
    share = (to / now)[:, None, None, None]
    return clean + (x - clean) * share


def draw_levels(batch: int, generator: torch.Generator) -> tuple[int, torch.Tensor, torch.Tensor]:
    """Draw a number of steps and, for each window, one step of its schedule.

    Returns the number of steps, and the start and end levels of the step, (batch,) each.
    """
    weights = torch.tensor([0.1, 0.15, 0.5, 0.25])
    steps = (1, 2, 4, 8)[int(torch.multinomial(weights, 1, generator=generator))]
    times = shifted_times(steps)
    index = torch.randint(0, steps, (batch,), generator=generator)
    return steps, times[index], times[index + 1]


@torch.no_grad()
def jump_target(
    teacher: FlowNet,
    average: nn.Module,
    batch: Batch,
    x: torch.Tensor,
    context: torch.Tensor,
    steps: int,
    levels: tuple[torch.Tensor, torch.Tensor],
) -> torch.Tensor:
    """Return the clean mel for which one jump ends where several small steps end."""
    now, to = levels
    substeps = FINEST_STEPS // steps if steps >= 4 else 2
    fine = _between(now, to, substeps)
    here = x
    for begin, end in pairwise(fine):
        if steps >= 4:
            clean = teacher(here, begin, context, batch.mask, batch.conditions)
        else:
            clean = average(here, begin, context, batch.mask, batch.conditions, end)
        here = jump_to(here, clean, begin, end)
    share = (to / now)[:, None, None, None]
    return (here - share * x) / (1 - share)


def _between(now: torch.Tensor, to: torch.Tensor, count: int) -> list[torch.Tensor]:
    """Return count + 1 levels from one to the other, uniform on the schedule's scale."""
    a, b = unshift_level(now), unshift_level(to)
    return [shift_level(a + (b - a) * i / count) for i in range(count + 1)]


def train_shortcut(
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

    trained: the flow to start from, which is also the teacher. Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    config = trained.config
    teacher = copy.deepcopy(trained).requires_grad_(False).eval()
    model, average = copy.deepcopy(trained), copy.deepcopy(trained)
    model.requires_grad_(True)
    compiled_teacher = torch.compile(teacher) if compiled else teacher

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        batch = seeded_batch(data, recipe, config, step)
        with training_precision(torch.device("cpu")):
            return _loss(net, compiled_teacher, average, batch, recipe, generator)  # type: ignore[arg-type]

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
    jump_targets = jump_target(
        teacher, average, part, x[plain:], drawn.context[plain:], steps, levels
    )
    targets = torch.cat([batch.x[:plain], jump_targets])
    predicted = net(x, now, drawn.context, batch.mask, batch.conditions, to)
    unknown = 1 - batch.mask
    squared = ((predicted - targets) ** 2 * unknown).mean((1, 2, 3)) / unknown.mean((1, 2, 3))
    weighted: torch.Tensor = (squared / now.clamp_min(recipe.time_floor) ** 2).mean()
    return weighted
