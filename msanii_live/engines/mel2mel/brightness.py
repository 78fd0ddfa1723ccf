"""The brightness of mels, and how to match it."""

from __future__ import annotations

from functools import cache

import torch

from msanii_live.dsp.mel import MelSpec, filter_bank

MAX_TILT = 6.0  # nats from the lowest band to the highest
_BISECTIONS = 24


@cache
def _bands(spec: MelSpec) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean frequency, Hz, and the width, in bins, of each band."""
    bank = filter_bank(spec).double()
    frequencies = torch.linspace(0, spec.sample_rate / 2, len(bank), dtype=torch.float64)
    area = bank.sum(0).clamp_min(1e-9)
    return frequencies @ bank / area, area.square() / bank.square().sum(0).clamp_min(1e-12)


def spectral_centroid(mel: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return the spectral centroid of whole mels, Hz.

    mel: ln magnitudes, (..., mel_frames, mels) → (...).
    """
    centres, widths = (x.to(mel.device) for x in _bands(spec))
    size = (mel.double().exp() * widths).sum(-2)
    return (size * centres).sum(-1) / size.sum(-1).clamp_min(1e-12)


def match_brightness(
    mel: torch.Tensor, one: torch.Tensor, other: torch.Tensor, mix: float, spec: MelSpec
) -> torch.Tensor:
    """Tilt a morphed mel so that its brightness lies between those of both ends, at `mix`.

    Halfway between two instruments of nearly the same brightness the network predicts a mel that is
    darker than either. All mels: ln magnitudes, (mel_frames, mels). mix: 0 to 1.
    """
    ends = [spectral_centroid(end, spec).log() for end in (one, other)]
    wanted = torch.lerp(ends[0], ends[1], mix).exp()
    ramp = torch.linspace(-0.5, 0.5, mel.shape[-1], device=mel.device)
    low, high = -MAX_TILT, MAX_TILT
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if spectral_centroid(mel + middle * ramp, spec) < wanted:
            low = middle
        else:
            high = middle
    return mel + (low + high) / 2 * ramp
