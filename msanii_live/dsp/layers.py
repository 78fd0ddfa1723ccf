"""Layers that the networks of several engines are built from."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn


def rotate_pairs(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotate pairs of features: rotary position embedding.

    x: (..., size). cos, sin: of the angles, (..., size / 2).
    Source: Su et al. 2021, arXiv:2104.09864, eq. 34.
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def timestep_embedding(t: torch.Tensor) -> torch.Tensor:
    """Return sinusoids of the noise level. t: (batch,), 0 to 1 → (batch, 128)."""
    frequency = torch.exp(torch.linspace(0, math.log(1_000.0), 64, device=t.device))
    angle = t[:, None].float() * frequency
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


class FiLM(nn.Module):
    """Feature-wise scale and shift by a vector.

    Source: Perez et al. 2018, arXiv:1709.07871, eq. 2.
    """

    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.scale_bias = nn.Linear(width, 2 * features, bias=False)

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Modulate. x: (batch, length, features). condition: (batch, 1, width)."""
        scale, shift = self.scale_bias(condition).chunk(2, -1)
        out: torch.Tensor = x * (1 + scale) + shift
        return out


class ConvNeXtBlock(nn.Module):
    """A depthwise convolution and an MLP for each mel frame, scaled by feature.

    expansion: of the MLP. scale: of each feature before training.
    Source: Siuzdak 2023, arXiv:2306.00814, section 3.2.
    """

    def __init__(self, width: int, expansion: int = 3, kernel: int = 7, scale: float = 1.0) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the block. x: (batch, mel_frames, width) → the same shape."""
        h = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return torch.addcmul(x, self.scale, self.mlp(self.norm(h)))


class ModulatedConvNeXtBlock(nn.Module):
    """A depthwise convolution and an MLP for each mel frame, modulated by the conditions.

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
