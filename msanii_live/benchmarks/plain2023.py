"""The 2023 code's plain path, the baseline of the benchmarks."""

from __future__ import annotations

import torch
import torchaudio
from torch import Tensor

from msanii_live.engines.msanii2023.phase import MOMENTUM

N_FFT = 2_048  # frames; table 1
HOP = 1_024  # frames; table 1


def plain_griffin_lim(magnitude: Tensor, iterations: int = 200) -> Tensor:
    """Find a phase for STFT magnitudes with torchaudio, by the algorithm of the 2023 code.

    The first phases are drawn from torch's global generator of the magnitude's device and lie in
    one quadrant; call `torch.manual_seed` before for the same audio again.

    magnitude: linear STFT magnitude, float32, 0 or more, (batch, channels, 1025, mel_frames), from
        a periodic Hann window of 2,048 frames with hop 1,024.
    iterations: rounds of phase recovery, 0 or more; the paper uses 200.

    Returns float32, (batch, channels, 1024 * (mel_frames - 1)), at the magnitude's scale.

    Source: Perraudin et al. 2013, "A fast Griffin-Lim algorithm"; Maina 2023, arXiv:2301.06468,
    section 5.1 and table 1.
    """
    audio: Tensor = torchaudio.functional.griffinlim(
        magnitude,
        window=torch.hann_window(N_FFT, dtype=magnitude.dtype, device=magnitude.device),
        n_fft=N_FFT,
        hop_length=HOP,
        win_length=N_FFT,
        power=1.0,
        n_iter=iterations,
        momentum=MOMENTUM,
        length=HOP * (magnitude.shape[-1] - 1),
        rand_init=True,
    )
    return audio
