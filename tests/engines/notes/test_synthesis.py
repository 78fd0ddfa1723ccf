"""What engines of notes share between mel and samples."""

import torch

from msanii_live.engines.notes.synthesis import increase_contrast


def test_contrast_raises_peaks_over_valleys_and_keeps_the_power() -> None:
    bands = torch.arange(128.0)
    mel = -6.0 + 1.5 * torch.cos(bands / 2).expand(4, -1).clone()
    mel[1] += torch.linspace(0, -4, 128)
    sharp = increase_contrast(mel)
    assert (sharp.amax(1) - sharp.amin(1) > mel.amax(1) - mel.amin(1) + 0.5).all()
    change = (2 * sharp).exp().sum(1).log() - (2 * mel).exp().sum(1).log()
    assert change.abs().max() < 0.35
    assert torch.allclose(increase_contrast(mel - 3.0), sharp - 3.0, atol=1e-4)
    assert torch.allclose(increase_contrast(torch.full((2, 128), -4.0)), torch.tensor(-4.0))
