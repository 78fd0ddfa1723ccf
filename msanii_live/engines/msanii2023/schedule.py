"""Noise levels and timesteps: the paper's, and those that begin at the true last one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

TRAIN_TIMESTEPS = 1000  # table 2


def cosine_alpha_bars(train_timesteps: int = TRAIN_TIMESTEPS, max_beta: float = 0.999) -> Tensor:
    """Return the share of signal power at each training timestep under the cosine schedule.

    train_timesteps: length of the schedule, at least 1.
    max_beta: ceiling of the noise power one timestep adds, 0 to 1; only the last few reach it.

    Returns float64, (train_timesteps,), falling from nearly 1 to nearly 0.

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


def leading_timesteps(
    steps: int, strength: float = 1.0, train_timesteps: int = TRAIN_TIMESTEPS
) -> list[int]:
    """Return the 2023 code's timesteps: evenly spaced, falling and ending at 0.

    Their spacing is rounded down to a whole number, so the first lies below where the strength
    says: at 950 of 999 for 20 steps from pure noise, at 199 instead of 299 for 200 steps at
    strength 0.3.

    steps: evaluations, at least 1; more than the strength has timesteps are not taken.
    strength: above 0, 1 begins with pure noise.

    >>> leading_timesteps(4), leading_timesteps(4, 0.4)
    ([750, 500, 250, 0], [300, 200, 100, 0])

    Raises: ValueError: steps is below 1 or above train_timesteps, or strength is out of range.

    Source: Lin et al. 2023, arXiv:2305.08891, table 2 ("leading").
    """
    reached = _reached(steps, strength, train_timesteps)
    steps = min(steps, reached)
    whole = min(round(steps / strength), train_timesteps)
    spacing = train_timesteps // whole
    return [step * spacing for step in reversed(range(steps))]


def trailing_timesteps(
    steps: int, strength: float = 1.0, train_timesteps: int = TRAIN_TIMESTEPS
) -> list[int]:
    """Return timesteps evenly spaced down from the noisiest that the strength reaches.

    Pure noise is what the network was trained on at the last timestep, and at no other.

    steps, strength: as for `leading_timesteps`.

    >>> trailing_timesteps(4), trailing_timesteps(4, 0.4)
    ([999, 749, 499, 249], [399, 299, 199, 99])

    Raises: ValueError: as `leading_timesteps`.

    Source: Lin et al. 2023, arXiv:2305.08891, table 2 ("trailing").
    """
    reached = _reached(steps, strength, train_timesteps)
    steps = min(steps, reached)
    return [round(reached * (steps - step) / steps) - 1 for step in range(steps)]


def _reached(steps: int, strength: float, train_timesteps: int) -> int:
    """Return how many timesteps lie within the strength."""
    if not 1 <= steps <= train_timesteps:
        raise ValueError(f"steps must be 1 to {train_timesteps}, got {steps}")
    reached = round(strength * train_timesteps) if 0.0 < strength <= 1.0 else 0
    if reached < 1:
        raise ValueError(f"strength must be above 0 and at most 1, got {strength}")
    return reached


def add_noise(clean: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """Return a clean mel at a noise level; noise: standard normal, of the shape of clean.

    Source: Maina 2023, arXiv:2301.06468, eq. 6.
    """
    return math.sqrt(alpha_bar) * clean + math.sqrt(1.0 - alpha_bar) * noise
