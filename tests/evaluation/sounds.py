"""Clips with known answers, and engines for them."""

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.evaluation.validation_clips import ValidationClip
from tests.engines.mel_flow.tiny import write_untrained

RATE = 44_100
SPEC = MelSpec(mels=64)


def tone(hertz, seconds, level=0.2):
    place = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * f * place) for f in np.atleast_1d(hertz))
    return np.repeat((level * wave)[:, None], 2, axis=1).astype(np.float32)


def clicks(beat, seconds, first=0.0, seed=0):
    """Short bursts of noise a beat apart."""
    out = np.random.default_rng(seed).normal(0, 1e-4, (round(seconds * RATE), 2))
    burst = np.random.default_rng(seed + 1).normal(0, 0.3, (900, 2))
    burst *= np.exp(-np.arange(900) / 200)[:, None]
    for at in np.arange(first, seconds - 0.05, beat):
        place = round(at * RATE)
        out[place : place + 900] += burst
    return out.astype(np.float32)


def validation_clip(true, other, seam, number=0, **info):
    """Cut two sounds, (frames, 2), at `seam` seconds into a clip and what follows."""
    at = round(seam * RATE)
    info = {"bpm": 120.0, "style": "house", "key": "A min", **info}
    return ValidationClip(
        make_clip(true[:at].copy(), RATE, name=f"held-{number}", **info),
        true[at:],
        make_clip(other[:at].copy(), RATE, name=f"other-{number}", **info),
        other[at:],
    )


class OracleEngine:
    """An engine that continues each clip with its true continuation."""

    def __init__(self, clips):
        self.after = {c.clip.info.name: c.after for c in clips}
        self.after |= {c.other.info.name: c.other_after for c in clips}

    def run(self, command, context):
        source = context.clip(command.src)
        new = self.after[source.info.name][: round(command.seconds * RATE)]
        return make_clip(np.concatenate([source.samples, new]), RATE)


@pytest.fixture(scope="session")
def small_engine(tmp_path_factory):
    """A mel-flow with a small untrained network and vocoder."""
    folder = tmp_path_factory.mktemp("weights")
    return MelFlowEngine("cpu", write_untrained(folder, SPEC))
