"""The noise levels that the network was trained on, and the timesteps that a sampler visits."""

from __future__ import annotations

import math

import torch
from torch import Tensor

TRAIN_TIMESTEPS = 1000  # table 2


def cosine_alpha_bars(train_timesteps: int = TRAIN_TIMESTEPS, max_beta: float = 0.999) -> Tensor:
    """Return the share of signal power at each training timestep under the cosine schedule.

    train_timesteps: length of the schedule, at least 1. max_beta: ceiling of the noise power one
    timestep adds, 0 to 1; only the last few reach it.

    Returns float64, (train_timesteps,), falling from nearly 1 to nearly 0. diffusers' schedulers
    hold the same in float32.

    >>> cosine_alpha_bars()[[0, 500, 999]].tolist()  # doctest: +ELLIPSIS
    [0.9999..., 0.49..., 2.4...e-09]

    Raises: ValueError: train_timesteps is below 1.

    Source: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17.
    """
    if train_timesteps < 1:
        raise ValueError(f"train_timesteps must be at least 1, got {train_timesteps}")
    progress = torch.linspace(0.0, 1.0, train_timesteps + 1, dtype=torch.float64)
    signal = torch.cos((progress + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1.0 - signal[1:] / signal[:-1]).clamp(max=max_beta)
    return torch.cumprod(1.0 - betas, dim=0)


def evaluation_count(steps: int, strength: float = 1.0) -> int:
    """Return how often a sampler evaluates the network.

    steps: evaluations that were asked for. strength: share of the timesteps that are run, above 0,
    at most 1; there are no more evaluations than timesteps.

    >>> evaluation_count(20), evaluation_count(20, 0.01)
    (20, 10)

    Raises: ValueError: steps is not 1 to TRAIN_TIMESTEPS, or strength is out of range.
    """
    return min(steps, _timesteps_within(steps, strength))


def trailing_timesteps(steps: int, strength: float = 1.0) -> list[int]:
    """Return timesteps evenly spaced down from the noisiest that the strength reaches.

    The network was trained on pure noise at the last timestep and at no other, so at strength 1
    the first is the last of training. diffusers has this spacing for strength 1 alone.

    Arguments and errors as for `evaluation_count`.

    >>> trailing_timesteps(4), trailing_timesteps(4, 0.4)
    ([999, 749, 499, 249], [399, 299, 199, 99])

    Source: Lin et al. 2023, arXiv:2305.08891, table 2 ("trailing").
    """
    within = _timesteps_within(steps, strength)
    steps = min(steps, within)
    return [round(within * (steps - step) / steps) - 1 for step in range(steps)]


def _timesteps_within(steps: int, strength: float) -> int:
    """Return how many timesteps lie within the strength."""
    if not 1 <= steps <= TRAIN_TIMESTEPS:
        raise ValueError(f"steps must be 1 to {TRAIN_TIMESTEPS}, got {steps}")
    within = round(strength * TRAIN_TIMESTEPS) if 0.0 < strength <= 1.0 else 0
    if within < 1:
        raise ValueError(f"strength must be above 0 and at most 1, got {strength}")
    return within
