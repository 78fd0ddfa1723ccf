"""Turn audio into mel spectrograms in dB. NumPy alone: the page's pictures must cost little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

N_FFT, HOP = 2_048, 512  # frames
MELS = 160
F_MIN, F_MAX = 20.0, 20_000.0  # Hz
RANGE = (-90.0, 0.0)  # dB
COLUMNS = 1_500  # most columns of a picture's image; longer audio is averaged to them


def mel_of(hertz: Array) -> Array:
    """Return Slaney's mels: linear up to 1 kHz, logarithmic beyond."""
    return np.where(
        hertz < 1_000.0,
        hertz * 3 / 200,
        15 + 27 * np.log(np.maximum(hertz, 1_000.0) / 1_000.0) / np.log(6.4),
    )


def hertz_of(mel: Array) -> Array:
    """Undo `mel_of`."""
    return np.where(mel < 15, mel * 200 / 3, 1_000.0 * np.exp((mel - 15) * np.log(6.4) / 27))


def mel_decibels(mono: Array, sample_rate: int, hop: int = HOP) -> Array:
    """Return a mel spectrogram in dB, a full-scale sine at 0. mono: (frames,) → (MELS, columns).

    hop: frames from one column to the next, from 1; what lies between wide ones is not looked at.
    """
    columns = max(1, -(-len(mono) // hop))
    padded = np.pad(mono, (N_FFT // 2, N_FFT // 2 + columns * hop - len(mono)))
    starts = np.arange(columns) * hop
    window = np.hanning(N_FFT + 1)[:-1]
    bank = _bank(sample_rate)
    mel = np.empty((MELS, columns))
    for first in range(0, columns, 1_024):  # a bound on memory, however long the audio
        index = starts[first : first + 1_024, None] + np.arange(N_FFT)
        power = np.abs(np.fft.rfft(padded[index] * window)) ** 2
        mel[:, first : first + 1_024] = bank @ power.T
    group = -(-columns // COLUMNS)
    mel = np.add.reduceat(mel, np.arange(0, columns, group), axis=1) / group
    return np.asarray(10 * np.log10(np.maximum(mel / (window.sum() / 2) ** 2, 1e-12)))


def _bank(sample_rate: int) -> Array:
    """Return triangles of height 1, or the nearest bin where none lies inside, (MELS, bins)."""
    top = min(F_MAX, sample_rate / 2)
    low_mel, high_mel = mel_of(np.array([F_MIN, top])).tolist()
    edges = hertz_of(np.linspace(low_mel, high_mel, MELS + 2))[:, None]
    bins = np.fft.rfftfreq(N_FFT, 1 / sample_rate)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    bank = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, 1)
    empty = bank.max(axis=1) == 0
    bank[empty, np.abs(bins - middle).argmin(axis=1)[empty]] = 1.0
    return np.asarray(bank)
