"""Models of the same families that were trained otherwise: not distilled, without inpainting."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from msanii_live.engines.base import EngineSettings
from msanii_live.engines.pipelines.engine import create
from msanii_live.engines.pipelines.stable_audio_3 import levels_below, longest_pass
from msanii_live.errors import CommandError
from msanii_live.protocol.commands import AudioToAudio, Generate, Inpaint
from tests.engines.pipelines import tiny
from tests.engines.pipelines.conftest import Recorder, source

VARIANTS = {
    "base-3": (lambda: tiny.stable_audio_3(inpainting=False, stochastic=False), 44_100, 100),
    "fast-48": (lambda: tiny.stable_audio_3(rate=48_000), 48_000, 8),
    "base-song": (lambda: tiny.ace_step(turbo=False, cover=False), 48_000, 50),
    "open-48": (lambda: tiny.stable_audio_open(rate=48_000), 48_000, 100),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_generates_inpaints_and_varies(tmp_path, name):
    make, rate, steps = VARIANTS[name]
    folder = tiny.save(make, tmp_path / name)
    engine = create(EngineSettings("cpu", name=name, weights=folder))
    assert (engine.capabilities.sample_rate, engine.capabilities.steps) == (rate, steps)
    clip = source(rate, seconds=0.6)
    heard = Recorder(clip)
    made = engine.run(Generate(seconds=0.5, steps=2), heard.context)
    assert made.info.frames == rate // 2
    kept = engine.run(Inpaint(src="a", start=0.3, end=0.4, steps=2), heard.context).samples
    far = np.ones(len(kept), bool)
    far[round(0.3 * rate) - 2_048 : round(0.4 * rate) + 2_048] = False
    np.testing.assert_array_equal(kept[far], clip.samples[far])
    assert not np.array_equal(kept, clip.samples)
    varied = engine.run(AudioToAudio(src="a", strength=0.5, steps=2), heard.context)
    assert varied.info.frames == clip.info.frames
    assert heard.warnings == []


def test_a_model_that_is_not_distilled_follows_negative_words(tmp_path):
    folder = tiny.save(VARIANTS["base-3"][0], tmp_path / "base")
    engine = create(EngineSettings("cpu", name="base", weights=folder))
    first, second = (
        engine.run(Generate(seconds=0.5, steps=2, negative=text), Recorder().context).samples
        for text in ("", "vinyl noise")
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("level", [0.01, 0.1, 0.12, 0.13, 0.5, 0.99, 0.999_999])
@pytest.mark.parametrize("steps", [1, 8, 100])
def test_noise_levels_begin_at_the_level_and_fall(level, steps):
    levels = levels_below(level, steps)
    assert (len(levels), levels[0]) == (steps, level)
    assert all(a > b > 0 for a, b in pairwise(levels))


def test_a_small_model_makes_no_longer_passes_than_it_was_trained_for(bench):
    assert longest_pass(384.0, 1_024) == 120.0
    assert longest_pass(384.0, 1_536) == 384.0
    assert bench.engine("stable-audio-3").family().max_seconds == 4.0


def test_stable_audio_3_is_in_fp32_on_apples_gpus(bench):
    engine, apple = bench.engine("stable-audio-3"), torch.device("mps")
    assert engine._pick_dtype(apple) == torch.float32
    assert engine._pick_dtype(torch.device("cuda")) == torch.float16
    assert bench.engine("stable-audio-open")._pick_dtype(apple) == torch.float16


@pytest.mark.parametrize("how", [{"seconds": 0.5}, {"bars": 1, "bpm": 150.0}])
def test_values_that_are_not_finite_say_which_precision_to_try(bench, monkeypatch, how):
    engine = bench.engine("stable-audio-3")
    own = engine.family().denoise
    monkeypatch.setattr(engine.family(), "denoise", lambda task: torch.nan * own(task))
    with pytest.raises(CommandError, match="not finite in fp32: serve it with --precision bf16"):
        engine.run(Generate(**how, steps=1), Recorder().context)
