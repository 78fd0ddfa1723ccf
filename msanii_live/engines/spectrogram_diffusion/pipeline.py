"""From the tokens of windows to their mels, one window after another.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from msanii_live.engines.spectrogram_diffusion.encoders import (
    ContextEncoder,
    Encoded,
    NotesEncoder,
)

if TYPE_CHECKING:  # diffusers takes seconds to import: only `weights.load` does
    from diffusers.models.transformers.t5_film_transformer import T5FilmDecoder
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

MIN_LOG_MEL, MAX_LOG_MEL = math.log(1e-5), 4.0  # ln magnitudes that the networks see as -1 and 1


@dataclass(frozen=True)
class SpectrogramDiffusionPipeline:
    """The published networks, on one device, and the noise schedule that they were trained with."""

    notes_encoder: NotesEncoder
    context_encoder: ContextEncoder
    decoder: T5FilmDecoder
    scheduler: DDPMScheduler

    @property
    def window(self) -> int:
        """Mel frames of a window."""
        return int(self.decoder.config["targets_length"])

    @torch.inference_mode()
    def generate(
        self,
        windows: Sequence[Sequence[int]],
        generator: torch.Generator,
        steps: int = 100,
        on_step: Callable[[], None] = lambda: None,
    ) -> torch.Tensor:
        """Generate the mels of windows one after another, each conditioned on the one before.

        windows: tokens, see `tokens.tokens`. generator: of the CPU; draws all noise. steps:
        denoising steps for each window. on_step: called after each step; an exception from it
        ends the work.

        Returns ln magnitudes, float32, (len(windows) * mel_frames, mels).

        Raises: ValueError: steps is more than the schedule has.
        """
        mels = int(self.decoder.config["input_dims"])
        device = self.decoder.spec_out.weight.device
        context = torch.zeros(1, self.window, mels, device=device)
        context_mask = torch.zeros(1, self.window, dtype=torch.bool, device=device)
        generated = []
        for window in windows:
            tokens = torch.tensor([list(window)], device=device)
            encoded = self.encode(tokens, normalize(context), context_mask)
            noise = torch.randn(1, self.window, mels, generator=generator).to(device)
            context = denormalize(self._denoise(noise, encoded, generator, steps, on_step))
            context_mask = torch.ones_like(context_mask)
            generated.append(context[0])
        return torch.cat(generated) if generated else context[0, :0]

    def encode(
        self, tokens: torch.Tensor, context: torch.Tensor, context_mask: torch.Tensor
    ) -> list[Encoded]:
        """Encode a window's tokens and the mel before it; see the encoders for the shapes."""
        return [self.notes_encoder(tokens), self.context_encoder(context, context_mask)]

    def _denoise(
        self,
        x: torch.Tensor,
        encoded: list[Encoded],
        generator: torch.Generator,
        steps: int,
        on_step: Callable[[], None],
    ) -> torch.Tensor:
        self.scheduler.set_timesteps(steps)
        train_timesteps = self.scheduler.config["num_train_timesteps"]
        for timestep in self.scheduler.timesteps.tolist():
            time = torch.full((1,), timestep / train_timesteps, device=x.device)
            predicted = self.decoder(encoded, x, time)
            x = self.scheduler.step(predicted, timestep, x, generator, return_dict=False)[0]
            on_step()
        return x


def normalize(mel: torch.Tensor) -> torch.Tensor:
    """Map ln magnitudes to -1 to 1; clip what lies beyond."""
    clipped = mel.clamp(MIN_LOG_MEL, MAX_LOG_MEL)
    return (clipped - MIN_LOG_MEL) / (MAX_LOG_MEL - MIN_LOG_MEL) * 2 - 1


def denormalize(mel: torch.Tensor) -> torch.Tensor:
    """Undo `normalize`."""
    return (mel + 1) / 2 * (MAX_LOG_MEL - MIN_LOG_MEL) + MIN_LOG_MEL
