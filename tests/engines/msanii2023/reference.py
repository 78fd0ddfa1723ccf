"""The reference checkpoint and what the 2023 code made of it."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from msanii_live.engines.msanii2023 import Msanii2023, load

PARITY = Path(__file__).parents[2] / "parity"
CHECKPOINT = PARITY / "msanii-tiny.pt"


@cache
def reference() -> Msanii2023:
    return load(CHECKPOINT)


def arrays(*names: str, file: str = "msanii-tiny.npz") -> list[Tensor]:
    with np.load(PARITY / file) as kit:
        return [torch.from_numpy(kit[name]) for name in names]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())
