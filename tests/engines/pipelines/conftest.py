"""Tiny pipelines and their engines, made once."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.pipelines.engine import create
from tests.engines.pipelines import tiny


class Bench:
    """The folders and engines of all families, and source clips."""

    def __init__(self, folder):
        self.folder, self._engines = folder, {}

    def path(self, family):
        path = self.folder / family
        return path if path.exists() else tiny.save(tiny.FAMILIES[family], path)

    def engine(self, family):
        if family not in self._engines:
            path = self.path(family)
            self._engines[family] = create(EngineSettings("cpu", name=family, weights=path))
        return self._engines[family]


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("pipelines"))


def source(rate, name="a", seconds=0.75, seed=0, **info):
    """Return a stereo clip of a tone in noise."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).standard_normal((len(time), 2))
    tone = np.sin(2 * np.pi * 220 * time)[:, None] * [0.2, 0.1]
    samples = (tone + 0.03 * noise).astype(np.float32)
    return make_clip(samples, rate, name=name, **{"bpm": 120.0, **info})


class Recorder:
    """A context's ears: what was warned of and how far it went. stop_at: the step to cancel at.

    What random weights play has a tempo and a key by chance: warnings of those are left out.
    """

    def __init__(self, *clips, seed=1, stop_at=None):
        from msanii_live.errors import Cancelled

        self.warnings, self.steps = [], []

        def progress(step, steps):
            self.steps.append((step, steps))
            if stop_at is not None and step >= stop_at:
                raise Cancelled(step)

        def warn(text):
            if "the tempo is" not in text and "the key sounds" not in text:
                self.warnings.append(text)

        named = {clip.info.name: clip for clip in clips}
        self.context = replace(
            standalone_context(), clip=named.__getitem__, progress=progress,
            warn=warn, seed=seed,
        )  # fmt: skip
