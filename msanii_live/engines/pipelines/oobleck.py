"""What families with an Oobleck autoencoder share."""

from __future__ import annotations

from typing import Any

import torch

from msanii_live.engines.pipelines.family import Family, to_channels, to_stereo


class OobleckFamily(Family):
    """A pipeline whose audio is encoded and decoded by AutoencoderOobleck.

    tiles: decode long audio in pieces, which bounds the memory; others do it where it runs out.
    """

    tiles = False

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        pipe.set_progress_bar_config(disable=True)
        self.rate, self.hop = int(pipe.vae.config.sampling_rate), int(pipe.vae.hop_length)

    def encode(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio; see `Family.encode`."""
        vae = self.pipe.vae
        vae.disable_tiling()  # with it, diffusers 0.42 loses a latent of long audio
        given = to_channels(wave, vae.config.audio_channels).to(self.device, vae.dtype)
        latents: torch.Tensor = vae.encode(given).latent_dist.mode()
        return latents

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents; see `Family.decode`."""
        vae = self.pipe.vae
        if self.tiles:
            vae.enable_tiling()
        try:
            made = vae.decode(latents.to(vae.dtype)).sample
        except torch.OutOfMemoryError:
            if self.tiles:
                raise
            torch.cuda.empty_cache()
            vae.enable_tiling()
            made = vae.decode(latents.to(vae.dtype)).sample
        return to_stereo(made, latents.shape[-1] * self.hop)
