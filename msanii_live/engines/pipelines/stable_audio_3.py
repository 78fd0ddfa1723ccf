"""Stable Audio 3: a rectified flow with inpainting and audio-to-audio of its own."""

from __future__ import annotations

import importlib
import math
from typing import Any

import torch

from msanii_live.engines.base import OffloadMode
from msanii_live.engines.pipelines.embeds import weighted_embeds
from msanii_live.engines.pipelines.family import (
    Family,
    LatentTask,
    flow_mix,
    put_back,
    to_channels,
    to_stereo,
)

FEW_STEPS, MANY_STEPS = 8, 100  # of the distilled models and of the others
LOG_SNR_MIN, LOG_SNR_MAX = -6.2, 2.0  # of the model's schedule
BASE_GUIDANCE = 7.0  # of models that are not distilled
SMALL_WIDTH, SMALL_SECONDS = 1_024, 120.0  # of the small models


class StableAudio3Family(Family):
    """A Stable Audio 3 folder.

    Known audio is given to the network where it was trained for that, and is put back at each step
    in any case.
    """

    takes_weights = True

    def __init__(self, pipe: Any) -> None:
        diffusers: Any = importlib.import_module("diffusers")
        parts = pipe.components
        super().__init__(diffusers.StableAudio3Pipeline(**parts))
        self._inpaint: Any = diffusers.StableAudio3InpaintPipeline(**parts)
        for each in (self.pipe, self._inpaint):
            each.set_progress_bar_config(disable=True)
        vae = self.pipe.vae
        self.rate, self.hop = int(vae.config.sampling_rate), int(vae.downsampling_ratio)
        self.dimensions = int(vae.config.latent_dim)
        self.max_seconds = longest_pass(
            self.pipe.duration_embedder.config.max_val, self.pipe.transformer.config.embed_dim
        )
        # Each layer looks as many latents to either side.
        self.overlap = int(vae.config.sliding_window * sum(vae.config.encoder_transformer_depths))
        is_distilled = bool(self.pipe.scheduler.config.stochastic_sampling)
        self.steps = FEW_STEPS if is_distilled else MANY_STEPS
        self.guidance = 1.0 if is_distilled else BASE_GUIDANCE
        self.takes_negative = not is_distilled
        self._inpaints = self.pipe.transformer.config.local_add_cond_dim == self.dimensions + 1

    def place(self, device: torch.device, offload: OffloadMode = "none") -> None:
        """Move the networks to a device; see `Family.place`."""
        super().place(device, offload)
        self._inpaint._exclude_from_cpu_offload = self.pipe._exclude_from_cpu_offload

    def encode_whole(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio; see `Family.encode_whole`."""
        vae = self.pipe.vae
        given = to_channels(wave, vae.config.audio_channels).to(self.device, vae.dtype)
        latents: torch.Tensor = vae.encode(given).latents
        return latents

    def decode_whole(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents; see `Family.decode_whole`."""
        made = self.pipe.vae.decode(latents.to(self.pipe.vae.dtype)).sample
        return to_stereo(made, latents.shape[-1] * self.hop)

    def denoise(self, task: LatentTask) -> torch.Tensor:
        """Return the latents of a task; see `Family.denoise`."""
        noise = self.noise(task)

        def on_step_end(pipe: Any, step: int, t: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            level = float(pipe.scheduler.sigmas[step + 1])
            kept = put_back(tensors["latents"], task, lambda z: flow_mix(z, noise, level))
            task.on_step(step + 1, task.steps)
            return {"latents": kept}

        start = noise
        if task.source is not None and task.level < 1:
            start = flow_mix(task.source.to(noise.dtype), noise, task.level)
        arguments: dict[str, Any] = {
            "duration": task.latents * self.hop / self.rate - 1e-6,
            "num_inference_steps": task.steps,
            "generator": self.generator(task),
            "latents": start,
            "callback_on_step_end": on_step_end,
            "output_type": "latent",
            **self._words(task),
        }
        if (
            task.source is not None
            and task.known is not None
            and self._inpaints
            and task.level == 1
        ):
            source, known = task.source, task.known
            self._inpaint._encode_reference_audio = lambda audio, device: source
            mask = known[None, None].to(self.device, torch.float32)
            try:
                made = self._inpaint(audio=source, mask=mask, **arguments)
            finally:
                del self._inpaint._encode_reference_audio
        else:
            guided = {"guidance_scale": self.guidance_of(task)}
            if task.words.negative and guided["guidance_scale"] > 1:
                guided["negative_prompt"] = task.each(task.words.negative)  # type: ignore[assignment]
            made = self._at_level(task, {**arguments, **guided})
        return made.audios  # type: ignore[no-any-return]

    def _at_level(self, task: LatentTask, arguments: dict[str, Any]) -> Any:
        """Run the pipeline from the noise level of a task, as its audio-to-audio variant does.

        That variant takes no guidance, and encodes its source again.
        """
        if task.level == 1:
            return self.pipe(**arguments)
        scheduler = self.pipe.scheduler
        own = scheduler.set_timesteps

        def from_level(*, sigmas: list[float], device: Any) -> None:
            del sigmas
            own(sigmas=levels_below(task.level, task.steps), device=device)

        scheduler.set_timesteps = from_level
        try:
            return self.pipe(**arguments)
        finally:
            del scheduler.set_timesteps

    def _words(self, task: LatentTask) -> dict[str, Any]:
        if not task.words.is_weighted:
            return {"prompt": task.each(task.words.text)}
        embeds, mask = weighted_embeds(
            task.words, lambda text: self.pipe.encode_prompt(text, self.device, 1)
        )
        count = len(task.seeds)
        return {
            "prompt_embeds": embeds.repeat(count, 1, 1),
            "encoder_attention_mask": mask.repeat(count, 1),
        }


def longest_pass(max_seconds: float, width: int) -> float:
    """Return how long a pass may be, s. max_seconds: that a folder names. width: of its network.

    Converted folders of all sizes name 384 s, but the small models were trained for 120 s.
    """
    return min(max_seconds, SMALL_SECONDS) if width <= SMALL_WIDTH else max_seconds


def levels_below(level: float, steps: int) -> list[float]:
    """Return falling noise levels from `level`, evenly spaced in the model's log-SNR.

    Below the least level of its schedule, 0.12, they are evenly spaced themselves.
    """
    first = (LOG_SNR_MAX + math.log(level / (1 - level))) / (LOG_SNR_MAX - LOG_SNR_MIN)
    if first <= 0.01:
        return [level * (1 - step / steps) for step in range(steps)]
    places = [first * (1 - step / steps) for step in range(steps)]
    log_snrs = [LOG_SNR_MAX - place * (LOG_SNR_MAX - LOG_SNR_MIN) for place in places]
    return [level, *(1 / (1 + math.exp(log_snr)) for log_snr in log_snrs[1:])]
