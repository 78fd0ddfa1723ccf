"""ACE-Step 1.5: a flow with lyrics, tempo and key, and repainting of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from msanii_live.dsp.samplers import shift_level, unshift_level
from msanii_live.engines.pipelines.embeds import Encoded, weighted_embeds
from msanii_live.engines.pipelines.family import LatentTask, flow_start, flow_step_end
from msanii_live.engines.pipelines.oobleck import OobleckFamily
from msanii_live.engines.pipelines.words import PromptWords

STEPS, BASE_STEPS = 8, 50
GUIDANCE = 7.0
SHIFT = 3.0
MAX_SECONDS = 240.0


class AceStepFamily(OobleckFamily):
    """An ACE-Step folder. Its latents are (batch, latents, dimensions) to the pipeline."""

    takes_weights = True
    max_seconds = MAX_SECONDS

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        self.dimensions = int(pipe.transformer.config.audio_acoustic_hidden_dim)
        self.steps = STEPS if pipe.is_turbo else BASE_STEPS
        self.guidance = 1.0 if pipe.is_turbo else GUIDANCE

    def denoise(self, task: LatentTask) -> torch.Tensor:
        """Return the latents of a task; see `Family.denoise`."""
        noise = self.noise(task)

        def level_after(step: int) -> float:
            return float(self.pipe.scheduler.sigmas[step + 1])

        start = flow_start(task, noise)
        words = task.words
        with self._given_source(task), self._given_weights(words, len(task.seeds)):
            made = self.pipe(
                prompt=task.each(words.text),
                lyrics=task.each(words.lyrics),
                audio_duration=(task.latents - 0.5) * self.hop / self.rate,
                num_inference_steps=task.steps,
                timesteps=_levels(task.steps, task.level),
                guidance_scale=self.guidance_of(task),
                generator=self.generator(task),
                latents=start.transpose(1, 2),
                output_type="latent",
                callback_on_step_end=flow_step_end(task, noise, level_after),
                bpm=round(words.bpm) or None,
                keyscale=words.key or None,
                timesignature=words.metre.partition("/")[0],
                **self._task(task),
            )
        return made.audios.transpose(1, 2)  # type: ignore[no-any-return]

    def _task(self, task: LatentTask) -> dict[str, Any]:
        """Return the arguments of the model's own editing: repaint a span, or cover a source."""
        if task.source is None:
            return {}
        stand_in = torch.zeros(2, 1)  # `_given_source` gives the latents themselves
        if task.known is not None and bool(task.known.any()):
            wanted = torch.nonzero(~task.known).flatten()
            second = self.hop / self.rate
            return {
                "task_type": "repaint",
                "src_audio": stand_in,
                "repainting_start": (int(wanted[0]) + 0.5) * second,
                "repainting_end": (int(wanted[-1]) + 1.5) * second,
            }
        if task.level < 1 and self.pipe.audio_tokenizer is not None:
            return {
                "task_type": "cover",
                "src_audio": stand_in,
                "audio_cover_strength": 1 - task.level,
            }
        return {}

    @contextmanager
    def _given_weights(self, words: PromptWords, count: int) -> Iterator[None]:
        """Let the pipeline use the weighted mean of several texts' embeddings, where it takes one.

        count: of the batch. The lyrics are the same with each text.
        """
        pipe, own = self.pipe, self.pipe.encode_prompt
        if not words.is_weighted:
            yield
            return

        def encode_prompt(prompt: Any, lyrics: Any, **others: Any) -> tuple[torch.Tensor, ...]:
            texts = [text for text, _ in words.parts]
            states, mask, sung, sung_mask = own(
                prompt=texts, lyrics=[words.lyrics] * len(texts), **others
            )
            place = {text: number for number, text in enumerate(texts)}

            def encoded(text: str) -> Encoded:
                at = slice(place[text], place[text] + 1)
                return states[at], mask[at]

            mixed, mixed_mask = weighted_embeds(words, encoded)
            return tuple(
                part[:1].expand(count, *part.shape[1:])
                for part in (mixed, mixed_mask.to(mask.dtype), sung, sung_mask)
            )

        pipe.encode_prompt = encode_prompt
        try:
            yield
        finally:
            del pipe.encode_prompt

    @contextmanager
    def _given_source(self, task: LatentTask) -> Iterator[None]:
        """Let the pipeline use the latents of the source, where it would encode audio by chance."""
        pipe, own = self.pipe, self.pipe.prepare_src_latents

        def prepare_src_latents(
            device: Any, dtype: Any, src_audio: Any = None, task_type: str = "", **others: Any
        ) -> tuple[torch.Tensor, int]:
            if src_audio is None or task.source is None:
                made: tuple[torch.Tensor, int] = own(device=device, dtype=dtype, **others)
                return made
            latents = task.source.transpose(1, 2).to(device, dtype)
            if task_type == "cover":
                silence = pipe.condition_encoder.silence_latent.to(device, dtype)
                tokens, _ = pipe.audio_tokenizer.tokenize(latents, silence)
                latents = pipe.audio_token_detokenizer(tokens.to(dtype))[:, : task.latents]
            return latents.contiguous(), task.latents

        pipe.prepare_src_latents = prepare_src_latents
        try:
            yield
        finally:
            del pipe.prepare_src_latents


def _levels(steps: int, start: float) -> list[float]:
    """Return the model's noise levels, shifted towards noise, from `start` down."""
    first = unshift_level(start, SHIFT)
    return [shift_level(first * (1 - step / steps), SHIFT) for step in range(steps)]
