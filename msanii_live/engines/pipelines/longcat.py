"""LongCat AudioDiT: a flow over mono audio, edited by its step callback."""

from __future__ import annotations

from typing import Any

import torch

from msanii_live.engines.pipelines.family import (
    Family,
    LatentTask,
    flow_start,
    flow_step_end,
    to_channels,
    to_stereo,
)


class LongCatFamily(Family):
    """A LongCat folder. Its latents are (batch, latents, dimensions) to the pipeline."""

    takes_negative = True
    steps = 16
    guidance = 4.0

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        pipe.set_progress_bar_config(disable=True)
        self.rate, self.hop = int(pipe.sample_rate), int(pipe.vae_scale_factor)
        self.dimensions = int(pipe.latent_dim)
        self.max_seconds = float(pipe.max_wav_duration)
        self._is_inverted = bool(pipe.scheduler.config.invert_sigmas)

    def encode_whole(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio; see `Family.encode_whole`."""
        vae = self.pipe.vae
        given = to_channels(wave, int(vae.config.in_channels)).to(self.device)
        latents: torch.Tensor = vae.encode(given, sample_posterior=False).latents
        return latents

    def decode_whole(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents; see `Family.decode_whole`."""
        return to_stereo(self.pipe.vae.decode(latents).sample, latents.shape[-1] * self.hop)

    def denoise(self, task: LatentTask) -> torch.Tensor:
        """Return the latents of a task; see `Family.denoise`."""
        noise, scheduler = self.noise(task), self.pipe.scheduler
        own = scheduler.set_timesteps

        def from_level(*, sigmas: list[float], device: Any) -> None:
            own(sigmas=[sigma * task.level for sigma in sigmas], device=device)

        def level_after(step: int) -> float:
            sigma = float(scheduler.sigmas[step + 1])
            return 1 - sigma if self._is_inverted else sigma

        start = flow_start(task, noise)
        scheduler.set_timesteps = from_level
        try:
            made = self.pipe(
                prompt=task.each(task.words.text),
                negative_prompt=task.each(task.words.negative) if task.words.negative else None,
                latents=start.transpose(1, 2),
                num_inference_steps=task.steps,
                guidance_scale=self.guidance_of(task),
                generator=self.generator(task),
                output_type="latent",
                callback_on_step_end=flow_step_end(task, noise, level_after),
            )
        finally:
            del scheduler.set_timesteps
        return made.audios.transpose(1, 2)  # type: ignore[no-any-return]
