"""The encoders of Spectrogram Diffusion: of a window's notes, and of the mel before it.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3; layers after Raffel et al. 2019,
arXiv:1910.10683, without relative positions.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def attend(
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
        out: torch.Tensor = self.o(attend(self.q(x), self.k(x), self.v(x), self._heads, bias))
        return out


class _EncoderSelf(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.SelfAttention = _EncoderAttention(config)
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.SelfAttention(self.layer_norm(x), bias)
        return out


class GatedDense(nn.Module):
    """Two layers, the first of which is gated by another. Source: arXiv:2002.05202, eq. 6."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.wi_0, self.wi_1 = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.wo = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply both. x: (..., width)."""
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
        kinds = {"gated-gelu": GatedDense, "relu": _PlainDense}
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
