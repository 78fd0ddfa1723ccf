"""AudioLDM2, MusicLDM and AudioLDM: diffusion over latents of a mel spectrogram, then a vocoder."""

from __future__ import annotations

import math
from typing import Any

import torch
import torchaudio

from msanii_live.engines.pipelines.family import (
    Family,
    LatentTask,
    put_back,
    to_channels,
    to_stereo,
)

STEPS = 200
GUIDANCE = 3.5
MAX_SECONDS = 10.24  # that such models were trained on
N_FFT = 1_024  # of the mel spectrograms that they were trained on
LEAST_MAGNITUDE = 1e-5


class MelLatentFamily(Family):
    """A folder of AudioLDM2, MusicLDM or AudioLDM.

    A latent here is a column of theirs: `dimensions` is their channels times their mel bands.
    """

    takes_negative = True
    steps = STEPS
    guidance = GUIDANCE
    max_seconds = MAX_SECONDS
    overlap = None  # its autoencoder attends to all of a clip, which is 10 s at most

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        pipe.set_progress_bar_config(disable=True)
        if hasattr(pipe.text_encoder, "get_text_features"):
            _return_tensors(pipe.text_encoder)
        vocoder = pipe.vocoder.config
        self.rate = int(vocoder.sampling_rate)
        self._mel_hop = math.prod(vocoder.upsample_rates)
        self._scale = int(pipe.vae_scale_factor)
        self.hop = self._mel_hop * self._scale
        self._mels = int(vocoder.model_in_dim)
        self._channels = int(pipe.unet.config.in_channels)
        self._bands = self._mels // self._scale
        self.dimensions = self._channels * self._bands
        bins = torchaudio.functional.melscale_fbanks(
            N_FFT // 2 + 1, 0.0, self.rate / 2, self._mels, self.rate, "slaney", "slaney"
        )
        self._filters = bins.T

    def encode_whole(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio; see `Family.encode_whole`.

        The mel is that of AudioLDM: Liu et al. 2023, section 5; natural logarithm, Slaney's bands.
        """
        vae = self.pipe.vae
        mono = to_channels(wave, 1)[0].float().cpu()
        padding = (N_FFT - self._mel_hop) // 2
        mode = "reflect" if mono.shape[-1] > padding else "constant"
        padded = torch.nn.functional.pad(mono, (padding, padding), mode=mode)
        bins = torch.stft(
            padded, N_FFT, self._mel_hop, window=torch.hann_window(N_FFT), center=False,
            return_complex=True,
        )  # fmt: skip
        mel = (self._filters @ bins.abs()).clamp_min(LEAST_MAGNITUDE).log()  # (1, mels, frames)
        wanted = wave.shape[-1] // self._mel_hop
        mel = torch.nn.functional.pad(mel, (0, max(0, wanted - mel.shape[-1])), mode="replicate")
        image = mel[:, :, :wanted].transpose(1, 2)[:, None].to(self.device, vae.dtype)
        latents = vae.encode(image).latent_dist.mode() * vae.config.scaling_factor
        return self._columns(latents)

    def decode_whole(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents; see `Family.decode_whole`."""
        vae = self.pipe.vae
        image = self._image(latents).to(vae.dtype) / vae.config.scaling_factor
        wave = self.pipe.mel_spectrogram_to_waveform(vae.decode(image).sample)
        return to_stereo(wave.reshape(1, 1, -1), latents.shape[-1] * self.hop).to(self.device)

    def denoise(self, task: LatentTask) -> torch.Tensor:
        """Return the latents of a task; see `Family.denoise`.

        A variation leaves the first steps out, as many as its level lies below 1.
        """
        noise, scheduler = self.noise(task), self.pipe.scheduler
        skipped = min(task.steps - 1, round((1 - task.level) * task.steps))
        own = scheduler.set_timesteps

        def from_level(steps: int, **others: Any) -> None:
            own(steps, **others)
            scheduler.timesteps = scheduler.timesteps[skipped:]

        def noised(source: torch.Tensor, step: int) -> torch.Tensor:
            if step >= len(scheduler.timesteps):
                return source
            t = scheduler.timesteps[step].reshape(1)
            made: torch.Tensor = scheduler.add_noise(source, noise.to(source.dtype), t)
            return made

        def on_step(step: int, t: Any, latents: torch.Tensor) -> None:
            kept = put_back(self._columns(latents), task, lambda z: noised(z, step + 1))
            latents.copy_(self._image(kept))
            task.on_step(step + 1, task.steps - skipped)

        start = noise
        if task.source is not None and skipped:
            own(task.steps, device=self.device)
            first = scheduler.timesteps[skipped].reshape(1)
            start = scheduler.add_noise(task.source.to(noise.dtype), noise, first)
        guidance, avoided = self.guidance_of(task), task.words.negative
        scheduler.set_timesteps = from_level
        try:
            made = self.pipe(
                prompt=task.each(task.words.text),
                negative_prompt=task.each(avoided) if avoided and guidance > 1 else None,
                audio_length_in_s=task.latents * self.hop / self.rate,
                num_inference_steps=task.steps,
                guidance_scale=guidance,
                generator=self.generator(task),
                latents=self._image(start / scheduler.init_noise_sigma),
                callback=on_step,
                output_type="latent",
            )
        finally:
            del scheduler.set_timesteps
        return self._columns(made.audios)

    def _columns(self, image: torch.Tensor) -> torch.Tensor:
        """Return (seeds, dimensions, latents) of (seeds, channels, latents, bands)."""
        return image.transpose(2, 3).reshape(len(image), self.dimensions, image.shape[2])

    def _image(self, columns: torch.Tensor) -> torch.Tensor:
        """Return (seeds, channels, latents, bands) of (seeds, dimensions, latents)."""
        shape = (len(columns), self._channels, self._bands, columns.shape[-1])
        return columns.reshape(shape).transpose(2, 3)


def _return_tensors(text_encoder: Any) -> None:
    """Let a CLAP return its features alone: MusicLDM expects it, transformers 5 does not do it."""
    own = text_encoder.get_text_features

    def get_text_features(*given: Any, **named: Any) -> Any:
        made = own(*given, **named)
        return getattr(made, "pooler_output", made)

    text_encoder.get_text_features = get_text_features
