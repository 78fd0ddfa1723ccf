"""Band-limited single-cycle waves, stored for every cutoff of a resonant low-pass filter.

A bank holds one cycle of a wave for each of many cutoffs, each the inverse Fourier transform of the
harmonics after the filter. Reading it along two axes, phase and cutoff, gives an oscillator with a
filter that moves, in a few NumPy operations and without harmonics above the hearing range.

Source: the filter is the linear ladder of four poles, Stilson and Smith, "Analyzing the Moog VCF
with considerations for digital implementation", ICMC 1996, section 2.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float32]  # (frames,)
Stereo = NDArray[np.float32]  # (2, frames): contiguous channels, as effects need them

RATE = 44_100
TOP = 19_000.0  # Hz, above which no wave has harmonics
LOWEST, HIGHEST = -1.0, 9.5  # octaves of the cutoff above the fundamental
ROWS = 8  # cutoffs an octave
_BANDS = 3  # an octave has so many sets of harmonics
_REFERENCE = 20.0  # Hz


def pitch_hz(pitch: float) -> float:
    """Return the frequency of a MIDI key, Hz.

    >>> pitch_hz(69)
    440.0
    """
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def harmonic_count(hertz: float) -> int:
    """Return how many harmonics a wave of a frequency has, the same for a third of an octave."""
    band = math.ceil(_BANDS * math.log2(max(hertz, _REFERENCE) / _REFERENCE) - 1e-9)
    return max(1, int(TOP / (_REFERENCE * 2.0 ** (band / _BANDS))))


def amplitudes(shape: str, count: int) -> NDArray[np.complex128]:
    """Return the complex amplitudes of harmonics 1 to `count`, as `numpy.fft.irfft` takes them.

    shape: sine, saw, square, triangle, or pulse25 (a pulse a quarter of the cycle wide).
    Raises: KeyError: there is no such shape.
    """
    n = np.arange(1, count + 1)
    odd = n % 2
    table = {
        "sine": np.where(n == 1, -0.5j, 0.0),
        "saw": -0.5j / n * (2 / math.pi),
        "square": -0.5j * odd / n * (4 / math.pi),
        "triangle": -0.5j * odd * (-1.0) ** ((n - 1) // 2) / n**2 * (8 / math.pi**2),
        "pulse25": np.sin(math.pi * n * 0.25) / n * (2 / math.pi),
    }
    return np.asarray(table[shape], dtype=np.complex128)


def ladder(ratio: NDArray[np.float64], resonance: float) -> NDArray[np.complex128]:
    """Return the response of the ladder filter. ratio: frequency over cutoff.

    resonance: 0 is none, 1 the edge of oscillation. Half of the bass that resonance takes away is
    given back.
    """
    feedback = 4.0 * resonance
    response = (1.0 + 0.5 * feedback) / ((1.0 + 1j * ratio) ** 4 + feedback)
    return np.asarray(response, dtype=np.complex128)


@lru_cache(maxsize=48)
def wave_bank(shape: str, resonance: float, count: int) -> Mono:
    """Return one cycle at each cutoff, float32, (cutoffs, size + 1); the last column is the first.

    count: number of harmonics, see `harmonic_count`.
    """
    size = 4_096 if count > 128 else 2_048
    cutoffs = 2.0 ** np.arange(LOWEST, HIGHEST + 1e-9, 1 / ROWS)
    n = np.arange(1, count + 1)
    spectra = np.zeros((len(cutoffs), size // 2 + 1), dtype=np.complex128)
    spectra[:, 1 : count + 1] = amplitudes(shape, count) * ladder(n / cutoffs[:, None], resonance)
    cycles = np.fft.irfft(spectra, size, axis=1) * size
    bank: Mono = np.concatenate([cycles, cycles[:, :1]], axis=1).astype(np.float32)
    return bank


def read_bank(bank: Mono, phase: NDArray[np.float64], octaves: NDArray[np.floating]) -> Mono:
    """Return the samples at phases and cutoffs, linearly interpolated, float32, (frames,).

    phase: cycles, any size. octaves: of the cutoff above the fundamental.
    """
    rows, columns = bank.shape
    place = (phase - np.floor(phase)).astype(np.float32) * np.float32(columns - 1)
    column = place.astype(np.int32)
    np.minimum(column, columns - 2, out=column)
    place -= column
    height = np.clip((octaves - LOWEST) * ROWS, 0.0, rows - 1.001).astype(np.float32)
    row = height.astype(np.int32)
    height -= row
    flat, index = bank.reshape(-1), row * np.int32(columns) + column
    low: Mono = flat[index]
    low += place * (flat[index + 1] - low)
    index += np.int32(columns)
    high = flat[index]
    high += place * (flat[index + 1] - high)
    low += height * (high - low)
    return low


def read_cycle(cycle: Mono, phase: NDArray[np.floating]) -> Mono:
    """Return the samples of one cycle at phases. cycle: float32, (size + 1,)."""
    place = (phase - np.floor(phase)).astype(np.float32) * np.float32(len(cycle) - 1)
    column = place.astype(np.int32)
    np.minimum(column, len(cycle) - 2, out=column)
    place -= column
    low: Mono = cycle[column]
    low += place * (cycle[column + 1] - low)
    return low


def oscillator(shape: str, hertz: float, frames: int, phase: float = 0.0) -> Mono:
    """Return an unfiltered wave of a steady frequency. phase: of the first frame, cycles."""
    bank = wave_bank(shape, 0.0, harmonic_count(hertz))
    return read_cycle(bank[-1], phase + np.arange(frames) * (hertz / RATE))


def swept_phase(hertz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the phase of a frequency that changes, cycles; it begins at 0."""
    phase = np.cumsum(hertz, dtype=np.float64) / RATE
    return np.asarray(phase - hertz[0] / RATE)
