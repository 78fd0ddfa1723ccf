"""The part of the flow network that refines its prediction at the resolution of mel frames."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import ModulatedConvNeXtBlock


class DetailNetwork(nn.Module):
    """A correction of the transformer's coarse prediction, computed per mel frame.

    A token of width 320 stands for the 1,024 values of a patch, so the fine detail of a slightly
    noisy mel cannot pass through the transformer. This network sees each mel frame in full. Its
    last layer starts at zero, so that training begins with the coarse prediction unchanged.
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
        """Return the correction to add to `coarse`.

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
