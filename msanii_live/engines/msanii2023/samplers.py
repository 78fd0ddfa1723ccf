"""The sampling loop over any network that predicts noise, with diffusers' schedulers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

if TYPE_CHECKING:
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

Model = Callable[[Tensor, Tensor], Tensor]
"""A network: (x, (batch, channels, mels, mel_frames); timesteps, int64, (batch,)) to noise."""

OnStep = Callable[[], None]
"""Called after every evaluation of the network; an exception from it ends the sampling."""


def ignore_step() -> None:
    """Do nothing after a step."""


def sample(
    model: Model,
    noise: Tensor,
    scheduler: DDIMScheduler | DPMSolverMultistepScheduler,
    on_step: OnStep = ignore_step,
) -> Tensor:
    """Turn noise into a clean scaled mel, one evaluation of the network a timestep.

    noise: standard normal, (batch, channels, mels, mel_frames); or a mel that was noised to the
    first timestep. scheduler: of `schedulers`, new; neither of them draws noise.

    Returns float, of the shape, dtype and device of noise.
    """
    x = noise
    for timestep in scheduler.timesteps.tolist():
        predicted = predict_noise(model, x, timestep)
        x = scheduler.step(predicted, timestep, x, return_dict=False)[0]
        on_step()
    return x


def add_noise(
    clean: Tensor, noise: Tensor, scheduler: DDIMScheduler | DPMSolverMultistepScheduler
) -> Tensor:
    """Return a clean mel at the noise level of the scheduler's first timestep.

    noise: standard normal, of the shape of clean.

    Source: Maina 2023, arXiv:2301.06468, eq. 6.
    """
    first = cast(torch.IntTensor, scheduler.timesteps[:1])
    return scheduler.add_noise(clean, noise, first)


def predict_noise(model: Model, x: Tensor, timestep: int) -> Tensor:
    """Evaluate the network at one timestep for the whole batch."""
    return model(x, torch.full(x.shape[:1], timestep, dtype=torch.int64, device=x.device))
