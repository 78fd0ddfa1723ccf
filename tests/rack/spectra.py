"""What the tests of the rack measure in a sound."""

from __future__ import annotations

import numpy as np

RATE = 44_100


def power(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies, Hz, and the power at each, of the sum of the channels."""
    mono = np.atleast_2d(wave).mean(0).astype(np.float64)
    windowed = mono * np.hanning(len(mono))
    return np.fft.rfftfreq(len(mono), 1 / RATE), np.abs(np.fft.rfft(windowed)) ** 2


def share(wave: np.ndarray, low: float, high: float) -> float:
    """Return the part of the energy that lies between two frequencies, 0 to 1."""
    hertz, energy = power(wave)
    return float(energy[(hertz >= low) & (hertz < high)].sum() / energy.sum())


def centroid(wave: np.ndarray) -> float:
    """Return the mean frequency of the energy, Hz."""
    hertz, energy = power(wave)
    return float((hertz * energy).sum() / energy.sum())


def decay(wave: np.ndarray, decibels: float = 20.0) -> float:
    """Return how many seconds it takes until so little of the energy is left."""
    energy = (np.atleast_2d(wave).astype(np.float64) ** 2).sum(0)
    left = np.cumsum(energy[::-1])[::-1]
    return float(np.argmax(left < left[0] * 10 ** (-decibels / 10)) / RATE)


def crossings_hz(wave: np.ndarray, start: float, end: float) -> float:
    """Return the frequency of a tone between two seconds, by its zero crossings upwards."""
    mono = np.atleast_2d(wave).mean(0)[round(start * RATE) : round(end * RATE)]
    ups = np.flatnonzero((mono[:-1] < 0) & (mono[1:] >= 0))
    exact = ups - mono[ups] / (mono[ups + 1] - mono[ups])
    return float((len(exact) - 1) * RATE / (exact[-1] - exact[0]))
