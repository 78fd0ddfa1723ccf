"""Clips and refusals that the tests of this room share."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import Clip, make_clip
from msanii_live.errors import Code, CommandError
from msanii_live.notes import PARTS
from tests.midi.bands import BAND


def noise(name: str, frames: int = 2_000, channels: int = 2) -> Clip:
    samples = np.random.default_rng(7).normal(0, 0.2, (frames, channels)).astype(np.float32)
    return make_clip(samples, 44_100, name=name, seed=5, bpm=124.0, parents=("a", "b"))


def refusal(code: Code) -> pytest.RaisesExc[CommandError]:
    return pytest.RaisesExc(CommandError, check=lambda error: error.code is code)


def band(name: str, seed: int = 0, parts: tuple[str, ...] = PARTS) -> Clip:
    """Return a clip with notes and stems whose sum is the clip."""
    frames = round(BAND.seconds * 44_100)
    rng = np.random.default_rng(seed)
    stems = {part: rng.normal(0, 0.1, (frames, 2)).astype(np.float32) for part in parts}
    total = sum(stems.values(), np.zeros((frames, 2), np.float32))
    return replace(noise(name), samples=total, score=BAND, stems=stems,
                   info=replace(noise(name).info, frames=frames, bpm=BAND.bpm))  # fmt: skip
