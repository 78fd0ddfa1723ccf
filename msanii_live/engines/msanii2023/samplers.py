"""Samplers over any callable that predicts the noise: DDIM, DPM-Solver++ and RePaint.

Each is fed with the timesteps that it is to visit and takes the noise levels from those very
timesteps, so that the two cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

Model = Callable[[Tensor, Tensor], Tensor]
"""A network: (x, (batch, channels, mels, mel_frames); timesteps, int64, (batch,)) to noise."""

OnStep = Callable[[], None]
"""Called after every evaluation of the network; an exception from it ends the sampling."""


def _nothing() -> None:
    pass


def ddim_step(
    x: Tensor, noise: Tensor, alpha_now: float, alpha_next: float, clip: float | None
) -> Tensor:
    """Return x moved from one noise level to a lower one along the predicted noise (eta 0).

    x: noisy scaled log-mel, float, (batch, channels, mels, mel_frames).
    noise: the noise predicted in x, of the shape of x. It is used as predicted: clipping the clean
        estimate does not change it, so the two no longer add up to x.
    alpha_now, alpha_next: share of signal power in x and in the result, above 0, at most 1.
    clip: limit of the clean estimate's absolute value, or None for none.

    Raises: ValueError: alpha_now is not above 0, `alpha_next` is below `alpha_now`, or above 1.

    Source: Song et al. 2020, arXiv:2010.02502, eq. 12 with sigma 0.
    """
    if not 0.0 < alpha_now <= alpha_next <= 1.0:
        raise ValueError(f"need 0 < alpha_now <= alpha_next <= 1, got {alpha_now}, {alpha_next}")
    clean = _clean(x, noise, alpha_now, clip)
    return math.sqrt(alpha_next) * clean + math.sqrt(1.0 - alpha_next) * noise


def sample_ddim(
    model: Model,
    noise: Tensor,
    alpha_bars: Tensor,
    timesteps: Sequence[int],
    clip: float | None = 1.0,
    on_step: OnStep = _nothing,
) -> Tensor:
    """Turn noise into a clean scaled mel spectrogram, one model evaluation a timestep.

    model: predicts the noise in x, called as model(x, timesteps) with timesteps int64, (batch,).
    noise: standard normal, float, (batch, channels, mels, mel_frames); or, where timesteps begin
        lower, something noised to the level of the first.
    alpha_bars: share of signal power at each training timestep, (train_timesteps,); see
        `cosine_alpha_bars`.
    timesteps: indices into alpha_bars, falling; after the last one the result is clean.
    clip: limit of every clean estimate's absolute value, or None for none; the mels are scaled to
        -1 to 1.

    Returns float, of the shape, dtype and device of noise.

    >>> from msanii_live.engines.msanii2023.schedule import cosine_alpha_bars, leading_timesteps
    >>> silence = sample_ddim(
    ...     lambda x, timesteps: x, torch.randn(1, 2, 8, 4), cosine_alpha_bars(),
    ...     leading_timesteps(10),
    ... )
    >>> silence.shape
    torch.Size([1, 2, 8, 4])

    Raises: ValueError: timesteps is empty or does not fall.
    Raises: IndexError: a timestep lies outside alpha_bars.

    Source: Song et al. 2020, arXiv:2010.02502, section 4.1; Maina 2023, arXiv:2301.06468,
    section 4.2.2.
    """
    alphas = _levels(alpha_bars, timesteps)
    x = noise
    for step, timestep in enumerate(timesteps):
        x = ddim_step(x, _predict(model, x, timestep), alphas[step], alphas[step + 1], clip)
        on_step()
    return x


def sample_dpm_solver(
    model: Model,
    noise: Tensor,
    alpha_bars: Tensor,
    timesteps: Sequence[int],
    clip: float | None = 1.0,
    on_step: OnStep = _nothing,
) -> Tensor:
    """Turn noise into a clean scaled mel by DPM-Solver++(2M): second order in the clean estimate.

    The first step has nothing to go on from and the last ends at no noise at all: both are of
    first order. Arguments, result and errors as `sample_ddim`.

    Source: Lu et al. 2022, "DPM-Solver++", arXiv:2211.01095, algorithm 2.
    """
    alphas = _levels(alpha_bars, timesteps)
    x, before, grown = noise, None, 0.0
    for step, timestep in enumerate(timesteps):
        now, following = alphas[step], alphas[step + 1]
        clean = _clean(x, _predict(model, x, timestep), now, clip)
        on_step()
        if following >= 1.0:
            return clean
        grows = _half_log_snr(following) - _half_log_snr(now)
        ahead = clean
        if before is not None:
            ahead = clean + (clean - before) * (grows / (2.0 * grown))
        kept = math.sqrt((1.0 - following) / (1.0 - now))
        x = kept * x - math.sqrt(following) * math.expm1(-grows) * ahead
        before, grown = clean, grows
    raise AssertionError("the last level is 1")


def repaint_order(steps: int, jump_length: int, resamples: int) -> list[int]:
    """Return the noise levels that RePaint visits, each the number of steps left to a clean mel.

    Where a number is higher than the one before it, the mel is noised by a step instead of
    denoised. The last is 0.

    jump_length: steps that a jump goes back up, at least 1. resamples: times that a stretch of
    jump_length is denoised, at least 1.

    >>> repaint_order(4, 2, 2)
    [4, 3, 2, 1, 0, 1, 2, 1, 0]

    Raises: ValueError: a number is below 1.

    Source: Lugmayr et al. 2022, "RePaint", arXiv:2201.09865, appendix B.
    """
    if min(steps, jump_length, resamples) < 1:
        raise ValueError(f"all must be at least 1, got {steps}, {jump_length}, {resamples}")
    left = dict.fromkeys(range(0, steps - jump_length, jump_length), resamples - 1)
    order, level = [steps], steps
    while level > 0:
        level -= 1
        order.append(level)
        if left.get(level, 0) > 0:
            left[level] -= 1
            order += range(level + 1, level + jump_length + 1)
            level += jump_length
    return order


def evaluations(order: Sequence[int]) -> int:
    """Return how often RePaint evaluates the network.

    >>> evaluations(repaint_order(200, 10, 10))  # as the paper used it
    1910
    """
    return sum(later < now for now, later in pairwise(order))


def sample_repaint(
    model: Model,
    noise: Tensor,
    clean: Tensor,
    known: Tensor,
    alpha_bars: Tensor,
    timesteps: Sequence[int],
    *,
    jump_length: int,
    resamples: int,
    generator: torch.Generator,
    clip: float | None = 1.0,
    on_step: OnStep = _nothing,
) -> Tensor:
    """Fill in what is not known of a mel: denoise all of it, put the known part back, again.

    noise: standard normal, (batch, channels, mels, mel_frames). clean: of the same shape, scaled,
    right where `known` is 1. known: 0 or 1, of a shape that broadcasts to it. timesteps: falling;
    the last one's step ends at no noise, where the known part is exactly that of `clean`.
    jump_length, resamples: see `repaint_order`. generator: draws on its own device what is added.
    Returns float, of the shape of noise.

    Raises: ValueError: as `sample_ddim` and `repaint_order`.

    Source: Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1, with DDIM (eta 0) for the step
    down, as Maina 2023 (section 5.4) had it from diffusers.
    """
    alphas = _levels(alpha_bars, timesteps)  # of the level left to do n steps: [-1 - n]

    def draw() -> Tensor:
        drawn = torch.randn(
            noise.shape, dtype=noise.dtype, generator=generator, device=generator.device
        )
        return drawn.to(noise.device)

    x = noise
    for now, later in pairwise(repaint_order(len(timesteps), jump_length, resamples)):
        alpha_now, alpha_later = alphas[-1 - now], alphas[-1 - later]
        if later < now:
            predicted = _predict(model, x, timesteps[-now])
            unknown = ddim_step(x, predicted, alpha_now, alpha_later, clip)
            kept = math.sqrt(alpha_later) * clean
            if alpha_later < 1.0:
                kept = kept + math.sqrt(1.0 - alpha_later) * draw()
            x = known * kept + (1 - known) * unknown
            on_step()
        else:
            share = alpha_later / alpha_now
            x = math.sqrt(share) * x + math.sqrt(1.0 - share) * draw()
    return x


def _levels(alpha_bars: Tensor, timesteps: Sequence[int]) -> list[float]:
    """Return the share of signal power at each timestep, and 1 for the clean end."""
    if not timesteps:
        raise ValueError("timesteps must not be empty")
    if any(later >= now for now, later in pairwise(timesteps)):
        raise ValueError(f"timesteps must fall, got {list(timesteps)}")
    return [*(float(alpha_bars[timestep]) for timestep in timesteps), 1.0]


def _predict(model: Model, x: Tensor, timestep: int) -> Tensor:
    return model(x, torch.full(x.shape[:1], timestep, dtype=torch.int64, device=x.device))


def _clean(x: Tensor, noise: Tensor, alpha: float, clip: float | None) -> Tensor:
    clean = (x - math.sqrt(1.0 - alpha) * noise) / math.sqrt(alpha)
    return clean if clip is None else clean.clamp(-clip, clip)


def _half_log_snr(alpha: float) -> float:
    return 0.5 * (math.log(alpha) - math.log1p(-alpha))
