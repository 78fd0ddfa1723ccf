"""Stable Audio Open: a diffusion of a fixed window, edited by its step callback."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from msanii_live.engines.pipelines.embeds import Encoded, weighted_embeds
from msanii_live.engines.pipelines.family import LatentTask, put_back
from msanii_live.engines.pipelines.oobleck import OobleckFamily

STEPS = 100
GUIDANCE = 7.0


class StableAudioOpenFamily(OobleckFamily):
    """A Stable Audio Open folder. Noise is added to its latents, up to 500 times their size."""

    takes_negative = True
    takes_weights = True
    steps = STEPS
    guidance = GUIDANCE

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        self.dimensions = int(pipe.transformer.config.in_channels)
        self.max_seconds = pipe.transformer.config.sample_size * self.hop / self.rate
        self._longest = float(pipe.projection_model.config.max_value)
        self._sigma_max = float(pipe.scheduler.config.sigma_max)

    def denoise(self, task: LatentTask) -> torch.Tensor:
        """Return the latents of a task; see `Family.denoise`.

        The network always fills its whole window; what lies beyond the task's latents is dropped.
        """
        size = int(self.pipe.transformer.config.sample_size)
        noise = self.noise(task, size)
        source = task.source
        whole = torch.zeros_like(noise)
        if source is not None:
            whole[..., : task.latents] = source

        def on_step(step: int, t: Any, latents: torch.Tensor) -> None:
            sigma = float(self.pipe.scheduler.sigmas[step + 1])
            part, own_noise = latents[..., : task.latents], noise[..., : task.latents]
            part.copy_(put_back(part, task, lambda z: z + sigma * own_noise))
            task.on_step(step + 1, task.steps)

        scheduler = self.pipe.scheduler
        sigma = self._sigma_max if task.level == 1 else self._sigma(task.level)
        scheduler.register_to_config(sigma_max=sigma)
        try:
            start = (whole + sigma * noise) / scheduler.init_noise_sigma
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torchsde's, of roundings in its own times
                made = self.pipe(
                    **self._words(task),
                    audio_end_in_s=min(task.frames / self.rate, self._longest, self.max_seconds),
                    num_inference_steps=task.steps,
                    generator=self.generator(task),
                    latents=start if source is not None else noise,
                    callback=on_step,
                    output_type="latent",
                )
        finally:
            scheduler.register_to_config(sigma_max=self._sigma_max)
        return made.audios[..., : task.latents]  # type: ignore[no-any-return]

    def _sigma(self, level: float) -> float:
        """Return the deviation of the noise at which it has this share of the mixture.

        Source: Karras et al. 2022, "Elucidating the design space", table 1, against a flow's level.
        """
        least = float(self.pipe.scheduler.config.sigma_min) * 1.01
        return min(max(level / max(1 - level, 1e-3), least), self._sigma_max)

    def _words(self, task: LatentTask) -> dict[str, Any]:
        guidance = self.guidance_of(task)
        words: dict[str, Any] = {"guidance_scale": guidance}
        if not task.words.is_weighted:
            words["prompt"] = task.each(task.words.text)
            if task.words.negative and guidance > 1:
                words["negative_prompt"] = task.each(task.words.negative)
            return words
        embeds, mask = weighted_embeds(task.words, self._encode)
        count = len(task.seeds)
        words |= {
            "prompt_embeds": embeds.repeat(count, 1, 1),
            "attention_mask": mask.repeat(count, 1),
        }
        if task.words.negative and guidance > 1:
            avoided, its_mask = self._encode(task.words.negative)
            avoided = avoided * its_mask[..., None].to(avoided.dtype)
            words["negative_prompt_embeds"] = avoided.repeat(count, 1, 1)
            words["negative_attention_mask"] = its_mask.repeat(count, 1)
        return words

    def _encode(self, text: str) -> Encoded:
        """Return a text's embeddings before the projection, which the pipeline applies."""
        pipe = self.pipe
        tokens = pipe.tokenizer(
            text, padding="max_length", max_length=pipe.tokenizer.model_max_length,
            truncation=True, return_tensors="pt",
        ).to(self.device)  # fmt: skip
        return pipe.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0], (
            tokens.attention_mask
        )
