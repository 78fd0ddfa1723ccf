"""The encoders of the published Spectrogram Diffusion: of a window's notes and the mel before it.

diffusers has both, but on a base class of transformers whose interface changed with version 5. So
they are written here; the decoder is diffusers' own. Modules are named as the published weights
name them.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3; layers after Raffel et al. 2019,
arXiv:1910.10683, without relative positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.t5_layers import GatedDense, RootMeanSquareNorm

Encoded = tuple[torch.Tensor, torch.Tensor]
"""Features, (batch, length, width), and the mask of those that count, bool, (batch, length)."""


@dataclass(frozen=True)
class EncoderConfig:
    """The sizes of an encoder; the defaults are the published ones.

    feed_forward_proj: "gated-gelu" or "relu". The other names are T5's.
    """

    d_model: int = 768
    num_layers: int = 12
    num_heads: int = 12
    d_kv: int = 64
    d_ff: int = 2_048
    feed_forward_proj: str = "gated-gelu"


class NotesEncoder(nn.Module):
    """An encoder of the tokens of one window."""

    def __init__(self, config: EncoderConfig, vocabulary: int, max_length: int) -> None:
        super().__init__()
        self.token_embedder = nn.Embedding(vocabulary, config.d_model)
        self.position_encoding = nn.Embedding(max_length, config.d_model)
        self.encoders = nn.ModuleList(_EncoderBlock(config) for _ in range(config.num_layers))
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    @property
    def max_length(self) -> int:
        """The most tokens that a window may have."""
        return self.position_encoding.num_embeddings

    def forward(self, tokens: torch.Tensor) -> Encoded:
        """Encode. tokens: int, (batch, length), 0 is padding."""
        mask = tokens > 0
        x = self.token_embedder(tokens) + self.position_encoding.weight[: tokens.shape[1]]
        bias = _attention_bias(mask, x.dtype)
        for block in self.encoders:
            x = block(x, bias)
        return self.layer_norm(x), mask


class ContextEncoder(nn.Module):
    """An encoder of the mel of the window before."""

    def __init__(self, config: EncoderConfig, mels: int, mel_frames: int) -> None:
        super().__init__()
        self.input_proj = nn.Linear(mels, config.d_model, bias=False)
        self.position_encoding = nn.Embedding(mel_frames, config.d_model)
        self.encoders = nn.ModuleList(_EncoderBlock(config) for _ in range(config.num_layers))
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, mel: torch.Tensor, mask: torch.Tensor) -> Encoded:
        """Encode. mel: -1 to 1, (batch, mel_frames, mels). mask: bool, (batch, mel_frames).

        Positions count from the first mel frame. The published code means to count them from the
        end of the mask, but it rolls the wrong axis, and the weights were trained that way.
        """
        x = self.input_proj(mel) + self.position_encoding.weight[: mel.shape[1]]
        bias = _attention_bias(mask, x.dtype)
        for block in self.encoders:
            x = block(x, bias)
        return self.layer_norm(x), mask


class _EncoderBlock(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList([_SelfAttentionLayer(config), _FeedForwardLayer(config)])

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer[1](self.layer[0](x, bias))
        return out


class _SelfAttentionLayer(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.SelfAttention = _SelfAttention(config)
        self.layer_norm = RootMeanSquareNorm(config.d_model)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.SelfAttention(self.layer_norm(x), bias)
        return out


class _SelfAttention(nn.Module):
    """Attention of T5: the scores are not scaled."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        inner = config.num_heads * config.d_kv
        self._heads = config.num_heads
        self.q, self.k, self.v = (nn.Linear(config.d_model, inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, config.d_model, bias=False)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        projected = (self.q(x), self.k(x), self.v(x))
        q, k, v = (y.view(*y.shape[:2], self._heads, -1).transpose(1, 2) for y in projected)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)
        out: torch.Tensor = self.o(attended.transpose(1, 2).flatten(2))
        return out


class _FeedForwardLayer(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        kinds = {"gated-gelu": GatedDense, "relu": _ReluDense}
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


class _ReluDense(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.wi = nn.Linear(width, inner, bias=False)
        self.wo = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.wo(F.relu(self.wi(x)))
        return out


def _attention_bias(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return what is added to the scores, (batch, 1, 1, length): 0 where the mask is set."""
    return (1.0 - mask[:, None, None].to(dtype)) * torch.finfo(dtype).min
