"""mel-flow as a pipeline of diffusers: it saves, loads, and denoises as the engine does."""

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import torch

from msanii_live.engines.mel_flow.diffusers_pipeline import MelFlowDiffusionPipeline
from msanii_live.engines.mel_flow.inpainting import SamplingOptions, fill_windows, plan_line

EXAMPLE = Path(__file__).parents[3] / "examples" / "pipeline.py"
STEPS = 9  # more than the network jumps in


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mel-flow")
    MelFlowDiffusionPipeline.shipped().save_pretrained(folder)
    loaded = MelFlowDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def make(pipeline, **settings):
    seed = torch.Generator().manual_seed(3)
    return pipeline("house in A minor", seconds=1.0, bpm=124, generator=seed, **settings).audios


def test_a_saved_folder_denoises_as_the_engine_does(pipeline):
    made = make(pipeline, num_inference_steps=STEPS, output_type="latent")
    net = pipeline.transformer.net
    conditions = pipeline._conditions("house in A minor", 124, None, made.shape[-1])
    tokens = made.shape[-1] // net.config.patch
    options = SamplingOptions(conditions, lambda frames: conditions.phase[0], STEPS)
    with torch.inference_mode():
        *_, wanted = fill_windows(
            net, torch.zeros_like(made[0]), [False] * tokens, plan_line(tokens, 0, tokens, tokens),
            options, torch.Generator().manual_seed(3), lambda step: None,
        )  # fmt: skip
    difference = (made[0] - wanted).abs().max() / wanted.std()
    assert difference < 0.05  # the engine may round its network to bf16


def test_it_makes_audio_of_the_length_asked_for_and_calls_back(pipeline):
    steps = []

    def on_step_end(pipe, step, time, tensors):
        steps.append(step)
        return tensors

    made = make(pipeline, num_inference_steps=2, output_type="np", callback_on_step_end=on_step_end)
    assert made.shape == (1, 2, 44_100)
    assert steps == [0, 1]
    assert 0.01 < abs(made).max() < 4
    with pytest.raises(ValueError, match="seconds is 10: it must be up to 9"):
        pipeline(seconds=10.0)


def test_the_example_writes_a_folder_and_a_clip(tmp_path):
    folder = tmp_path / "own"
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "--folder", str(folder), "--steps", "1"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert soundfile.info(str(folder.with_suffix(".wav"))).duration == 6.0
    assert (folder / "model_index.json").exists()
