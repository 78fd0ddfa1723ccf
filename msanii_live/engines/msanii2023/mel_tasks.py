"""The five tasks of the paper on scaled mels, each in the paper's way or in ours.

A `Semantics` is the list of what differs; docs/msanii2023.md gives the reason for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from msanii_live.engines.msanii2023.phase import Phases
from msanii_live.engines.msanii2023.samplers import (
    Model,
    evaluations,
    repaint_order,
    sample_ddim,
    sample_dpm_solver,
    sample_repaint,
)
from msanii_live.engines.msanii2023.schedule import (
    add_noise,
    cosine_alpha_bars,
    leading_timesteps,
    trailing_timesteps,
)


@dataclass(frozen=True)
class Semantics:
    """Say how tasks are carried out.

    sampler: of all tasks but inpainting. spacing: "leading" ends at timestep 0, "trailing" begins
    at the last that the strength reaches. steps: evaluations of a plain pass where nobody asks for
    a number; inpaint_steps: levels of RePaint then. shares_noise: both sides of an interpolation
    get the same noise. jump: steps that RePaint goes back up; 0 for a tenth of the levels.
    resamples: times that it denoises each stretch. phases: where the phase search begins.
    iterations: of it. keeps_known: samples outside a mask stay, those inside are fitted to them.
    follows_source: variations start from the phases of what they vary.
    """

    name: str
    sampler: Literal["ddim", "dpm-solver"]
    spacing: Literal["leading", "trailing"]
    steps: int
    inpaint_steps: int
    shares_noise: bool
    jump: int
    resamples: int
    phases: Phases
    iterations: int
    keeps_known: bool
    follows_source: bool

    def timesteps(self, steps: int, strength: float = 1.0) -> list[int]:
        """Return the timesteps to visit; see `leading_timesteps`."""
        space = leading_timesteps if self.spacing == "leading" else trailing_timesteps
        return space(steps, strength)

    def jump_length(self, steps: int) -> int:
        """Return how many steps RePaint goes back up."""
        return self.jump or max(1, steps // 10)

    def inpaint_evaluations(self, steps: int) -> int:
        """Return how often an inpainting of so many levels evaluates the network."""
        return evaluations(repaint_order(steps, self.jump_length(steps), self.resamples))


PAPER = Semantics(
    name="paper",
    sampler="ddim",
    spacing="leading",
    steps=200,
    inpaint_steps=200,
    shares_noise=False,
    jump=10,
    resamples=10,
    phases="quadrant",
    iterations=200,
    keeps_known=False,
    follows_source=False,
)
MENDED = Semantics(
    name="mended",
    sampler="dpm-solver",
    spacing="trailing",
    steps=20,
    inpaint_steps=20,
    shares_noise=True,
    jump=0,
    resamples=4,
    phases="circle",
    iterations=100,
    keeps_known=True,
    follows_source=True,
)
SEMANTICS = {semantics.name: semantics for semantics in (MENDED, PAPER)}


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Tasks:
    """Carry tasks out on scaled mels, (batch, channels, mels, mel_frames), -1 to 1.

    model: predicts noise. steps: evaluations of a plain pass, levels of an inpainting. generator:
    draws all noise, on its own device, anew for every batch. on_step: called after every
    evaluation; an exception from it ends the task.
    """

    model: Model
    steps: int
    generator: torch.Generator
    semantics: Semantics = MENDED
    on_step: Callable[[], None] = field(default=_nothing)

    @cached_property
    def alpha_bars(self) -> Tensor:
        """Share of signal power at each training timestep."""
        return cosine_alpha_bars()

    def generate(self, like: Tensor) -> Tensor:
        """Make a mel from noise, of the shape, dtype and device of `like`.

        Source: Maina 2023, arXiv:2301.06468, section 5.1.
        """
        return self._sample(self._noise(like), self.semantics.timesteps(self.steps))

    def vary(self, clean: Tensor, strength: float) -> Tensor:
        """Noise a mel as far as the strength says, above 0 to 1, and make it clean again.

        Source: Maina 2023, arXiv:2301.06468, section 5.2.
        """
        timesteps = self.semantics.timesteps(self.steps, strength)
        noised = add_noise(clean, self._noise(clean), self._level(timesteps[0]))
        return self._sample(noised, timesteps)

    def interpolate(self, a: Tensor, b: Tensor, mix: float, strength: float) -> Tensor:
        """Noise two mels, mix them, and make the mixture clean; mix 0 is all a, 1 all b.

        With a noise for each, the mixture at 0.5 has half the noise power that the network expects
        at that timestep; with one for both it has all of it.

        Source: Maina 2023, arXiv:2301.06468, section 5.3, where the ratio is 1 - mix.
        """
        timesteps = self.semantics.timesteps(self.steps, strength)
        level = self._level(timesteps[0])
        noise = self._noise(a)
        other = noise if self.semantics.shares_noise else self._noise(b)
        noised = (1 - mix) * add_noise(a, noise, level) + mix * add_noise(b, other, level)
        return self._sample(noised, timesteps)

    def inpaint(self, clean: Tensor, known: Tensor) -> Tensor:
        """Make anew what is not known. known: 0 or 1, of a shape that broadcasts to clean's.

        Source: Maina 2023, arXiv:2301.06468, section 5.4.
        """
        return sample_repaint(
            self.model,
            self._noise(clean),
            clean,
            known,
            self.alpha_bars,
            self.semantics.timesteps(self.steps),
            jump_length=self.semantics.jump_length(self.steps),
            resamples=self.semantics.resamples,
            generator=self.generator,
            on_step=self.on_step,
        )

    def outpaint(self, clean: Tensor, spans: int = 1) -> Tensor:
        """Go on from a mel by `spans` halves of its length, each made from the half before it.

        Returns clean with the spans after it, along mel_frames.

        Source: Maina 2023, arXiv:2301.06468, section 5.5.
        """
        half = clean.shape[-1] // 2
        known = torch.zeros_like(clean[:1, :1, :1])
        known[..., :half] = 1.0
        made = [clean]
        canvas = torch.zeros_like(clean)
        context = clean[..., clean.shape[-1] - half :]
        for _ in range(spans):
            canvas[..., :half] = context
            context = self.inpaint(canvas, known)[..., half:]
            made.append(context)
            context = context[..., context.shape[-1] - half :]
        return torch.cat(made, dim=-1)

    def _noise(self, like: Tensor) -> Tensor:
        drawn = torch.randn(
            like.shape, dtype=like.dtype, generator=self.generator, device=self.generator.device
        )
        return drawn.to(like.device)

    def _level(self, timestep: int) -> float:
        return float(self.alpha_bars[timestep])

    def _sample(self, noised: Tensor, timesteps: list[int]) -> Tensor:
        run = sample_ddim if self.semantics.sampler == "ddim" else sample_dpm_solver
        return run(self.model, noised, self.alpha_bars, timesteps, on_step=self.on_step)
