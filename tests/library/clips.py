"""Clips and refusals that the tests of this room share."""

import numpy as np
import pytest

from msanii_live.audio import Clip, make_clip
from msanii_live.errors import Code, CommandError


def noise(name: str, frames: int = 2_000, channels: int = 2) -> Clip:
    samples = np.random.default_rng(7).normal(0, 0.2, (frames, channels)).astype(np.float32)
    return make_clip(samples, 44_100, name=name, seed=5, bpm=124.0, parents=("a", "b"))


def refusal(code: Code) -> pytest.RaisesExc[CommandError]:
    return pytest.RaisesExc(CommandError, check=lambda error: error.code is code)
