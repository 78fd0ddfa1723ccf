"""The power of a signal as its mel tells it, before the signal is made."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.dsp.mel import MelSpec, filter_bank

MelPowers = NDArray[np.float64]
"""The mean square of a signal in each mel frame, (mel_frames,)."""


def mel_powers(mel: torch.Tensor, spec: MelSpec, gains: torch.Tensor | None = None) -> MelPowers:
    """Return the mean square in each mel frame, summed over the channels of a mel.

    Each bin takes the mean of the bands that cover it. A tone, which fills few bins of its bands,
    is louder than that. mel: ln magnitudes, float32, (channels, mels, mel_frames). gains: of the
    power in each bin, (bins,).
    """
    bands = mel.exp() / _band_sums(spec, mel.device)[:, None]
    if gains is None:
        pairs = _band_pairs(spec, mel.device)
    else:
        back = _bins_of_bands(spec, mel.device)
        pairs = (back * gains[:, None]).T @ back
    # The squares of the bins, without the bins: there are 8 times as many of them as bands.
    square = (bands * (pairs @ bands)).sum((0, 1))
    window_power = 0.375 * spec.n_fft  # the sum of a squared Hann window
    power = square * (2 / spec.n_fft / window_power)
    return np.asarray(power.double().cpu().numpy())


@lru_cache(maxsize=4)
def _band_sums(spec: MelSpec, device: torch.device) -> torch.Tensor:
    """Return the sum of each band's filter, (mels,)."""
    with torch.inference_mode(False):
        return filter_bank(spec).sum(0).clamp_min(1e-8).to(device)


@lru_cache(maxsize=4)
def _bins_of_bands(spec: MelSpec, device: torch.device) -> torch.Tensor:
    """Return how much each bin takes of each band, (bins, mels)."""
    with torch.inference_mode(False):
        bank = filter_bank(spec)
        return (bank / bank.sum(1).clamp_min(1e-8)[:, None]).to(device)


@lru_cache(maxsize=4)
def _band_pairs(spec: MelSpec, device: torch.device) -> torch.Tensor:
    """Return the weight of each product of two bands in the power of all bins, (mels, mels)."""
    with torch.inference_mode(False):
        back = _bins_of_bands(spec, device)
        return back.T @ back
