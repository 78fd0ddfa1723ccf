"""Spectrogram Diffusion: note encoder, context encoder, and the decoder that denoises mels.

Modules are named as the published weights name them, so that a folder which diffusers wrote is
read as it is.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3; layers after Raffel et al. 2019,
arXiv:1910.10683, without relative positions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

Encoded = tuple[torch.Tensor, torch.Tensor]  # (batch, length, width), and where it counts


@dataclass(frozen=True)
class EncoderConfig:
    """Size an encoder; the published one is the default. feed_forward_proj: gated-gelu or relu."""

    d_model: int = 768
    num_layers: int = 12
    num_heads: int = 12
    d_kv: int = 64
    d_ff: int = 2_048
    feed_forward_proj: str = "gated-gelu"


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


class RootMeanSquareNorm(nn.Module):
    """Scale by the root mean square; no mean is taken off. Source: arXiv:1910.07467, eq. 4."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self._eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise the last axis, in float32."""
        size = x.float().square().mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(size + self._eps)).to(self.weight.dtype)


def _attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int, bias: torch.Tensor | None
) -> torch.Tensor:
    """Attend without scaling. q, k, v: (batch, length, heads * size). bias: added to scores."""
    q, k, v = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)
    return out.transpose(1, 2).flatten(2)


class _EncoderAttention(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        inner = config.num_heads * config.d_kv
        self._heads = config.num_heads
        self.q, self.k, self.v = (nn.Linear(config.d_model, inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, config.d_model, bias=False)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.o(_attend(self.q(x), self.k(x), self.v(x), self._heads, bias))
        return out


class _EncoderSelf(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.SelfAttention = _EncoderAttention(config)
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.SelfAttention(self.layer_norm(x), bias)
        return out


class _GatedDense(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.wi_0, self.wi_1 = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.wo = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))
        return out


class _PlainDense(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.wi = nn.Linear(width, inner, bias=False)
        self.wo = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.wo(F.relu(self.wi(x)))
        return out


class _EncoderDense(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        kinds = {"gated-gelu": _GatedDense, "relu": _PlainDense}
        if config.feed_forward_proj not in kinds:
            raise ValueError(
                f"feed_forward_proj is {config.feed_forward_proj!r}: "
                f"it must be one of {', '.join(kinds)}"
            )
        self.DenseReluDense = kinds[config.feed_forward_proj](config.d_model, config.d_ff)
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.DenseReluDense(self.layer_norm(x))
        return out


class _EncoderBlock(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList([_EncoderSelf(config), _EncoderDense(config)])

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer[1](self.layer[0](x, bias))
        return out


def _blocked(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return what is added to scores so that only what counts is seen. mask: (batch, length)."""
    return (1.0 - mask[:, None, None].to(dtype)) * torch.finfo(dtype).min


class NotesEncoder(nn.Module):
    """Encode a window's tokens."""

    def __init__(self, config: EncoderConfig, vocabulary: int, max_length: int) -> None:
        super().__init__()
        self.token_embedder = nn.Embedding(vocabulary, config.d_model)
        self.position_encoding = nn.Embedding(max_length, config.d_model)
        self.encoders = nn.ModuleList(_EncoderBlock(config) for _ in range(config.num_layers))
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, tokens: torch.Tensor) -> Encoded:
        """Encode. tokens: int, (batch, length), 0 where there is none."""
        mask = tokens > 0
        x = self.token_embedder(tokens) + self.position_encoding.weight[: tokens.shape[1]]
        bias = _blocked(mask, x.dtype)
        for block in self.encoders:
            x = block(x, bias)
        return self.layer_norm(x), mask


class ContextEncoder(nn.Module):
    """Encode the mel of the window before."""

    def __init__(self, config: EncoderConfig, mels: int, mel_frames: int) -> None:
        super().__init__()
        self.input_proj = nn.Linear(mels, config.d_model, bias=False)
        self.position_encoding = nn.Embedding(mel_frames, config.d_model)
        self.encoders = nn.ModuleList(_EncoderBlock(config) for _ in range(config.num_layers))
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, mel: torch.Tensor, mask: torch.Tensor) -> Encoded:
        """Encode. mel: from -1 to 1, (batch, mel_frames, mels). mask: bool, (batch, mel_frames).

        Positions count from the first mel frame. The published code means to count them back from
        the end of what is there, but rolls the wrong axis, and the weights know it no other way.
        """
        x = self.input_proj(mel) + self.position_encoding.weight[: mel.shape[1]]
        bias = _blocked(mask, x.dtype)
        for block in self.encoders:
            x = block(x, bias)
        return self.layer_norm(x), mask


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
        out: torch.Tensor = self.to_out[0](_attend(q, k, v, self._heads, bias))
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
        self.DenseReluDense = _GatedDense(config.d_model, config.d_ff)
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
