"""The flow network's second half: sharpen the coarse mel, mel frame by mel frame."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Sharpen(nn.Module):
    """One depthwise convolution and one MLP a mel frame, scaled and shifted by the conditions.

    Source: Liu et al. 2022, arXiv:2201.03545, figure 4, in one dimension.
    """

    def __init__(self, width: int, conditions: int, kernel: int = 7) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.modulate = nn.Linear(conditions, 2 * width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU("tanh"), nn.Linear(2 * width, width)
        )
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """Apply the block. x: (batch, mel_frames, width); vector: (batch, conditions)."""
        shift, scale = self.modulate(vector)[:, None].chunk(2, dim=-1)
        h = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        h = F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift
        out: torch.Tensor = x + self.mlp(h)
        return out


class Detail(nn.Module):
    """Correct a coarse prediction where the tokens are too narrow to carry it.

    A token of width 320 stands for 1,024 values of a patch, so that detail which the noisy mel
    still shows cannot pass through it. This path sees each mel frame at its full size. It starts
    as nothing: the last layer is zero.
    """

    def __init__(self, features: int, width: int, blocks: int, conditions: int) -> None:
        super().__init__()
        self.enter = nn.Linear(3 * features + 1, width)
        self.blocks = nn.ModuleList(Sharpen(width, conditions) for _ in range(blocks))
        self.leave = nn.Linear(width, features)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        coarse: torch.Tensor,
        x: torch.Tensor,
        known: torch.Tensor,
        mask: torch.Tensor,
        vector: torch.Tensor,
    ) -> torch.Tensor:
        """Return what to add to `coarse`.

        coarse, x, known: predicted, noisy and known mel, (batch, channels, mels, mel_frames).
        mask: (batch, 1, 1, mel_frames), 1 where the mel is known. vector: (batch, conditions).
        """
        frames = torch.cat(
            [part.flatten(1, 2).transpose(1, 2) for part in (coarse, x, known * mask, mask)], dim=-1
        )
        h = self.enter(frames)
        for block in self.blocks:
            h = block(h, vector)
        out: torch.Tensor = self.leave(F.gelu(h, approximate="tanh"))
        return out.transpose(1, 2).reshape(coarse.shape)
