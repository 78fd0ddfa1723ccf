"""Make what is played sound like a recording: its equaliser, band by band, and its width.

For clips that this server has not made. The player has its own sound, and the recording another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples, as_stereo

RATE = 44_100
MAX_GAIN = 15.0  # dB, of a band
MAX_WIDENING = 12.0  # dB by which the side of a band may be raised over its middle
LOOK_SECONDS = 12.0  # of the recording around the span
_EDGES = np.array([30.0, *np.geomspace(60, 12_000, 22), 22_050.0])  # Hz, of the bands
_BLOCK, _TAPS = 4_096, 2_047
_SILENCE = 1e-10  # power

Powers = NDArray[np.float64]


@dataclass(frozen=True)
class SoundMatch:
    """Filters of the middle and of the side signal, (taps,), without delay."""

    middle: NDArray[np.float64]
    side: NDArray[np.float64]

    def apply(self, samples: Samples) -> Samples:
        """Return samples through both filters. samples: float32, (frames, 2)."""
        from scipy.signal import fftconvolve  # 50 MB, which only recordings need

        left, right = samples[:, 0], samples[:, 1]
        middle = fftconvolve((left + right) / 2, self.middle, "same")
        side = fftconvolve((left - right) / 2, self.side, "same")
        return np.stack([middle + side, middle - side], axis=1).astype(np.float32)


def match_sound(recording: Samples, played: Samples) -> SoundMatch:
    """Return the filters after which what is played has the recording's spectrum and width.

    The overall level is left as it is. recording, played: float32, (frames, channels).
    """
    true_middle, true_side = _band_powers(as_stereo(recording))
    middle, side = _band_powers(as_stereo(played))
    gains = _decibels(true_middle) - _decibels(middle)
    heard = true_middle > true_middle.max() * 1e-7
    level = _decibels(true_middle.sum()) - _decibels(middle.sum())
    gains = np.clip(np.where(heard, gains - level, -MAX_GAIN), -MAX_GAIN, MAX_GAIN)
    kept = _decibels((middle * 10 ** (gains / 10)).sum()) - _decibels(middle.sum())
    gains = gains - kept
    width = _decibels(true_side) - _decibels(true_middle)
    widening = np.minimum(width - (_decibels(side) - _decibels(middle)), MAX_WIDENING)
    of_side = np.where(true_side > _SILENCE, gains + widening, -200.0)
    return SoundMatch(_filter(gains), _filter(of_side))


def _band_powers(samples: Samples) -> tuple[Powers, Powers]:
    """Return the mean power of the middle and of the side signal in each band."""
    blocks = max(1, len(samples) // (_BLOCK // 2) - 1)
    needed = (blocks + 1) * (_BLOCK // 2)
    padded = np.pad(samples, ((0, max(0, needed - len(samples))), (0, 0)))
    window = np.hanning(_BLOCK)
    hertz = np.fft.rfftfreq(_BLOCK, 1 / RATE)
    bands = np.clip(np.searchsorted(_EDGES, hertz, "right") - 1, 0, len(_EDGES) - 2)
    powers = []
    for signal in ((padded[:, 0] + padded[:, 1]) / 2, (padded[:, 0] - padded[:, 1]) / 2):
        total = np.zeros(len(hertz))
        for number in range(blocks):
            first = number * (_BLOCK // 2)
            total += np.abs(np.fft.rfft(signal[first : first + _BLOCK] * window)) ** 2
        mean = np.bincount(bands, total, len(_EDGES) - 1) / (blocks * _BLOCK * np.sum(window**2))
        powers.append(np.maximum(mean, 1e-14))
    return powers[0], powers[1]


def _filter(gains: Powers) -> NDArray[np.float64]:
    """Return a symmetric filter with these gains in the bands, dB, drawn smoothly between them."""
    hertz = np.fft.rfftfreq(_BLOCK, 1 / RATE)
    centres = np.sqrt(_EDGES[:-1] * _EDGES[1:])
    curve = np.interp(np.log(np.maximum(hertz, 1.0)), np.log(centres), gains)
    response = np.fft.fftshift(np.fft.irfft(10 ** (curve / 20)))
    middle = len(response) // 2
    taps = response[middle - _TAPS // 2 : middle + _TAPS // 2 + 1]
    return np.asarray(taps * np.hanning(_TAPS), np.float64)


def _decibels(power: Powers | float) -> Powers:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-14)), np.float64)
