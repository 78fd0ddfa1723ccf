"""Sampling of a rectified flow: plain functions over any callable that predicts clean data."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch

Denoise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
SHIFT = 3.0


def shifted_levels(steps: int, start: float = 1.0, shift: float = SHIFT) -> torch.Tensor:
    """Return noise levels from `start` down to 0 that dwell near 1, float32, (steps + 1,).

    Which notes there are is settled while the noise is high, so most steps are spent there.
    Raises: ValueError: fewer than one step, or a start outside 0 to 1.
    Source: Esser et al. 2024, arXiv:2403.03206, eq. 23.
    """
    if steps < 1 or not 0.0 < start <= 1.0:
        raise ValueError(f"steps {steps} must be 1 or more, start {start} above 0 and at most 1")
    even = torch.linspace(start / (shift - (shift - 1) * start), 0.0, steps + 1)
    return shift * even / (1 + (shift - 1) * even)


def sample_euler(
    denoise: Denoise,
    noise: torch.Tensor,
    levels: torch.Tensor,
    on_step: Callable[[int], None] = lambda done: None,
) -> torch.Tensor:
    """Follow the flow from noise to data.

    denoise: (x, level) → predicted clean data; level is float32, (batch,). noise: data at noise
    level levels[0], float32, (batch, ...). levels: float32, (steps + 1,), falling to 0. on_step:
    called with the number of steps done; an exception from it ends the sampling.
    Source: Liu et al. 2022, arXiv:2209.03003, eq. 1, with the velocity (x - clean) / level.
    """
    x = noise
    for index, (now, following) in enumerate(pairwise(levels.tolist())):
        clean = denoise(x, torch.full((len(x),), now, device=x.device))
        x = clean + (x - clean) * (following / now)
        on_step(index + 1)
    return x
