"""The five tasks of the paper on scaled mels, each as in the paper or corrected.

`TaskSettings` lists what differs; docs/msanii2023.md gives the reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from msanii_live.engines.msanii2023.phase import Phases
from msanii_live.engines.msanii2023.repaint import (
    draw_noise,
    repaint_evaluations,
    repaint_levels,
    sample_repaint,
    sample_repaint_2023,
)
from msanii_live.engines.msanii2023.samplers import Model, add_noise, ignore_step, sample

if TYPE_CHECKING:
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
    from diffusers.schedulers.scheduling_repaint import RePaintScheduler


@dataclass(frozen=True)
class TaskSettings:
    """The settings of the tasks: as in the paper, or corrected.

    sampler: of all tasks but inpainting; "ddim" runs on leading timesteps, which end at 0, and
    "dpm-solver" on trailing ones, which begin at the last that the strength reaches. repaint:
    "2023" is diffusers' scheduler, "trailing" our own. steps: evaluations of a sampling unless a
    command says otherwise. inpaint_steps: levels of RePaint. shares_noise: both sides of an
    interpolation get the same noise. jump: levels that RePaint goes back up, 0 for a tenth of
    them. resamples: times that it denoises each stretch. phases: the first phases of the phase
    search. iterations: of the phase search. keeps_known: samples outside a mask stay as they are,
    and those inside are fitted to them. keeps_source_phases: a variation starts from the phases of
    its source.
    """

    name: str
    sampler: Literal["ddim", "dpm-solver"]
    repaint: Literal["2023", "trailing"]
    steps: int
    inpaint_steps: int
    shares_noise: bool
    jump: int
    resamples: int
    phases: Phases
    iterations: int
    keeps_known: bool
    keeps_source_phases: bool

    def scheduler(
        self, steps: int, strength: float = 1.0
    ) -> DDIMScheduler | DPMSolverMultistepScheduler:
        """Return a new scheduler. Raises: ValueError: as `schedule.evaluation_count`."""
        from msanii_live.engines.msanii2023 import schedulers

        if self.sampler == "ddim":
            return schedulers.ddim(steps, strength)
        return schedulers.dpm_solver(steps, strength)

    def repaint_scheduler(self, steps: int) -> RePaintScheduler:
        """Return a new scheduler for an inpainting of so many levels."""
        from msanii_live.engines.msanii2023 import schedulers

        return schedulers.repaint(steps, self.jump or max(1, steps // 10), self.resamples)

    def inpaint_evaluations(self, steps: int) -> int:
        """Return how often an inpainting of so many levels evaluates the network."""
        return repaint_evaluations(repaint_levels(self.repaint_scheduler(steps)))


PAPER = TaskSettings(
    name="paper",
    sampler="ddim",
    repaint="2023",
    steps=200,
    inpaint_steps=200,
    shares_noise=False,
    jump=10,
    resamples=10,
    phases="quadrant",
    iterations=200,
    keeps_known=False,
    keeps_source_phases=False,
)
CORRECTED = TaskSettings(
    name="corrected",
    sampler="dpm-solver",
    repaint="trailing",
    steps=20,
    inpaint_steps=20,
    shares_noise=True,
    jump=0,
    resamples=4,
    phases="circle",
    iterations=100,
    keeps_known=True,
    keeps_source_phases=True,
)
TASK_SETTINGS = {settings.name: settings for settings in (CORRECTED, PAPER)}


@dataclass(frozen=True)
class MelTasks:
    """The tasks for one network, on scaled mels, (batch, channels, mels, mel_frames), -1 to 1.

    model: predicts noise. steps: evaluations of a sampling, levels of an inpainting. generator:
    draws all noise on its own device, other noise for every batch. on_step: called after every
    evaluation; an exception from it ends the task.
    """

    model: Model
    steps: int
    generator: torch.Generator
    settings: TaskSettings = CORRECTED
    on_step: Callable[[], None] = field(default=ignore_step)

    def generate(self, like: Tensor) -> Tensor:
        """Generate a mel from noise, of the shape, dtype and device of `like`.

        Source: Maina 2023, arXiv:2301.06468, section 5.1.
        """
        scheduler = self.settings.scheduler(self.steps)
        return sample(self.model, draw_noise(like, self.generator), scheduler, self.on_step)

    def vary(self, clean: Tensor, strength: float) -> Tensor:
        """Noise a mel as far as the strength says, above 0 to 1, and denoise it.

        Source: Maina 2023, arXiv:2301.06468, section 5.2.
        """
        scheduler = self.settings.scheduler(self.steps, strength)
        noisy = add_noise(clean, draw_noise(clean, self.generator), scheduler)
        return sample(self.model, noisy, scheduler, self.on_step)

    def interpolate(self, a: Tensor, b: Tensor, mix: float, strength: float) -> Tensor:
        """Noise two mels, mix them, and denoise the mixture; mix 0 is all a, 1 all b.

        With a noise for each, the mixture at 0.5 has half the noise power that the network expects
        at that timestep; with one noise for both it has all of it.

        Source: Maina 2023, arXiv:2301.06468, section 5.3, where the ratio is 1 - mix.
        """
        scheduler = self.settings.scheduler(self.steps, strength)
        noise_a = draw_noise(a, self.generator)
        noise_b = noise_a if self.settings.shares_noise else draw_noise(b, self.generator)
        noisy_a = add_noise(a, noise_a, scheduler)
        noisy_b = add_noise(b, noise_b, scheduler)
        noisy = (1 - mix) * noisy_a + mix * noisy_b
        return sample(self.model, noisy, scheduler, self.on_step)

    def inpaint(self, clean: Tensor, known: Tensor) -> Tensor:
        """Generate what is not known. known: 0 or 1, of clean's dtype, broadcast to its shape.

        Source: Maina 2023, arXiv:2301.06468, section 5.4.
        """
        scheduler = self.settings.repaint_scheduler(self.steps)
        noise = draw_noise(clean, self.generator)
        if self.settings.repaint == "2023":
            return sample_repaint_2023(
                self.model, noise, clean, known, scheduler, self.generator, self.on_step
            )
        levels = repaint_levels(scheduler)
        return sample_repaint(self.model, noise, clean, known, levels, self.generator, self.on_step)

    def outpaint(self, clean: Tensor, spans: int = 1) -> Tensor:
        """Continue a mel by `spans` halves of its length, each made from the half before it.

        Returns clean with the spans after it, along mel_frames.

        Source: Maina 2023, arXiv:2301.06468, section 5.5.
        """
        half = clean.shape[-1] // 2
        known = torch.zeros_like(clean[:1, :1, :1])
        known[..., :half] = 1.0
        spans_made = [clean]
        window = torch.zeros_like(clean)
        context = clean[..., clean.shape[-1] - half :]
        for _ in range(spans):
            window[..., :half] = context
            context = self.inpaint(window, known)[..., half:]
            spans_made.append(context)
            context = context[..., context.shape[-1] - half :]
        return torch.cat(spans_made, dim=-1)
