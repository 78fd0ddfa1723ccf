"""The spectral centroid of mels against that of samples, and how it is matched."""

import pytest
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.engines.mel2mel.brightness import match_brightness, spectral_centroid

SPEC = MelSpec()


@pytest.mark.parametrize("frequency", [300.0, 1_000.0, 6_000.0])
def test_a_tone_is_as_bright_as_it_is_high(frequency: float) -> None:
    wave = torch.sin(2 * torch.pi * frequency * torch.arange(22_050) / 44_100)
    mel = log_mel(stft_magnitudes(wave, SPEC), SPEC).T[4:-4]
    assert spectral_centroid(mel, SPEC).item() == pytest.approx(frequency, rel=0.05)


def test_what_is_darker_than_both_ends_is_led_between_them() -> None:
    one, other, dark = (torch.full((10, 128), -8.0) for _ in range(3))
    one[:, 60], other[:, 66], dark[:, 20], dark[:, 90] = 0.0, 0.0, 0.0, -4.0
    ends = spectral_centroid(one, SPEC), spectral_centroid(other, SPEC)
    assert ends[0] < ends[1]
    line = [
        spectral_centroid(match_brightness(dark, one, other, mix, SPEC), SPEC)
        for mix in (0.1, 0.5, 0.9)
    ]
    assert ends[0] < line[0] < line[1] < line[2] < ends[1]


def test_what_lies_right_already_is_left_alone() -> None:
    mel = torch.randn(20, 128, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(match_brightness(mel, mel, mel, 0.5, SPEC), mel, atol=1e-4)
