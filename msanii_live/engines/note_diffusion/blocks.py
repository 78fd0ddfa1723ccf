"""The transformer blocks of note diffusion, and what its decoder is conditioned on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import FiLM, rotate_pairs
from msanii_live.dsp.t5_layers import GatedDense, RootMeanSquareNorm
from msanii_live.engines.notes.instruments import TRAINED_PROGRAMS


@dataclass(frozen=True)
class NoteDiffusionConfig:
    """The sizes of the network.

    window: mel frames, a multiple of `patch`. lane: features per mel frame of each alignment
    feature. detail: features per mel frame of the refining part. every: one in so many decoder
    blocks attends to the previous window. part_lane, part_detail: as lane and detail, of the
    network that divides the sound among the parts.
    """

    window: int = 440
    patch: int = 4
    width: int = 256
    heads: int = 4
    inner: int = 512
    note_blocks: int = 1
    context_blocks: int = 2
    blocks: int = 6
    every: int = 2
    lane: int = 32
    detail: int = 192
    detail_blocks: int = 2
    part_lane: int = 16
    part_detail: int = 160
    programs: tuple[int, ...] = TRAINED_PROGRAMS


class RotaryCrossAttention(nn.Module):
    """Attention with real-valued rotary positions. Source: arXiv:2104.09864, eq. 34."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        size = width // heads
        self.frequency: torch.Tensor
        frequency = 10_000.0 ** (-torch.arange(0, size, 2) / size)
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(
        self,
        x: torch.Tensor,
        at: torch.Tensor,
        context: torch.Tensor,
        context_at: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Attend from x to `context`, (batch, length, width).

        at, context_at: positions in tokens, (batch, length). mask: attention mask, bool, (batch,
        context length).
        """
        q = self._rotated(self._split(self.q(x)), at)
        k, v = (self._split(part) for part in self.kv(context).chunk(2, -1))
        k = self._rotated(k, context_at)
        attn_mask = None if mask is None else mask[:, None, None]
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
        out: torch.Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def _rotated(self, x: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        angle = at[:, None, :, None].float() * self.frequency.float()
        return rotate_pairs(x, angle.cos().to(x.dtype), angle.sin().to(x.dtype))


class TransformerBlock(nn.Module):
    """A transformer block: self-attention, then optional cross-attention, then an MLP."""

    def __init__(self, config: NoteDiffusionConfig, film: bool = False, cross: bool = False):
        super().__init__()
        width = config.width
        self.norms = nn.ModuleList(RootMeanSquareNorm(width) for _ in range(3 if cross else 2))
        self.attention = RotaryCrossAttention(width, config.heads)
        self.cross = RotaryCrossAttention(width, config.heads) if cross else None
        self.dense = GatedDense(width, config.inner)
        self.films = nn.ModuleList(FiLM(width, width) for _ in range(2 if film else 0))
        for layer in self.films:
            assert isinstance(layer, FiLM)
            nn.init.zeros_(layer.scale_bias.weight)

    def forward(
        self,
        x: torch.Tensor,
        at: torch.Tensor,
        mask: torch.Tensor | None = None,
        level: torch.Tensor | None = None,
        context: DecoderConditioning | None = None,
    ) -> torch.Tensor:
        """Apply the block. x: (batch, length, width). level: of noise, (batch, 1, width).

        at: positions in tokens, (batch, length). mask: of self-attention, bool, (batch, length).
        """
        h = self._film(0, self.norms[0](x), level)
        x = x + self.attention(h, at, h, at, mask)
        if self.cross is not None:
            assert context is not None
            h = self.norms[2](x)
            x = x + self.cross(h, at, context.past, context.positions, context.mask)
        out: torch.Tensor = x + self.dense(self._film(1, self.norms[1](x), level))
        return out

    def _film(self, number: int, h: torch.Tensor, level: torch.Tensor | None) -> torch.Tensor:
        out: torch.Tensor = self.films[number](h, level) if self.films else h
        return out


@dataclass(frozen=True)
class DecoderConditioning:
    """What the decoder is conditioned on.

    past: a learned token, then the previous window, (batch, length, width). positions: in
    tokens, (batch, length). mask: attention mask, bool, (batch, length). aligned: aligned notes,
    (batch, mel_frames, features). tokens: the encoded notes, (batch, count, width). basis: their
    alignment features. part: of each note, an index into PARTS, -1 for padding, (batch, count).
    """

    past: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    aligned: torch.Tensor
    tokens: torch.Tensor
    basis: torch.Tensor
    part: torch.Tensor


def open_empty_rows(mask: torch.Tensor) -> torch.Tensor:
    """Return an attention mask in which rows without any key attend to all: attention needs one.

    The results of such rows are not used. mask: bool, (batch, length).
    """
    return mask | ~mask.any(1, keepdim=True)
