"""Spectrogram Diffusion: the decoder that denoises mels, with the encoders of what it follows.

Modules are named as the published weights name them, so that a folder which diffusers wrote is
read as it is.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3; layers after Raffel et al. 2019,
arXiv:1910.10683, without relative positions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import nn

from msanii_live.dsp.t5_layers import (
    ContextEncoder,
    Encoded,
    EncoderConfig,
    GatedDense,
    NotesEncoder,
    RootMeanSquareNorm,
    attend,
)


@dataclass(frozen=True)
class DecoderConfig:
    """Size the decoder; the published one is the default. targets_length: mel frames."""

    input_dims: int = 128
    targets_length: int = 256
    max_decoder_noise_time: float = 20_000.0
    d_model: int = 768
    num_layers: int = 12
    num_heads: int = 12
    d_kv: int = 64
    d_ff: int = 2_048


@dataclass(frozen=True)
class SpectrogramConfig:
    """Size the whole. vocabulary and max_length: of tokens. context: mel frames."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    vocabulary: int = 1_536
    max_length: int = 2_048
    context: int = 256


class _DecoderAttention(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        inner = config.num_heads * config.d_kv
        self._heads = config.num_heads
        self.to_q, self.to_k, self.to_v = (
            nn.Linear(config.d_model, inner, bias=False) for _ in range(3)
        )
        self.to_out = nn.ModuleList([nn.Linear(inner, config.d_model, bias=False)])

    def forward(
        self, x: torch.Tensor, seen: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        q, k, v = self.to_q(x), self.to_k(seen), self.to_v(seen)
        out: torch.Tensor = self.to_out[0](attend(q, k, v, self._heads, bias))
        return out


class FilmLayer(nn.Module):
    """Scale and shift features as the noise level says."""

    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.scale_bias = nn.Linear(width, 2 * features, bias=False)

    def forward(self, x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """Modulate. x: (batch, length, features). level: (batch, 1, width)."""
        scale, shift = self.scale_bias(level).chunk(2, -1)
        out: torch.Tensor = x * (1 + scale) + shift
        return out


class _DecoderSelf(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.layer_norm = RootMeanSquareNorm(config.d_model)
        self.FiLMLayer = FilmLayer(4 * config.d_model, config.d_model)
        self.attention = _DecoderAttention(config)

    def forward(self, x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        h = self.FiLMLayer(self.layer_norm(x), level)
        out: torch.Tensor = x + self.attention(h, h, None)
        return out


class _DecoderCross(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.attention = _DecoderAttention(config)
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, x: torch.Tensor, seen: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.attention(self.layer_norm(x), seen, bias)
        return out


class _DecoderDense(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.DenseReluDense = GatedDense(config.d_model, config.d_ff)
        self.film = FilmLayer(4 * config.d_model, config.d_model)
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.DenseReluDense(self.film(self.layer_norm(x), level))
        return out


class _DecoderBlock(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(
            [_DecoderSelf(config), _DecoderCross(config), _DecoderDense(config)]
        )

    def forward(
        self, x: torch.Tensor, level: torch.Tensor, seen: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        out: torch.Tensor = self.layer[2](self.layer[1](self.layer[0](x, level), seen, bias), level)
        return out


class Decoder(nn.Module):
    """Predict the noise in a window's mel from its notes and the window before."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.d_model
        self.conditioning_emb = nn.Sequential(
            nn.Linear(width, 4 * width, bias=False),
            nn.SiLU(),
            nn.Linear(4 * width, 4 * width, bias=False),
            nn.SiLU(),
        )
        self.position_encoding = nn.Embedding(config.targets_length, width)
        self.continuous_inputs_projection = nn.Linear(config.input_dims, width, bias=False)
        self.decoders = nn.ModuleList(_DecoderBlock(config) for _ in range(config.num_layers))
        self.decoder_norm = RootMeanSquareNorm(width)
        self.spec_out = nn.Linear(width, config.input_dims, bias=False)

    def forward(
        self, encoded: list[Encoded], noisy: torch.Tensor, time: torch.Tensor
    ) -> torch.Tensor:
        """Return the noise. noisy: (batch, mel_frames, mels). time: (batch,), 0 up to 1."""
        level = self.conditioning_emb(self._embed(time).to(noisy.dtype))[:, None]
        seen = torch.cat([x for x, _ in encoded], dim=1)
        mask = torch.cat([counts for _, counts in encoded], dim=1)
        # Not to the lowest number, as the encoders: with nothing to see, all is seen alike.
        bias = torch.where(mask, 0.0, -1e10).to(noisy.dtype)[:, None, None]
        x = self.continuous_inputs_projection(noisy)
        x = x + self.position_encoding.weight[: noisy.shape[1]]
        for block in self.decoders:
            x = block(x, level, seen, bias)
        out: torch.Tensor = self.spec_out(self.decoder_norm(x))
        return out

    def _embed(self, time: torch.Tensor) -> torch.Tensor:
        """Return sines and cosines of the noise level, (batch, d_model)."""
        longest, half = self.config.max_decoder_noise_time, self.config.d_model // 2
        exponent = -math.log(longest) * torch.arange(half, dtype=torch.float32) / (half - 1)
        angle = (time * longest)[:, None].float() * exponent.exp().to(time.device)
        return torch.cat([angle.sin(), angle.cos()], dim=-1)


class SpectrogramDiffusion(nn.Module):
    """Hold the three networks."""

    def __init__(self, config: SpectrogramConfig) -> None:
        super().__init__()
        self.config = config
        mels = config.decoder.input_dims
        self.notes_encoder = NotesEncoder(config.encoder, config.vocabulary, config.max_length)
        self.continuous_encoder = ContextEncoder(config.encoder, mels, config.context)
        self.decoder = Decoder(config.decoder)

    def encode(
        self, tokens: torch.Tensor, before: torch.Tensor, is_there: torch.Tensor
    ) -> list[Encoded]:
        """Encode a window's tokens and the mel before it; see the encoders."""
        return [self.notes_encoder(tokens), self.continuous_encoder(before, is_there)]
