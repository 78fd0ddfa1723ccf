"""The log mels that the published weights were trained on, at 16 kHz, and their inverse.

The inverse is a phase search and takes the place of the published vocoder.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3.2: windows of 640 samples every 320 from
the first sample, 128 triangles without weights on the HTK scale from 0 to 8,000 Hz, ln magnitude
of at least 1e-5. The paper takes spectra of 1,024 points; here they have 640, and the filter bank
is scaled for as many fewer bins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torchaudio

from msanii_live.dsp.phase import LinearGrid, griffin_lim

SAMPLE_RATE, WINDOW, HOP, MELS = 16_000, 640, 320, 128
FLOOR = 1e-5
PHASE_ITERATIONS = 60
_PAPER_N_FFT = 1_024
_MAGNITUDE_ITERATIONS = 30


@cache
def mel_filterbank() -> torch.Tensor:
    """Return the triangles, float32, (bins, mels)."""
    bank: torch.Tensor = torchaudio.functional.melscale_fbanks(
        WINDOW // 2 + 1, 0.0, SAMPLE_RATE / 2, MELS, SAMPLE_RATE, norm=None, mel_scale="htk"
    )
    return bank * (_PAPER_N_FFT / WINDOW)


def log_mel(wave: torch.Tensor) -> torch.Tensor:
    """Return ln mel magnitudes, (mel_frames, mels), of a wave at SAMPLE_RATE, (samples,)."""
    mel_frames = -(-len(wave) // HOP)
    frames = _stft_frames(len(wave), mel_frames, wave.device)
    magnitude = frames.analyse(wave[None])[0, 1:].abs()
    return (magnitude @ mel_filterbank().to(wave.device)).clamp_min(FLOOR).log()


def invert_log_mel(
    mel: torch.Tensor, generator: torch.Generator, on_iteration: Callable[[], None]
) -> torch.Tensor:
    """Return a wave at SAMPLE_RATE, (mel_frames * HOP,), with this log mel, (mel_frames, mels).

    generator: of the CPU; draws the noise that the phase search starts from. on_iteration: called
    PHASE_ITERATIONS times; an exception from it ends the work.
    """
    magnitude = _magnitude(mel)
    magnitude = torch.cat([magnitude[:1], magnitude])  # of the frame before the first sample
    length = len(mel) * HOP
    start = 1e-2 * torch.randn(1, length, generator=generator).to(mel.device)
    waves = griffin_lim(
        magnitude[None],
        _stft_frames(length, len(mel), mel.device),
        start=start,
        iterations=PHASE_ITERATIONS,
        on_iteration=lambda _: on_iteration(),
    )
    return waves[0]


def _magnitude(mel: torch.Tensor) -> torch.Tensor:
    """Return magnitudes, (mel_frames, bins), whose log mel this is; see `mel.mel_to_magnitude`."""
    bank = mel_filterbank().to(mel.device)
    covers_a_bin = bank.sum(0) > 0  # the narrowest triangles fall between two bins
    target, bank = mel.exp()[:, covers_a_bin], bank[:, covers_a_bin]
    weight = bank.sum(1).clamp_min(1e-8)
    magnitude = (target / bank.sum(0)) @ bank.T / weight
    for _ in range(_MAGNITUDE_ITERATIONS):
        ratio = target / (magnitude @ bank).clamp_min(1e-9)
        magnitude = magnitude * (ratio @ bank.T) / weight
    return magnitude


def _stft_frames(length: int, mel_frames: int, device: torch.device) -> LinearGrid:
    """Return frames a hop apart, the first of which begins before the signal."""
    return LinearGrid(torch.hann_window(WINDOW, device=device), length, mel_frames + 1, HOP)
