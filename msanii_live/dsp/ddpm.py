"""Ancestral sampling (DDPM) with the settings that a diffusers scheduler's file may hold.

Source: Ho et al. 2020, arXiv:2006.11239, eq. 6, 7 and 15.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch

VARIANCES = ("fixed_small", "fixed_small_log", "fixed_large")
_BETA_MOST = 0.999


@dataclass(frozen=True)
class DdpmSchedule:
    """Hold a noise schedule, by the names of diffusers' `scheduler_config.json`.

    clip_sample: bring the predicted clean sample to ± clip_sample_range at each step.
    """

    num_train_timesteps: int = 1_000
    beta_start: float = 0.0001
    beta_end: float = 0.02
    beta_schedule: str = "linear"
    variance_type: str = "fixed_small"
    clip_sample: bool = True
    clip_sample_range: float = 1.0
    prediction_type: str = "epsilon"
    timestep_spacing: str = "leading"
    steps_offset: int = 0

    def __post_init__(self) -> None:
        """Refuse what is not known here.

        Raises: ValueError: naming the setting.
        """
        known = {
            "beta_schedule": ("linear", "scaled_linear", "squaredcos_cap_v2"),
            "variance_type": VARIANCES,
            "prediction_type": ("epsilon", "sample", "v_prediction"),
            "timestep_spacing": ("leading", "trailing", "linspace"),
        }
        for name, words in known.items():
            if getattr(self, name) not in words:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}: it must be one of {', '.join(words)}"
                )

    def kept(self) -> torch.Tensor:
        """Return how much of the signal's power is left at each step, float32."""
        count = self.num_train_timesteps
        if self.beta_schedule == "linear":
            betas = torch.linspace(self.beta_start, self.beta_end, count)
        elif self.beta_schedule == "scaled_linear":
            betas = torch.linspace(self.beta_start**0.5, self.beta_end**0.5, count) ** 2
        else:
            left = [_cosine(step / count) for step in range(count + 1)]
            fractions = [min(1 - b / a, _BETA_MOST) for a, b in pairwise(left)]
            betas = torch.tensor(fractions, dtype=torch.float32)
        return torch.cumprod(1.0 - betas, dim=0)

    def timesteps(self, steps: int) -> list[int]:
        """Return the steps that are taken, from noise to sound."""
        count = self.num_train_timesteps
        if self.timestep_spacing == "linspace":
            spread = torch.linspace(0, count - 1, steps, dtype=torch.float64)
            return [round(float(t)) for t in spread.flip(0)]
        if self.timestep_spacing == "leading":
            return [t * (count // steps) + self.steps_offset for t in reversed(range(steps))]
        return [round(count - n * count / steps) - 1 for n in range(steps)]


def _cosine(t: float) -> float:
    return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2


def sample(
    model: Callable[[torch.Tensor, float], torch.Tensor],
    noise: torch.Tensor,
    schedule: DdpmSchedule,
    steps: int,
    generator: torch.Generator,
    on_step: Callable[[], None],
) -> torch.Tensor:
    """Denoise. model: takes what is noisy and its time, 0 up to 1; predicts what the schedule says.

    noise: float32. on_step: called after each step; an exception from it ends the work.
    Returns the shape of `noise`.
    """
    kept = schedule.kept()
    x, taken = noise, schedule.timesteps(steps)
    for t, after in zip(taken, [*taken[1:], -1], strict=True):
        predicted = model(x, t / schedule.num_train_timesteps)
        a, b = kept[t], kept[after] if after >= 0 else torch.tensor(1.0)
        clean = _clean(schedule, x, predicted, a)
        fresh = 1 - a / b
        mean = b.sqrt() * fresh / (1 - a) * clean + (a / b).sqrt() * (1 - b) / (1 - a) * x
        if t > 0:
            drawn = torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
            mean = mean + _spread(schedule, fresh, a, b) * drawn
        x = mean
        on_step()
    return x


def _clean(
    schedule: DdpmSchedule, x: torch.Tensor, predicted: torch.Tensor, a: torch.Tensor
) -> torch.Tensor:
    if schedule.prediction_type == "epsilon":
        clean = (x - (1 - a).sqrt() * predicted) / a.sqrt()
    elif schedule.prediction_type == "sample":
        clean = predicted
    else:
        clean = a.sqrt() * x - (1 - a).sqrt() * predicted
    limit = schedule.clip_sample_range
    return clean.clamp(-limit, limit) if schedule.clip_sample else clean


def _spread(
    schedule: DdpmSchedule, fresh: torch.Tensor, a: torch.Tensor, b: torch.Tensor
) -> torch.Tensor:
    """Return the deviation of the noise that a step adds."""
    small = ((1 - b) / (1 - a) * fresh).clamp_min(1e-20)
    return (fresh if schedule.variance_type == "fixed_large" else small).sqrt()
