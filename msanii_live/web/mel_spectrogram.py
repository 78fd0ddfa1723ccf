"""Mel spectrograms in dB, with NumPy alone so that the page's images are cheap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

FFT_SIZE, HOP = 2_048, 512  # frames
MELS = 160
F_MIN, F_MAX = 20.0, 20_000.0  # Hz
DECIBEL_RANGE = (-90.0, 0.0)  # dB
MAX_COLUMNS = 1_500  # longer audio is averaged to them


def hertz_to_mel(hertz: Array) -> Array:
    """Convert Hz to mels by Slaney's scale: linear up to 1 kHz, logarithmic beyond."""
    return np.where(
        hertz < 1_000.0,
        hertz * 3 / 200,
        15 + 27 * np.log(np.maximum(hertz, 1_000.0) / 1_000.0) / np.log(6.4),
    )


def mel_to_hertz(mel: Array) -> Array:
    """Convert mels to Hz, the inverse of `hertz_to_mel`."""
    return np.where(mel < 15, mel * 200 / 3, 1_000.0 * np.exp((mel - 15) * np.log(6.4) / 27))


def mel_decibels(mono: Array, sample_rate: int, hop: int = HOP) -> Array:
    """Return a mel spectrogram in dB, in which a full-scale sine is at 0 dB.

    mono: (frames,) → (MELS, columns). hop: frames from one column to the next, at least 1. If it is
    wider than the FFT, the frames between are not analysed.
    """
    columns = max(1, -(-len(mono) // hop))
    padded = np.pad(mono, (FFT_SIZE // 2, FFT_SIZE // 2 + columns * hop - len(mono)))
    starts = np.arange(columns) * hop
    window = np.hanning(FFT_SIZE + 1)[:-1]
    bank = _mel_filter_bank(sample_rate)
    mel = np.empty((MELS, columns))
    for first in range(0, columns, 1_024):  # in blocks, to bound the memory
        index = starts[first : first + 1_024, None] + np.arange(FFT_SIZE)
        power = np.abs(np.fft.rfft(padded[index] * window)) ** 2
        mel[:, first : first + 1_024] = bank @ power.T
    group = -(-columns // MAX_COLUMNS)
    mel = np.add.reduceat(mel, np.arange(0, columns, group), axis=1) / group
    return np.asarray(10 * np.log10(np.maximum(mel / (window.sum() / 2) ** 2, 1e-12)))


def _mel_filter_bank(sample_rate: int) -> Array:
    """Return triangular filters of height 1, (MELS, bins); the nearest bin for an empty filter."""
    top = min(F_MAX, sample_rate / 2)
    low_mel, high_mel = hertz_to_mel(np.array([F_MIN, top])).tolist()
    edges = mel_to_hertz(np.linspace(low_mel, high_mel, MELS + 2))[:, None]
    bins = np.fft.rfftfreq(FFT_SIZE, 1 / sample_rate)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    bank = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, 1)
    empty = bank.max(axis=1) == 0
    bank[empty, np.abs(bins - middle).argmin(axis=1)[empty]] = 1.0
    return np.asarray(bank)
