"""Layers after T5 that the engines of notes share.

Source: Raffel et al. 2019, arXiv:1910.10683, without relative positions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class RootMeanSquareNorm(nn.Module):
    """A normalisation by the root mean square, without a mean.

    Source: Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self._eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise the last axis, in float32."""
        size = x.float().square().mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(size + self._eps)).to(self.weight.dtype)


class GatedDense(nn.Module):
    """Two linear layers, the first of which is gated by a third.

    Source: Shazeer 2020, arXiv:2002.05202, eq. 6.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.wi_0, self.wi_1 = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.wo = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply both. x: (..., width)."""
        out: torch.Tensor = self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))
        return out
