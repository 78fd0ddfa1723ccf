"""The flow network's second half: sharpen the coarse mel, mel frame by mel frame."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import ModulatedConvNeXtBlock


class DetailNetwork(nn.Module):
    """Correct a coarse prediction where the tokens are too narrow to carry it.

    A token of width 320 stands for 1,024 values of a patch, so that detail which the noisy mel
    still shows cannot pass through it. This path sees each mel frame at its full size. It starts
    as nothing: the last layer is zero.
    """

    def __init__(self, features: int, width: int, blocks: int, conditions: int) -> None:
        super().__init__()
        self.enter = nn.Linear(3 * features + 1, width)
        self.blocks = nn.ModuleList(
            ModulatedConvNeXtBlock(width, conditions) for _ in range(blocks)
        )
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
