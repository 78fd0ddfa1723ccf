"""Sampling and phase as the 2023 release did them: the baseline that benchmarks compare with.

Noise goes through a plain DDIM loop to a scaled mel spectrogram; magnitudes (the 2023 vocoder makes
them from it) go through Griffin-Lim to audio. No sampler of the product imports this file.

Source: Maina 2023, "Msanii", arXiv:2301.06468, sections 4.2.2 and 5.1, tables 1 and 2.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torchaudio
from torch import Tensor

TRAIN_TIMESTEPS = 1000  # table 2
N_FFT = 2048  # frames; table 1
HOP = 1024  # frames; table 1
GRIFFIN_LIM_MOMENTUM = 0.99  # not in the paper; torchaudio's default and the release's

Model = Callable[[Tensor, Tensor], Tensor]
"""A network: (x, (batch, channels, mels, mel_frames); timesteps, int64, (batch,)) to noise."""


def cosine_alpha_bars(train_timesteps: int = TRAIN_TIMESTEPS, max_beta: float = 0.999) -> Tensor:
    """Return the share of signal power at each training timestep under the cosine schedule.

    train_timesteps: length of the schedule, at least 1.
    max_beta: ceiling of the noise power one timestep adds, 0 to 1; only the last few reach it.

    Returns float64, (train_timesteps,), falling from nearly 1 to nearly 0.

    >>> cosine_alpha_bars()[[0, 500, 999]].tolist()  # doctest: +ELLIPSIS
    [0.9999..., 0.49..., 2.4...e-09]

    Raises: ValueError: train_timesteps is below 1.

    Source: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17.
    """
    if train_timesteps < 1:
        raise ValueError(f"train_timesteps must be at least 1, got {train_timesteps}")
    progress = torch.linspace(0.0, 1.0, train_timesteps + 1, dtype=torch.float64)
    signal = torch.cos((progress + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1.0 - signal[1:] / signal[:-1]).clamp(max=max_beta)
    return torch.cumprod(1.0 - betas, dim=0)


def leading_timesteps(steps: int, train_timesteps: int = TRAIN_TIMESTEPS) -> list[int]:
    """Return `steps` evenly spaced timesteps, falling and ending at 0.

    The first one is below the noisiest timestep by nearly a whole step (900 of 999 for 10 steps),
    although sampling starts from pure noise: a flaw of the 2023 path that a baseline keeps.

    >>> leading_timesteps(4)
    [750, 500, 250, 0]

    Raises: ValueError: steps is below 1 or above train_timesteps.

    Source: Lin et al. 2023, arXiv:2305.08891, table 2 ("leading").
    """
    if not 1 <= steps <= train_timesteps:
        raise ValueError(f"steps must be 1 to {train_timesteps}, got {steps}")
    spacing = train_timesteps // steps
    return [step * spacing for step in reversed(range(steps))]


def ddim_step(
    x: Tensor, noise: Tensor, alpha_now: float, alpha_next: float, clip: float | None
) -> Tensor:
    """Return x moved from one noise level to a lower one along the predicted noise (eta 0).

    x: noisy scaled log-mel, float, (batch, channels, mels, mel_frames).
    noise: the noise predicted in x, of the shape of x. It is used as predicted: clipping the clean
        estimate does not change it, so the two no longer add up to x.
    alpha_now, alpha_next: share of signal power in x and in the result, above 0, at most 1.
    clip: limit of the clean estimate's absolute value, or None for none.

    Raises: ValueError: alpha_now is not above 0, `alpha_next` is below `alpha_now`, or above 1.

    Source: Song et al. 2020, arXiv:2010.02502, eq. 12 with sigma 0.
    """
    if not 0.0 < alpha_now <= alpha_next <= 1.0:
        raise ValueError(f"need 0 < alpha_now <= alpha_next <= 1, got {alpha_now}, {alpha_next}")
    clean = (x - math.sqrt(1.0 - alpha_now) * noise) / math.sqrt(alpha_now)
    if clip is not None:
        clean = clean.clamp(-clip, clip)
    return math.sqrt(alpha_next) * clean + math.sqrt(1.0 - alpha_next) * noise


def sample_ddim(
    model: Model,
    noise: Tensor,
    alpha_bars: Tensor,
    timesteps: Sequence[int],
    clip: float | None = 1.0,
) -> Tensor:
    """Turn noise into a clean scaled mel spectrogram, one model evaluation a timestep.

    model: predicts the noise in x, called as model(x, timesteps) with timesteps int64, (batch,).
    noise: standard normal, float, (batch, channels, mels, mel_frames).
    alpha_bars: share of signal power at each training timestep, (train_timesteps,); see
        `cosine_alpha_bars`.
    timesteps: indices into alpha_bars, falling; after the last one the result is clean.
    clip: limit of every clean estimate's absolute value, or None for none; the mels are scaled to
        -1 to 1.

    Returns float, of the shape, dtype and device of noise.

    >>> silence = sample_ddim(
    ...     lambda x, timesteps: x, torch.randn(1, 2, 8, 4), cosine_alpha_bars(),
    ...     leading_timesteps(10),
    ... )
    >>> silence.shape
    torch.Size([1, 2, 8, 4])

    Raises: ValueError: timesteps is empty or does not fall.
    Raises: IndexError: a timestep lies outside alpha_bars.

    Source: Song et al. 2020, arXiv:2010.02502, section 4.1; Maina 2023, arXiv:2301.06468,
    section 4.2.2.
    """
    if not timesteps:
        raise ValueError("timesteps must not be empty")
    if any(later >= now for now, later in pairwise(timesteps)):
        raise ValueError(f"timesteps must fall, got {list(timesteps)}")
    alphas = [*(alpha_bars[timestep].item() for timestep in timesteps), 1.0]
    x = noise
    for step, timestep in enumerate(timesteps):
        batch_timesteps = torch.full(x.shape[:1], timestep, dtype=torch.int64, device=x.device)
        x = ddim_step(x, model(x, batch_timesteps), alphas[step], alphas[step + 1], clip)
    return x


def griffin_lim(magnitude: Tensor, iterations: int = 200) -> Tensor:
    """Find a phase for STFT magnitudes and return the audio.

    The first phases are drawn from torch's global generator of the magnitude's device and lie in
    one quadrant, as the release's did; call `torch.manual_seed` before for the same audio again.

    magnitude: linear STFT magnitude, float32, 0 or more, (batch, channels, 1025, mel_frames), from
        a periodic Hann window of 2,048 frames with hop 1,024.
    iterations: rounds of phase recovery, 0 or more; the paper uses 200.

    Returns float32, (batch, channels, 1024 * (mel_frames - 1)), at the magnitude's scale.

    Raises: ValueError: iterations is negative or magnitude has not 1,025 bins or fewer than 3
        mel frames.

    Source: Perraudin et al. 2013, "A fast Griffin-Lim algorithm"; Maina 2023, arXiv:2301.06468,
    section 5.1 and table 1.
    """
    if iterations < 0:
        raise ValueError(f"iterations must be 0 or more, got {iterations}")
    bins, mel_frames = magnitude.shape[-2:]
    if bins != N_FFT // 2 + 1 or mel_frames < 3:
        raise ValueError(
            f"magnitude must have {N_FFT // 2 + 1} bins and 3 mel frames or more, "
            f"got {bins} and {mel_frames}"
        )
    audio: Tensor = torchaudio.functional.griffinlim(
        magnitude,
        window=torch.hann_window(N_FFT, dtype=magnitude.dtype, device=magnitude.device),
        n_fft=N_FFT,
        hop_length=HOP,
        win_length=N_FFT,
        power=1.0,
        n_iter=iterations,
        momentum=GRIFFIN_LIM_MOMENTUM,
        length=HOP * (mel_frames - 1),
        rand_init=True,
    )
    return audio
