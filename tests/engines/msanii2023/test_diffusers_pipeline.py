"""The 2023 system as a pipeline of diffusers: saved, loaded, and denoised as the 2023 code does."""

import pytest
import torch

from msanii_live.engines.msanii2023.checkpoint import CheckpointParts, write
from msanii_live.engines.msanii2023.diffusers_pipeline import Msanii2023DiffusionPipeline
from msanii_live.engines.msanii2023.features import Features2023, Features2023Config
from msanii_live.engines.msanii2023.model import load
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config

STEPS = 3


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    sizes = UNet2023Config(
        mels=8, width=8, heads=2, multipliers=(1, 1), has_attention=(False, True),
        has_resampling=(True, False), block_layers=(1, 1),
    )  # fmt: skip
    parts = CheckpointParts(
        UNet2023(sizes),
        Vocoder2023(Vocoder2023Config(n_fft=64, mels=8, width=8)),
        Features2023(Features2023Config(n_fft=64, mels=8)),
    )
    folder = tmp_path_factory.mktemp("msanii2023")
    write(folder, parts)
    return folder


@pytest.fixture(scope="module")
def pipeline(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    Msanii2023DiffusionPipeline.of(checkpoint).save_pretrained(folder)
    assert (folder / "model_index.json").is_file()
    assert (folder / "scheduler" / "scheduler_config.json").is_file()
    made = Msanii2023DiffusionPipeline.from_pretrained(folder, local_files_only=True)
    made.set_progress_bar_config(disable=True)
    return made


def test_a_saved_folder_denoises_as_the_2023_code_does(pipeline, checkpoint):
    seed = torch.Generator().manual_seed(3)
    mel = pipeline(0.05, num_inference_steps=STEPS, generator=seed, output_type="latent").audios
    noise = torch.randn(mel.shape, generator=torch.Generator().manual_seed(3))
    expected = load(checkpoint).sample(noise, STEPS)
    torch.testing.assert_close(mel, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("channels", [1, 2])
def test_audio_has_the_length_asked_for_and_steps_are_reported(pipeline, channels):
    steps = []

    def on_step_end(pipe, step, time, tensors):
        steps.append(step)
        return tensors

    made = pipeline(
        0.05, num_inference_steps=2, channels=channels, output_type="np",
        callback_on_step_end=on_step_end, generator=torch.Generator().manual_seed(1),
    ).audios  # fmt: skip
    assert made.shape == (1, channels, round(0.05 * 44_100))
    assert steps == [0, 1]
    assert abs(made).max() > 0
