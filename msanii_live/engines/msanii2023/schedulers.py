"""diffusers' schedulers, set up for the 2023 network: cosine schedule, predicted noise, mels of ±1.

Importing this module imports diffusers, which takes one to two seconds: do so when a model is
loaded, not at the top of a module. One scheduler serves one run: it keeps the state of its steps.
"""

from __future__ import annotations

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_repaint import RePaintScheduler
from torch import Tensor

from msanii_live.engines.msanii2023.schedule import (
    TRAIN_TIMESTEPS,
    evaluation_count,
    trailing_timesteps,
)

_COSINE = "squaredcos_cap_v2"


class ClippedDPMSolver(DPMSolverMultistepScheduler):
    """DPM-Solver++ that limits each clean estimate to ±1.

    diffusers has no setting for it but a dynamic threshold, which with a maximum of 1 gives the
    same. That one sorts all values of the mel: 0.9 s a step for 190 s of stereo on two cores.
    """

    def _threshold_sample(self, sample: Tensor) -> Tensor:
        return sample.clamp(-1.0, 1.0)


def ddim(steps: int, strength: float = 1.0, clip: bool = True) -> DDIMScheduler:
    """Return DDIM (eta 0) on the timesteps of the 2023 code: evenly spaced, ending at 0.

    The spacing is a whole number, rounded down. So the first timestep lies below the one that the
    strength means: 950 of 999 for 20 steps from pure noise, 199 and not 299 for 200 steps at
    strength 0.3.

    steps, strength: see `evaluation_count`. clip: limit each clean estimate to ±1; the noise is
    used as predicted all the same.

    >>> ddim(4).timesteps.tolist(), ddim(4, 0.4).timesteps.tolist()
    ([750, 500, 250, 0], [300, 200, 100, 0])

    Raises: ValueError: as `evaluation_count`.

    Source: Song et al. 2020, arXiv:2010.02502, eq. 12; Lin et al. 2023, arXiv:2305.08891, table 2
    ("leading"); Maina 2023, arXiv:2301.06468, section 4.2.2.
    """
    steps = evaluation_count(steps, strength)
    scheduler: DDIMScheduler = DDIMScheduler(
        TRAIN_TIMESTEPS, beta_schedule=_COSINE, clip_sample=clip
    )
    scheduler.set_timesteps(min(round(steps / strength), TRAIN_TIMESTEPS))
    scheduler.timesteps = scheduler.timesteps[-steps:]
    return scheduler


def dpm_solver(steps: int, strength: float = 1.0, clip: bool = True) -> DPMSolverMultistepScheduler:
    """Return DPM-Solver++(2M) on trailing timesteps; the last step is of first order.

    Arguments and errors as for `ddim`.

    Source: Lu et al. 2022, "DPM-Solver++", arXiv:2211.01095, algorithm 2.
    """
    scheduler: DPMSolverMultistepScheduler = ClippedDPMSolver(
        TRAIN_TIMESTEPS, beta_schedule=_COSINE, thresholding=clip, sample_max_value=1.0
    )
    scheduler.set_timesteps(timesteps=trailing_timesteps(steps, strength))
    return scheduler


def repaint(steps: int, jump_length: int, resamples: int, clip: bool = True) -> RePaintScheduler:
    """Return RePaint with a DDIM step (eta 0), as the 2023 code used it.

    steps: noise levels. jump_length: levels that a jump goes back up, at least 1. resamples: times
    that each stretch of jump_length is denoised, at least 1.

    Raises: ValueError: an argument is out of range.

    Source: Lugmayr et al. 2022, "RePaint", arXiv:2201.09865, algorithm 1 and appendix B.
    """
    steps = evaluation_count(steps)
    if min(jump_length, resamples) < 1:
        raise ValueError(f"both must be at least 1, got {jump_length} and {resamples}")
    scheduler: RePaintScheduler = RePaintScheduler(
        TRAIN_TIMESTEPS, beta_schedule=_COSINE, clip_sample=clip
    )
    scheduler.set_timesteps(steps, jump_length, resamples)
    return scheduler
