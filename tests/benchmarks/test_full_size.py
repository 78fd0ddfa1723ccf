"""Models with random weights: at their published sizes, and a tiny one timed through a server."""

import pytest
import torch

from msanii_live.benchmarks.full_size import report_full_size
from msanii_live.benchmarks.random_models import (
    PUBLISHED,
    StableAudio3Sizes,
    StableAudioOpenSizes,
    TextSizes,
    save_random,
    stable_audio_3,
    stable_audio_open,
)
from msanii_live.cli.bench_scaling import PUBLISHED_SIZES
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.pipelines.engine import create
from msanii_live.protocol.commands import Generate

TEXT = TextSizes(width=64, inner=64, layers=1, heads=2, vocabulary=64, tokens=8)


def small_3():
    return stable_audio_3(
        StableAudio3Sizes(
            width=64, layers=1, heads=2, latent=16, coder=32, coder_layers=1, seconds=8.0, text=TEXT
        )
    )


def small_open():
    return stable_audio_open(
        StableAudioOpenSizes(
            width=8, layers=1, heads=2, window=64, latent=4, coder=8, strides=(8, 16), text=TEXT
        )
    )


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch, about diffusers
def test_the_networks_are_as_large_as_published():
    assert tuple(PUBLISHED) == PUBLISHED_SIZES
    with torch.device("meta"):
        sizes = {
            name: {
                part: round(sum(weights.numel() for weights in network.parameters()) / 1e6)
                for part, network in PUBLISHED[name]().components.items()
                if part in ("transformer", "vae")
            }
            for name in PUBLISHED
        }
    assert sizes == {
        "stable-audio-3-small": {"transformer": 459, "vae": 107},
        "stable-audio-open": {"transformer": 1057, "vae": 156},
    }


@pytest.mark.parametrize("make", [small_3, small_open])
def test_a_random_folder_is_one_that_an_engine_reads(make, tmp_path):
    count = save_random(make, tmp_path / "m", torch.device("cpu"), torch.float32)
    engine = create(EngineSettings("cpu", name="m", weights=tmp_path / "m"))
    clip = engine.run(Generate(seconds=0.5, steps=1, prompt="w1 w2"), standalone_context())
    assert count > 10_000
    assert clip.info.frames == 22_050
    assert abs(clip.samples).max() > 1e-4


@pytest.mark.slow
def test_a_model_is_timed_from_the_message_to_the_wav(capsys):
    assert report_full_size("stable-audio-3-small", "cpu", (0.5,), 1, rounds=1, make=small_3) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line.split("|")[2:-1] for line in lines if line.startswith("| on the CPU")]
    first, least, middle, _, memory = map(float, row[1:])
    assert row[0].strip() == "0.5 s"
    assert 0 < least <= middle
    assert first > 0
    assert memory > 1
    assert [line.split("|")[1].strip() for line in lines if line.endswith("% |")] == [
        "generate", "generate a loop", "outpaint", "inpaint", "audio2audio",
    ]  # fmt: skip
