"""What families with an Oobleck autoencoder share."""

from __future__ import annotations

from typing import Any

import torch

from msanii_live.engines.pipelines.family import Family, to_channels, to_stereo


class OobleckFamily(Family):
    """A pipeline whose audio is encoded and decoded by AutoencoderOobleck."""

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        pipe.set_progress_bar_config(disable=True)
        self.rate, self.hop = int(pipe.vae.config.sampling_rate), int(pipe.vae.hop_length)

    def encode_whole(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio; see `Family.encode_whole`."""
        vae = self.pipe.vae
        given = to_channels(wave, vae.config.audio_channels).to(self.device, vae.dtype)
        latents: torch.Tensor = vae.encode(given).latent_dist.mode()
        return latents

    def decode_whole(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents; see `Family.decode_whole`."""
        made = self.pipe.vae.decode(latents.to(self.device, self.pipe.vae.dtype)).sample
        return to_stereo(made, latents.shape[-1] * self.hop)
