"""Levels of the flow engine: interpolated in power, held to the sources', mono kept."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from msanii_live.audio import as_stereo, make_clip, rms_dbfs
from msanii_live.benchmarks.levels import level_errors, local_powers, synthetic_sources
from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.base import standalone_context
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.mel_flow.model_level import to_model_loudness
from msanii_live.engines.mel_flow.network import FlowNet
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    Outpaint,
    Vocode,
)

RATE = 44_100
STEPS = 4
SEAM = 2_048


def model() -> FlowModel:
    """Return features and statistics; the network is not run."""
    mean, deviation = torch.full((2, 128, 1), -3.0), torch.full((2, 128, 1), 2.0)
    return FlowModel(FlowNet.__new__(FlowNet), MelSpec(), mean, deviation)


@pytest.mark.parametrize("mix", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_mels_are_interpolated_in_power(mix):
    rng = torch.Generator().manual_seed(0)
    a, b = (torch.randn(2, 128, 8, generator=rng) * 3 for _ in range(2))
    between = model().denormalise(model().interpolate([a, b], [1 - mix, mix]))
    power = (1 - mix) * (2 * model().denormalise(a)).exp()
    power = power + mix * (2 * model().denormalise(b)).exp()
    assert (2 * between).exp().numpy() == pytest.approx(power.numpy(), rel=1e-4)


def test_one_mel_and_twice_the_same_mel_are_that_mel():
    mel = torch.randn(2, 128, 8, generator=torch.Generator().manual_seed(1))
    assert model().interpolate([mel], [1.0]).numpy() == pytest.approx(mel.numpy(), abs=1e-5)
    twice = model().interpolate([mel, mel], [0.3, 0.7])
    assert twice.numpy() == pytest.approx(mel.numpy(), abs=1e-5)


def test_long_fresh_audio_is_even_and_at_the_model_level():
    rng = np.random.default_rng(0)
    grows = 10 ** (np.linspace(-9, 0, 40 * RATE) / 20)[:, None]
    wave = (0.1 * rng.standard_normal((40 * RATE, 2)) * grows).astype(np.float32)
    for loops in (False, True):
        out = to_model_loudness(wave, loops)
        assert rms_dbfs(out) == pytest.approx(-18, abs=0.1)
        levels = [rms_dbfs(span) for span in np.array_split(out, 8)]
        assert max(levels) - min(levels) < (6.0 if loops else 1.0)
        assert np.array_equal(out, to_model_loudness(wave, loops))


@pytest.fixture(scope="module")
def engine():
    return MelFlowEngine("cpu", precision="fp32")


@pytest.fixture(scope="module")
def clips():
    return {
        name: make_clip(samples, RATE, name=name, bpm=120.0)
        for name, samples in synthetic_sources(3.0).items()
    }


def run(engine, clips, command):
    context = replace(standalone_context(), clip=lambda name: clips[name], seed=1)
    return as_stereo(engine.run(command, context).samples)


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [("drums", "pad"), ("bass", "noise"), ("speech", "bass")])
def test_interpolation_follows_the_equal_power_line(engine, clips, a, b):
    for mix in (0.3, 0.5):
        made = run(engine, clips, Interpolate(a=a, b=b, mix=mix, steps=STEPS))
        first, second = (local_powers(clips[name].samples) for name in (a, b))
        whole, local = level_errors(made, (1 - mix) * first + mix * second)
        assert abs(whole) <= 1.5
        assert abs(local) <= 3.0
        assert np.array_equal(made[:, 0], made[:, 1])
    for mix, name in ((0.0, a), (1.0, b)):
        made = run(engine, clips, Interpolate(a=a, b=b, mix=mix, steps=STEPS))
        assert np.array_equal(made, clips[name].samples)
    made = run(engine, clips, Interpolate(a=a, b=b, mix=0.5, strength=0.0, steps=STEPS))
    assert abs(level_errors(made, (first + second) / 2)[0]) <= 1.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drums", "pad", "noise", "speech", "bass"])
def test_variations_keep_the_level_of_their_source(engine, clips, name):
    target = local_powers(clips[name].samples)
    for strength in (0.3, 0.8):
        made = run(engine, clips, AudioToAudio(src=name, strength=strength, steps=STEPS))
        assert abs(level_errors(made, target)[0]) <= 1.5
    made = run(engine, clips, AudioToAudio(src=name, strength=0.0, steps=STEPS))
    assert np.array_equal(made, clips[name].samples)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drums", "pad"])
def test_mono_stays_mono_and_stereo_stereo(engine, clips, name):
    mono = clips[name]  # one step does: no step may tell the channels apart
    wide = mono.samples * np.float32([1.0, 0.5])
    stereo = make_clip(np.ascontiguousarray(wide), RATE, name="wide", bpm=120.0)
    one = make_clip(np.ascontiguousarray(mono.samples[:, :1]), RATE, name="one", bpm=120.0)
    for source, is_mono in ((mono, True), (one, True), (stereo, False)):
        known = {"x": source, "y": mono}
        for command in (
            Outpaint(src="x", seconds=1.0, steps=1),
            Inpaint(src="x", start=1.0, end=2.0, steps=1),
            AudioToAudio(src="x", strength=0.6, steps=1),
            Interpolate(a="x", b="y", steps=1),
            Vocode(src="x"),
        ):
            made = run(engine, known, command)
            assert np.array_equal(made[:, 0], made[:, 1]) == is_mono
            if isinstance(command, Outpaint):
                kept = len(source.samples) - SEAM
                assert np.array_equal(made[:kept], as_stereo(source.samples)[:kept])


@pytest.mark.parametrize("start", [0.0, 0.1])
def test_a_clip_made_anew_from_end_to_end_has_its_level(engine, clips, start):
    source = clips["pad"].samples
    quiet = np.linspace(0.0, 1.0, RATE // 5, dtype=np.float32)[:, None]  # it fades in
    faded = source * np.concatenate([quiet, np.ones((len(source) - len(quiet), 1), np.float32)])
    known = {"pad": make_clip(faded, RATE, name="pad", bpm=120.0)}
    made = run(engine, known, Inpaint(src="pad", start=start, end=9.0, steps=1))
    assert abs(rms_dbfs(made) - rms_dbfs(faded)) < 3.0


@pytest.mark.slow
def test_a_minute_does_not_grow(engine):
    made = run(engine, {}, Generate(seconds=60.0, style="lofi", bpm=90.0, steps=STEPS))
    levels = [rms_dbfs(span) for span in np.array_split(made, 6)]
    assert abs(levels[-1] - levels[0]) < 3.0
    assert max(abs(x - y) for x, y in pairwise(levels)) < 3.0
