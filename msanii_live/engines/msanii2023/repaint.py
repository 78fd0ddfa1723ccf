"""RePaint: inpainting by denoising, putting the known part back, and going some steps back up.

diffusers' scheduler does it as the 2023 code did. It starts below the last timestep of training
(950 for 20 levels), and its way back up adds the noise of the wrong timesteps, one spacing too
high. So the corrected form is written out here.

Source: Lugmayr et al. 2022, "RePaint", arXiv:2201.09865, algorithm 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from msanii_live.engines.msanii2023.samplers import Model, OnStep, ignore_step, predict_noise
from msanii_live.engines.msanii2023.schedule import (
    TRAIN_TIMESTEPS,
    cosine_alpha_bars,
    trailing_timesteps,
)

if TYPE_CHECKING:
    from diffusers.schedulers.scheduling_repaint import RePaintScheduler


def repaint_levels(scheduler: RePaintScheduler) -> list[int]:
    """Return the noise levels in order, each as the number of steps left to a clean mel.

    Where a number is higher than the one before it, the mel is noised by a step instead of
    denoised. The last is 0.

    >>> from msanii_live.engines.msanii2023.schedulers import repaint
    >>> repaint_levels(repaint(4, jump_length=2, resamples=2))
    [4, 3, 2, 1, 0, 1, 2, 1, 0]
    """
    steps = scheduler.num_inference_steps
    assert steps is not None  # set by set_timesteps
    spacing = TRAIN_TIMESTEPS // steps
    return [steps, *(scheduler.timesteps // spacing).tolist()]


def repaint_evaluations(levels: Sequence[int]) -> int:
    """Return how often RePaint evaluates the network on the way through the levels."""
    return sum(later < now for now, later in pairwise(levels))


def sample_repaint_2023(
    model: Model,
    noise: Tensor,
    clean: Tensor,
    known: Tensor,
    scheduler: RePaintScheduler,
    generator: torch.Generator,
    on_step: OnStep = ignore_step,
) -> Tensor:
    """Inpaint a scaled mel as the 2023 code did, with diffusers' scheduler.

    noise: standard normal, (batch, channels, mels, mel_frames). clean: of the same shape; its
    values count where `known` is 1. known: 0 or 1, broadcast to it. scheduler: of
    `schedulers.repaint`, new. generator: draws all noise, on its own device.

    Returns float, of the shape of noise, equal to clean where that is known.
    """
    x = noise
    before = int(scheduler.timesteps[0]) + 1
    for timestep in scheduler.timesteps.tolist():
        if timestep < before:
            predicted = predict_noise(model, x, timestep)
            x = scheduler.step(predicted, timestep, x, clean, known, generator, return_dict=False)[
                0
            ]
            on_step()
        else:
            x = scheduler.undo_step(x, before, generator)
        before = timestep
    return x


def sample_repaint(
    model: Model,
    noise: Tensor,
    clean: Tensor,
    known: Tensor,
    levels: Sequence[int],
    generator: torch.Generator,
    on_step: OnStep = ignore_step,
    clip: float | None = 1.0,
) -> Tensor:
    """Inpaint a scaled mel on trailing timesteps, each at the noise level that the network is told.

    levels: see `repaint_levels`; the first is the number of timesteps. clip: limit of every clean
    estimate's absolute value, or None. The others and the result as for `sample_repaint_2023`.
    """
    timesteps = trailing_timesteps(levels[0])
    alpha_bars = cosine_alpha_bars()
    alphas = [1.0, *(float(alpha_bars[timestep]) for timestep in reversed(timesteps))]
    x = noise
    for now, later in pairwise(levels):
        alpha_now, alpha_later = alphas[now], alphas[later]
        if later < now:
            predicted = predict_noise(model, x, timesteps[-now])
            unknown = _ddim_step(x, predicted, alpha_now, alpha_later, clip)
            kept = math.sqrt(alpha_later) * clean
            if alpha_later < 1.0:
                kept = kept + math.sqrt(1.0 - alpha_later) * draw_noise(clean, generator)
            x = known * kept + (1 - known) * unknown
            on_step()
        else:
            share = alpha_later / alpha_now
            x = math.sqrt(share) * x + math.sqrt(1.0 - share) * draw_noise(clean, generator)
    return x


def draw_noise(like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal noise on the generator's device; return it on the device of `like`."""
    drawn = torch.randn(like.shape, dtype=like.dtype, generator=generator, device=generator.device)
    return drawn.to(like.device)


def _ddim_step(
    x: Tensor, noise: Tensor, alpha_now: float, alpha_later: float, clip: float | None
) -> Tensor:
    """Return x at a lower noise level, with eta 0.

    diffusers' DDIM takes the lower level from an even spacing, which trailing timesteps have only
    where their number divides 1,000.

    Source: Song et al. 2020, arXiv:2010.02502, eq. 12.
    """
    clean = (x - math.sqrt(1.0 - alpha_now) * noise) / math.sqrt(alpha_now)
    if clip is not None:
        clean = clean.clamp(-clip, clip)
    return math.sqrt(alpha_later) * clean + math.sqrt(1.0 - alpha_later) * noise
