"""The part of note diffusion that divides a mel among the parts of the music."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.engines.note_diffusion.blocks import DecoderConditioning, NoteDiffusionConfig
from msanii_live.engines.note_diffusion.note_alignment import ALIGNMENT_FEATURES

_SCALE = 4.0  # nats a unit of the output: levels range over dozens of nats
_KERNEL = 7  # mel frames


class PartLevels(nn.Module):
    """A network that predicts the level of each part from its notes and the decoder's features.

    All parts share its weights, and each sees its own notes alone.
    """

    def __init__(self, config: NoteDiffusionConfig, mels: int) -> None:
        super().__init__()
        self.lane, width = config.part_lane, config.part_detail
        self.lanes = nn.Linear(config.width, ALIGNMENT_FEATURES * self.lane, bias=False)
        self.own = nn.Linear(ALIGNMENT_FEATURES * self.lane, width)
        self.mix = nn.Linear(config.detail, width)
        self.depthwise = nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2, groups=width)
        self.pointwise = nn.Linear(width, width)
        self.out = nn.Linear(width, mels)
        nn.init.zeros_(self.pointwise.weight)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self,
        context: DecoderConditioning,
        features: torch.Tensor,
        parts: Sequence[int],
        mel_frames: int | None = None,
    ) -> torch.Tensor:
        """Return ln powers up to a sum that all parts share, (parts, batch, mel_frames, mels).

        features: of the decoder's refining part, (batch, mel_frames, detail). parts: indices into
        PARTS. mel_frames: number of first ones that are wanted; None for all.
        """
        count = features.shape[1] if mel_frames is None else mel_frames
        features = features[:, : count + _KERNEL // 2]
        basis = context.basis[:, : features.shape[1]]
        lanes = self.lanes(context.tokens).unflatten(-1, (ALIGNMENT_FEATURES, self.lane))
        mix = self.mix(features)
        levels = []
        for part in parts:
            own = lanes * (context.part == part)[..., None, None]
            aligned = torch.einsum("bfnk,bnkl->bfkl", basis.to(own.dtype), own).flatten(2)
            h = F.gelu(self.own(aligned) + mix, approximate="tanh")
            near = self.depthwise(h.transpose(1, 2)).transpose(1, 2)
            h = h + self.pointwise(F.gelu(near, approximate="tanh"))
            levels.append(self.out(h[:, :count]).float() * _SCALE)
        return torch.stack(levels)
