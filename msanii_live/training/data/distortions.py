"""What happens to music between a band and a file: random equalisers, rooms, overload, noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import fftconvolve, sosfilt

Wave = NDArray[np.float32]


def distort(wave: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """Return a wave after a random chain of effects, at the level that it had.

    wave: (frames,), mono. One in five waves stays as it is.
    """
    if rng.random() < 0.2:
        return wave
    size = _rms(wave)
    if rng.random() < 0.4:
        wave = add_room(wave, rate, rng)
    if rng.random() < 0.7:
        wave = equalise(wave, rate, rng)
    if rng.random() < 0.4:
        wave = compress(wave, rate, rng)
    if rng.random() < 0.3:
        wave = overload(wave, rng)
    if rng.random() < 0.2:
        wave = _filtered(wave, low_pass(rate, float(np.exp(rng.uniform(*np.log((3e3, 10e3)))))))
    if rng.random() < 0.4:
        hiss = 10 ** (rng.uniform(-75, -40) / 20) * _rms(wave)
        wave = np.asarray(wave + hiss * rng.standard_normal(len(wave)), np.float32)
    return np.asarray(wave * (size / max(_rms(wave), 1e-6)), np.float32)


def equalise(wave: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """Return a wave after two to four random peaks, and a tilt."""
    for _ in range(int(rng.integers(2, 5))):
        centre = float(np.exp(rng.uniform(np.log(60), np.log(9_000))))
        wave = _filtered(wave, peak(rate, centre, rng.uniform(-9, 9), rng.uniform(0.4, 2.0)))
    return wave


def add_room(wave: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """Return a wave in a random room: noise that decays over 0.2 to 1.5 s."""
    decay = rng.uniform(0.2, 1.5)  # s, by 60 dB
    time = np.arange(round(decay * rate)) / rate
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail[: round(rng.uniform(0.002, 0.025) * rate)] = 0.0
    tail *= 10 ** (rng.uniform(-22, -8) / 20) / np.sqrt(np.square(tail).sum())
    return np.asarray(wave + fftconvolve(wave, tail)[: len(wave)], np.float32)


def compress(wave: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """Return a wave whose loud moments are turned down, in a ratio of 2 to 8."""
    step = rate // 200
    hops = np.abs(np.pad(wave, (0, -len(wave) % step))).reshape(-1, step).max(axis=1)
    level = uniform_filter1d(maximum_filter1d(hops, 5), int(rng.integers(3, 30)))
    threshold = max(float(np.percentile(level, rng.uniform(30, 80))), 1e-4)
    slope = 1 - 1 / rng.uniform(2, 8)
    gain = np.minimum(1.0, (np.maximum(level, 1e-5) / threshold) ** -slope)
    places = np.arange(len(wave)) / step
    return np.asarray(wave * np.interp(places, np.arange(len(gain)), gain), np.float32)


def overload(wave: Wave, rng: np.random.Generator) -> Wave:
    """Return a wave through a stage that bends its peaks."""
    drive = rng.uniform(0.8, 4.0) / max(float(np.percentile(np.abs(wave), 99.5)), 1e-4)
    return np.asarray(np.tanh(wave * drive), np.float32)


def peak(rate: int, centre: float, gain: float, quality: float) -> NDArray[np.float64]:
    """Return a peaking filter, second-order sections. centre: Hz. gain: dB.

    Source: Bristow-Johnson, Audio EQ Cookbook, "peakingEQ".
    """
    amplitude, angle = 10 ** (gain / 40), 2 * np.pi * centre / rate
    alpha = np.sin(angle) / (2 * quality)
    middle = -2 * np.cos(angle)
    rising = [1 + alpha * amplitude, middle, 1 - alpha * amplitude]
    falling = [1 + alpha / amplitude, middle, 1 - alpha / amplitude]
    sections: NDArray[np.float64] = np.array([rising + falling]) / falling[0]
    return sections


def low_pass(rate: int, edge: float) -> NDArray[np.float64]:
    """Return a low-pass filter of second order, second-order sections. edge: Hz.

    Source: Bristow-Johnson, Audio EQ Cookbook, "LPF", Q = 0.707.
    """
    angle = 2 * np.pi * edge / rate
    alpha, middle = np.sin(angle) / np.sqrt(2), np.cos(angle)
    falling = [1 + alpha, -2 * middle, 1 - alpha]
    rising = [(1 - middle) / 2, 1 - middle, (1 - middle) / 2]
    sections: NDArray[np.float64] = np.array([rising + falling]) / falling[0]
    return sections


def _filtered(wave: Wave, sections: NDArray[np.float64]) -> Wave:
    return np.asarray(sosfilt(sections, wave), np.float32)


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0
