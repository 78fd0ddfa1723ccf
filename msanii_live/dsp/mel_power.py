"""The power of a signal as its mel tells it, before the signal is made."""

from __future__ import annotations

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
    bank = filter_bank(spec).to(mel.device)
    back = bank / bank.sum(1).clamp_min(1e-8)[:, None]
    bands = mel.exp() / bank.sum(0).clamp_min(1e-8)[:, None]
    square = (back @ bands).square()
    if gains is not None:
        square = square * gains[:, None]
    window_power = 0.375 * spec.n_fft  # the sum of a squared Hann window
    power = square.sum((0, 1)) * (2 / spec.n_fft / window_power)
    return np.asarray(power.double().cpu().numpy())
