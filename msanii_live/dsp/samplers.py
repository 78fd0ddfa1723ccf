"""Samplers for rectified flow: plain functions over any callable that predicts the clean mel."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import torch

Denoiser = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def uniform_times(steps: int, start: float = 1.0) -> torch.Tensor:
    """Return noise levels from `start` down to 0, float32, (steps + 1,).

    Raises: ValueError: fewer than one step, or a start outside 0 to 1.
    """
    if steps < 1 or not 0.0 < start <= 1.0:
        raise ValueError(f"steps {steps}, start {start}")
    return torch.linspace(start, 0.0, steps + 1)


SHIFT = 5.0
Level = TypeVar("Level", float, torch.Tensor)


def shift_level(even: Level, shift: float = SHIFT) -> Level:
    """Map a uniform noise level to the shifted schedule, which is denser near 1.

    Source: Esser et al. 2024, arXiv:2403.03206, eq. 23.
    """
    return shift * even / (1 + (shift - 1) * even)


def unshift_level(level: Level, shift: float = SHIFT) -> Level:
    """Undo `shift_level`."""
    return level / (shift - (shift - 1) * level)


def noise_level(strength: float) -> float:
    """Return the noise level at which this share of a mel's structure is lost.

    strength: 0 keeps everything, 1 keeps nothing. Strength 0.5 maps to level 0.83, because nearly
    all structure survives lower levels.
    """
    return shift_level(strength)


def shifted_times(steps: int, start: float = 1.0) -> torch.Tensor:
    """Return noise levels that are denser near 1, float32, (steps + 1,), from `start` down to 0.

    Neighbouring bins of a mel are so similar that its structure is decided while t is above 0.8.
    Uniform levels would spend most steps where little is left to decide.

    Raises: ValueError: as `uniform_times`.
    """
    return shift_level(
        uniform_times(steps, unshift_level(start))
    )  # the first level is exactly `start`


def sample_euler(
    denoise: Denoiser, x: torch.Tensor, times: torch.Tensor, on_step: Callable[[int], None]
) -> torch.Tensor:
    """Follow the flow from noise to data in equal steps.

    denoise: (x, t, to) → predicted clean mel; t and to, the level of the next step, are float32,
    (batch,).
    x: mel at noise level times[0], float32, (batch, channels, mels, mel_frames).
    on_step: called with the number of steps done; an exception from it ends the sampling.
    Source: Liu et al. 2022, arXiv:2209.03003, eq. 1, with the velocity (x - x̂_0) / t.
    """
    for index, (now, following) in enumerate(pairwise(times)):
        levels = (level.expand(len(x)).to(x.device) for level in (now, following))
        clean = denoise(x, *levels)
        x = clean if following == 0 else clean + (x - clean) * (following / now)
        on_step(index + 1)
    return x
