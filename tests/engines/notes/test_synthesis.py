"""What engines of notes share between mel and samples."""

import pytest
import torch

from msanii_live.engines.notes.synthesis import increase_contrast, keep_power


def slow_power(mel: torch.Tensor) -> torch.Tensor:
    return torch.stack([(2 * half).exp().sum(-1).mean().log() for half in mel.chunk(2)])


@pytest.mark.parametrize("is_loop", [False, True])
def test_contrast_raises_no_level_where_its_power_is_kept(is_loop: bool) -> None:
    depths = torch.full((400, 1), 0.5)  # blurred tones, and clear ones in the second half
    depths[200:] = 3.0
    mel = -6.0 + depths * torch.cos(torch.arange(128.0))
    sharp = increase_contrast(mel)
    rise = slow_power(sharp) - slow_power(mel)
    assert rise[1] > rise[0] + 2.0  # 9 dB more, without the power kept
    kept = keep_power(sharp, mel, 20, is_loop)
    assert slow_power(kept).tolist() == pytest.approx(slow_power(mel).tolist(), abs=0.2)
    assert torch.allclose(kept.diff(dim=1), sharp.diff(dim=1), atol=1e-4)


def test_the_kept_power_goes_round_a_loop() -> None:
    mel = torch.randn(100, 16, generator=torch.Generator().manual_seed(1))
    sharp = increase_contrast(mel)
    kept = keep_power(sharp, mel, 20, True)
    turned = keep_power(sharp.roll(37, 0), mel.roll(37, 0), 20, True)
    assert torch.allclose(turned, kept.roll(37, 0), atol=1e-4)
    assert keep_power(sharp[:2], mel[:2], 86, False).isfinite().all()
