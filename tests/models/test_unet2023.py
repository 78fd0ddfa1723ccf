"""Check the 2023 U-Net and its sampling path against exact answers and the 2023 code's outputs."""

import collections
import os
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from msanii_live.models.ddim2023 import (
    cosine_alpha_bars,
    ddim_step,
    griffin_lim,
    leading_timesteps,
    sample_ddim,
)
from msanii_live.models.unet2023 import UNet2023, UNet2023Config

# The configuration of the reference checkpoint msanii-tiny.pt.
TINY = UNet2023Config(
    width=32,
    multipliers=(1, 1, 2),
    timestep_width=32,
    heads=4,
    has_attention=(False, True, True),
    has_resampling=(True, True, False),
    block_layers=(1, 2, 1),
)


def reference_file(name: str) -> Path:
    """Return the path of a reference output of the 2023 code, or skip the test."""
    beside = Path(__file__).parents[3] / "shared" / "parity"
    folder = Path(os.environ.get("MSANII_LIVE_PARITY", beside))
    if not (folder / name).is_file():
        pytest.skip(f"no {name} in ../shared/parity or MSANII_LIVE_PARITY: no 2023 reference")
    return folder / name


def reference_arrays(*names: str) -> list[Tensor]:
    with np.load(reference_file("msanii-tiny.npz")) as arrays:
        return [torch.from_numpy(arrays[name]) for name in names]


@cache
def reference_unet() -> UNet2023:
    """Return the network of the reference checkpoint, in eval mode."""
    # Its configs are diffusers' FrozenDict, an ordered dictionary: read them as a plain one.
    frozen_dict = (collections.OrderedDict, "diffusers.configuration_utils.FrozenDict")
    with torch.serialization.safe_globals([frozen_dict]):
        checkpoint = torch.load(reference_file("msanii-tiny.pt"), weights_only=True)
    unet = UNet2023(TINY)
    unet.load_state_dict(checkpoint["unet_state_dict"], strict=True)
    return unet.eval()


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


def no_noise(x: Tensor, timesteps: Tensor) -> Tensor:
    return torch.zeros_like(x)


def test_published_configuration_has_the_published_parameter_count() -> None:
    with torch.device("meta"):
        unet = UNet2023(UNet2023Config())
    assert sum(parameter.numel() for parameter in unet.parameters()) == 49_878_016


def test_published_configuration_runs_on_shapes() -> None:
    with torch.device("meta"):
        unet = UNet2023(UNet2023Config())
        x = torch.zeros(4, 2, 128, 8192)  # 190 s
        assert unet(x, torch.zeros(4, dtype=torch.int64)).shape == x.shape


@torch.inference_mode()
def test_unet_matches_the_2023_code() -> None:
    x, timesteps, expected = reference_arrays("unet_x", "unet_t", "unet_y")
    assert relative_error(reference_unet()(x, timesteps), expected) <= 1e-5


@torch.inference_mode()
def test_ddim_matches_the_2023_code() -> None:
    noise, steps, expected = reference_arrays("ddim_noise", "ddim_steps", "ddim_x0")
    timesteps = leading_timesteps(int(steps))
    actual = sample_ddim(reference_unet(), noise, cosine_alpha_bars(), timesteps)
    assert relative_error(actual, expected) <= 1e-4


@torch.inference_mode()
def test_ddim_matches_the_2023_code_from_a_lower_noise_level() -> None:
    names = ("ddim04_noise", "ddim04_timesteps", "ddim04_x0")
    noise, timesteps, expected = reference_arrays(*names)
    actual = sample_ddim(reference_unet(), noise, cosine_alpha_bars(), timesteps.tolist())
    assert relative_error(actual, expected) <= 1e-4


@pytest.mark.parametrize("mel_frames", [4, 8, 36])
@pytest.mark.parametrize("channels", [2, 3])
@torch.inference_mode()
def test_any_multiple_of_the_total_stride_is_a_length(channels: int, mel_frames: int) -> None:
    x = torch.randn(2, channels, 128, mel_frames, generator=torch.Generator().manual_seed(0))
    out = UNet2023(TINY)(x, torch.tensor([0, 999]))
    assert TINY.total_stride == 4
    assert out.shape == x.shape
    assert out.isfinite().all()


@torch.inference_mode()
def test_batch_entries_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    unet = UNet2023(TINY)
    x, timesteps = torch.randn(2, 2, 128, 8), torch.tensor([3, 700])
    apart = [unet(x[i : i + 1], timesteps[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(unet(x, timesteps), torch.cat(apart), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "batch", "message"),
    [
        ((1, 2, 128, 6), 1, "mel_frames must be a multiple of 4, got 6"),
        ((1, 2, 128, 0), 1, "mel_frames must be a multiple of 4, got 0"),
        ((1, 2, 80, 8), 1, "x must be"),
        ((2, 128, 8), 2, "x must be"),
        ((1, 2, 128, 8), 2, r"timesteps \(batch,\)"),
    ],
)
def test_wrong_shapes_are_refused(shape: tuple[int, ...], batch: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UNet2023(TINY)(torch.zeros(shape), torch.zeros(batch, dtype=torch.int64))


def test_impossible_configurations_are_refused() -> None:
    with pytest.raises(ValueError, match="one entry a level"):
        UNet2023Config(multipliers=(1, 1))
    with pytest.raises(ValueError, match="at least 1"):
        UNet2023Config(width=0)
    with pytest.raises(ValueError, match="timestep_width"):
        UNet2023Config(timestep_width=33)
    with pytest.raises(ValueError, match="heads must divide"):
        UNet2023Config(heads=7)
    with pytest.raises(ValueError, match="last level"):
        UNet2023Config(has_resampling=(True,) * 7)


def test_cosine_schedule_follows_its_closed_form() -> None:
    alpha_bars = cosine_alpha_bars()
    progress = (torch.arange(1, 1001, dtype=torch.float64) / 1000 + 0.008) / 1.008
    start = np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    closed = torch.cos(progress * np.pi / 2) ** 2 / start
    torch.testing.assert_close(alpha_bars[:-1], closed[:-1], rtol=1e-9, atol=0.0)
    assert float(alpha_bars[-1] / alpha_bars[-2]) == pytest.approx(0.001)  # the ceiling


def test_leading_timesteps() -> None:
    assert leading_timesteps(20)[:2] == [950, 900]
    assert leading_timesteps(3) == [666, 333, 0]
    assert leading_timesteps(1000) == list(range(999, -1, -1))
    for steps in (0, 1001):
        with pytest.raises(ValueError, match="steps must be"):
            leading_timesteps(steps)


@pytest.mark.parametrize("steps", [1, 7, 50])
def test_ddim_with_a_linear_model_has_its_exact_answer(steps: int) -> None:
    """Data of mean 0 and deviation s: the best noise prediction is linear in x.

    With a share of signal power a, E[noise | x] = sqrt(1 - a) / (a s² + 1 - a) · x, so every step
    multiplies x by a known number, and the product of them is the answer.
    """
    deviation = 0.3
    alpha_bars = cosine_alpha_bars()

    def gain(alpha: Tensor) -> Tensor:
        return (1 - alpha).sqrt() / (alpha * deviation**2 + 1 - alpha)

    def linear(x: Tensor, timesteps: Tensor) -> Tensor:
        return gain(alpha_bars[timesteps])[:, None, None, None] * x

    timesteps = leading_timesteps(steps)
    levels = [*alpha_bars[timesteps], torch.tensor(1.0, dtype=torch.float64)]
    factor = torch.tensor(1.0, dtype=torch.float64)
    for now, later in pairwise(levels):
        kept = (later / now).sqrt()
        factor *= kept + ((1 - later).sqrt() - kept * (1 - now).sqrt()) * gain(now)
    noise = torch.randn(2, 2, 8, 4, dtype=torch.float64, generator=torch.manual_seed(0))
    actual = sample_ddim(linear, noise, alpha_bars, timesteps, clip=None)
    torch.testing.assert_close(actual, factor * noise, rtol=1e-10, atol=1e-12)


def test_ddim_recovers_a_known_clip_whatever_the_number_of_steps() -> None:
    clean = torch.rand(1, 2, 8, 4, dtype=torch.float64, generator=torch.manual_seed(0)) * 2 - 1
    alpha_bars = cosine_alpha_bars()

    def oracle(x: Tensor, timesteps: Tensor) -> Tensor:
        alpha = alpha_bars[timesteps][:, None, None, None]
        return (x - alpha.sqrt() * clean) / (1 - alpha).sqrt()

    for steps in (1, 3, 20):
        actual = sample_ddim(oracle, torch.randn_like(clean), alpha_bars, leading_timesteps(steps))
        torch.testing.assert_close(actual, clean, rtol=0.0, atol=1e-10)


def test_ddim_clips_the_clean_estimate() -> None:
    noise = torch.full((1, 1, 1, 2), 3.0)
    assert sample_ddim(no_noise, noise, cosine_alpha_bars(), [0]).max() == 1.0
    assert sample_ddim(no_noise, noise, cosine_alpha_bars(), [0], clip=None).max() > 3.0


def test_ddim_refuses_impossible_schedules() -> None:
    noise, alpha_bars = torch.zeros(1, 1, 1, 1), cosine_alpha_bars()
    with pytest.raises(ValueError, match="empty"):
        sample_ddim(no_noise, noise, alpha_bars, [])
    with pytest.raises(ValueError, match="must fall"):
        sample_ddim(no_noise, noise, alpha_bars, [100, 100, 0])
    with pytest.raises(IndexError):
        sample_ddim(no_noise, noise, alpha_bars, [1000, 0])
    with pytest.raises(ValueError, match="alpha_now <= alpha_next"):
        ddim_step(noise, noise, alpha_now=0.5, alpha_next=0.4, clip=None)
    with pytest.raises(ValueError, match="train_timesteps"):
        cosine_alpha_bars(0)


def test_griffin_lim_finds_audio_with_nearly_the_given_magnitudes() -> None:
    torch.manual_seed(0)
    frames = 1024 * 15
    seconds = torch.arange(frames) / 44_100
    tones = torch.stack([torch.sin(2 * torch.pi * hertz * seconds) for hertz in (440.0, 1000.0)])
    window = torch.hann_window(2048)
    stft = torch.stft(tones, 2048, 1024, window=window, return_complex=True)
    audio = griffin_lim(stft.abs()[None], iterations=32)
    assert audio.shape == (1, 2, frames)
    again = torch.stft(audio[0], 2048, 1024, window=window, return_complex=True)
    assert relative_error(again.abs(), stft.abs()) < 0.3


def test_griffin_lim_is_repeatable_by_seed() -> None:
    magnitude = torch.ones(1, 1, 1025, 4)
    takes = []
    for _ in range(2):
        torch.manual_seed(7)
        takes.append(griffin_lim(magnitude, iterations=2))
    assert torch.equal(*takes)


def test_griffin_lim_refuses_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="iterations"):
        griffin_lim(torch.ones(1, 1, 1025, 4), iterations=-1)
    with pytest.raises(ValueError, match="1025 bins"):
        griffin_lim(torch.ones(1, 1, 128, 4))
    with pytest.raises(ValueError, match="3 mel frames"):
        griffin_lim(torch.ones(1, 1, 1025, 2))
