"""The neural vocoder of Msanii (2023): scaled mels to STFT magnitudes.

One residual block of the U-Net's between two projections. Its InstanceNorm takes statistics over
stereo and all time, so a chunk alone gives another result than the same part of the whole clip.
`forward_in_chunks` gathers the statistics of the whole first, and so gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from msanii_live.engines.msanii2023.unet import ResidualBlock

CHUNK = 1_024  # mel frames vocoded at once: 24 s


@dataclass(frozen=True)
class Vocoder2023Config:
    """The sizes of a 2023 vocoder; the defaults are the published model, 1,412,097 parameters.

    n_fft: of the magnitudes. mels: mel bins. width: of the latent. hidden_factor: of the MLP.

    Source: Maina 2023, arXiv:2301.06468, table 1.
    """

    n_fft: int = 2_048
    mels: int = 128
    width: int = 256
    hidden_factor: int = 4


class Vocoder2023(nn.Module):
    """A network from scaled mels to linear STFT magnitudes, for any number of channels.

    Module and parameter names are those of the 2023 checkpoints.

    >>> small = Vocoder2023Config(n_fft=32, mels=8, width=8)
    >>> Vocoder2023(small)(torch.zeros(1, 2, 8, 6)).shape
    torch.Size([1, 2, 17, 6])

    Source: Maina 2023, arXiv:2301.06468, section 3.2.
    """

    def __init__(self, config: Vocoder2023Config) -> None:
        super().__init__()
        self.config = config
        # The identities keep the layers' numbers: the release exchanged two axes there.
        self.fn = nn.Sequential(
            nn.Sequential(nn.Identity(), nn.Conv2d(config.mels, config.width, 1)),
            ResidualBlock(config.width, config.width, config.hidden_factor),
            nn.Sequential(nn.Conv2d(config.width, config.n_fft // 2 + 1, 1)),
        )

    def forward(self, mel: Tensor) -> Tensor:
        """Return magnitudes, float, above 0, (batch, channels, bins, mel_frames).

        mel: scaled log-mel, float, (batch, channels, mels, mel_frames), -1 to 1.

        Raises: ValueError: mel is of another shape.
        """
        return self.log_magnitude(mel).exp()

    def log_magnitude(self, mel: Tensor) -> Tensor:
        """Return ln of the magnitudes that `forward` returns."""
        out: Tensor = self.fn(self._checked(mel))
        return out.transpose(1, 2)

    def forward_in_chunks(
        self, mel: Tensor, size: int = CHUNK, on_chunk: Callable[[], None] = lambda: None
    ) -> Tensor:
        """Return the result of `forward`, up to rounding, with the latents of one chunk in memory.

        size: mel frames of a chunk, at least 1. on_chunk: called after each; an exception from it
        ends the work.

        Raises: ValueError: mel is of another shape, or size is below 1.
        """
        mel = self._checked(mel)
        if size < 1:
            raise ValueError(f"size must be at least 1, got {size}")
        project, block, output = self.fn
        assert isinstance(block, ResidualBlock)
        mel_frames = mel.shape[-1]
        starts = range(0, mel_frames, size)
        norm, convolution = block.in_fn[0], block.in_fn[1]
        assert isinstance(norm, nn.InstanceNorm2d)
        total, squared, count = 0.0, 0.0, mel.shape[2] * mel_frames
        for start in starts:
            h = project(mel[..., start : start + size]).double()
            total = total + h.sum((2, 3), keepdim=True)
            squared = squared + (h * h).sum((2, 3), keepdim=True)
        mean = torch.as_tensor(total / count)
        deviation = (torch.as_tensor(squared / count) - mean**2 + norm.eps).sqrt()
        mean, deviation = mean.to(mel.dtype), deviation.to(mel.dtype)
        out = mel.new_empty(mel.shape[0], mel.shape[2], self.config.n_fft // 2 + 1, mel_frames)
        for start in starts:
            # The convolution sees one mel frame either side; beyond the clip's ends it sees zeros.
            first, last = max(0, start - 1), min(mel_frames, start + size + 1)
            own = slice(start - first, min(start + size, mel_frames) - first)
            h = project(mel[..., first:last])
            mixed = convolution((h - mean) / deviation)[..., own]
            chunk = output(h[..., own] + block.out_fn(mixed))
            out[..., start : start + size] = chunk.transpose(1, 2).exp()
            on_chunk()
        return out

    def _checked(self, mel: Tensor) -> Tensor:
        if mel.dim() != 4 or mel.shape[2] != self.config.mels or mel.shape[3] < 1:
            raise ValueError(
                f"mel must be (batch, channels, {self.config.mels}, mel_frames), "
                f"got {tuple(mel.shape)}"
            )
        return mel.transpose(1, 2)
