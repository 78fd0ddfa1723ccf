"""Filters of noise and of whole channels; oscillators bring their own, see `waves`."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from msanii_live.rack.waves import RATE, Mono

_PIECE = 32_768  # frames that are filtered at a time
BLOCK = 64  # frames for which a moving filter stands still
Wave = NDArray[np.float32]  # (…, frames)


def lowpass(wave: Wave, hertz: float, order: int = 2) -> Wave:
    """Return a wave without what lies above a frequency; 6 dB an octave for each order."""
    return _filtered(wave, "lowpass", (_legal(hertz),), order)


def highpass(wave: Wave, hertz: float, order: int = 2) -> Wave:
    """Return a wave without what lies below a frequency; 6 dB an octave for each order."""
    return _filtered(wave, "highpass", (_legal(hertz),), order)


def bandpass(wave: Wave, low: float, high: float, order: int = 1) -> Wave:
    """Return what lies between two frequencies."""
    return _filtered(wave, "bandpass", (_legal(low), _legal(high)), order)


def shelve(wave: Wave, hertz: float, decibels: float) -> Wave:
    """Return a wave that is louder above a frequency, along a shelf of 6 dB an octave.

    decibels: by how much; negative for softer.
    """
    above = _filtered(wave, "highpass", (_legal(hertz),), 1)
    shelved: Wave = wave + np.float32(10 ** (decibels / 20) - 1) * above
    return shelved


def moving_filter(wave: Mono, hertz: Mono, resonance: float, kind: str = "lowpass") -> Mono:
    """Return a wave through a state-variable filter whose frequency moves.

    hertz: float32, (frames,). resonance: Q, 0.5 or more. kind: lowpass, bandpass or highpass. The
    filter stands still for a block, and its state is carried from block to block.
    Source: Simper, "Linear Trapezoidal Integrated SVF", 2013; here as the biquad of the same
    response with the state of its two integrators.
    """
    out = np.empty_like(wave)
    state = np.zeros(2)
    for first in range(0, len(wave), BLOCK):
        g = math.tan(math.pi * min(0.45, float(hertz[first]) / RATE))
        numerator, denominator = _svf(g, 1.0 / resonance, kind)
        piece, state = lfilter(numerator, denominator, wave[first : first + BLOCK], zi=state)
        out[first : first + BLOCK] = piece
    return out


def _svf(g: float, damping: float, kind: str) -> tuple[list[float], list[float]]:
    """Return the numerator and the denominator of the filter. g: tan of half its frequency."""
    scale = 1.0 / (1.0 + damping * g + g * g)
    denominator = [1.0, 2.0 * (g * g - 1.0) * scale, (1.0 - damping * g + g * g) * scale]
    if kind == "lowpass":
        return [g * g * scale, 2 * g * g * scale, g * g * scale], denominator
    if kind == "highpass":
        return [scale, -2.0 * scale, scale], denominator
    return [damping * g * scale, 0.0, -damping * g * scale], denominator


def _legal(hertz: float) -> float:
    return float(min(max(hertz, 5.0), 0.48 * RATE))


def _filtered(wave: Wave, kind: str, hertz: tuple[float, ...], order: int) -> Wave:
    """Return a wave through a Butterworth filter, float32; it is worked out in float64.

    It goes piece by piece, with the state carried on: minutes in float64 would take new pages that
    cost more than the arithmetic.
    """
    sections = _sections(kind, hertz, order)
    state = np.zeros((len(sections), *wave.shape[:-1], 2))
    filtered = np.empty(wave.shape, np.float32)
    for first in range(0, wave.shape[-1], _PIECE):
        here = slice(first, first + _PIECE)
        filtered[..., here], state = sosfilt(sections, wave[..., here], axis=-1, zi=state)
    return filtered


@lru_cache(maxsize=512)
def _sections(kind: str, hertz: tuple[float, ...], order: int) -> NDArray[np.float64]:
    sections: NDArray[np.float64] = butter(
        order, hertz[0] if len(hertz) == 1 else hertz, kind, fs=RATE, output="sos"
    )
    return sections
