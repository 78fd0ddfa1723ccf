"""Give what is played the dynamics of a recording, band by band: its decays, its room, its noise.

An equaliser knows only the mean of a band. Here the quantiles of a band's level are matched, as a
compressor or an expander of many bands does it whose curve is learnt from the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples

SIZE, HOP = 2_048, 512
RATE = 44_100
BANDS = 24
QUANTILES = np.linspace(0.0, 1.0, 21)
LOUDEST, SOFTEST = 3.0, -9.0  # nats by which a band may be changed
_LOWEST, _HIGHEST = 30.0, 16_500.0  # Hz
_PIECE = 1_000 * HOP  # frames that are filtered at once
_MARGIN = 2 * SIZE  # frames around them, so that pieces meet without a seam
_FLOOR = 1e-12  # power

Levels = NDArray[np.float64]
Spectra = NDArray[np.complex64]


@dataclass(frozen=True)
class DynamicsMatch:
    """The quantiles of the level of each band, (BANDS, QUANTILES), ln magnitudes.

    played: of the player. wanted: of the recording, where both have the same notes.
    """

    played: Levels
    wanted: Levels

    def apply(self, sounds: Sequence[Samples]) -> list[Samples]:
        """Return a sound and its stems with the same gains, so that the stems still add up.

        sounds: the whole, whose level decides, then any others; float32, (frames, 2).
        """
        pieces: list[list[Samples]] = [[] for _ in sounds]
        for first in range(0, len(sounds[0]), _PIECE):
            spectra = [_spectra(_cut(sound, first)) for sound in sounds]
            gains = _by_bin(self.gains(_levels(spectra[0])))
            for made, spectrum in zip(pieces, spectra, strict=True):
                made.append(_samples(spectrum * gains[..., None]))
        return [
            np.concatenate([np.zeros((0, 2), np.float32), *made])[: len(sound)]
            for made, sound in zip(pieces, sounds, strict=True)
        ]

    def gains(self, levels: Levels) -> Levels:
        """Return the gain of each band in each frame, nats. levels: (BANDS, frames)."""
        rows = zip(levels, self.played, self.wanted, strict=True)
        wanted = np.array([np.interp(x, a, b - a) for x, a, b in rows], np.float64)
        return wanted.clip(SOFTEST, LOUDEST)


def match_dynamics(recording: Samples, played: Samples) -> DynamicsMatch:
    """Return what gives the bands of what is played the levels that they have in a recording.

    recording, played: float32, (frames, 2), best of the same notes; their lengths may differ.
    """
    wanted, own = (
        np.quantile(_levels(_spectra(_padded(sound))), QUANTILES, axis=1).T
        for sound in (recording, played)
    )
    rising = 1e-6 * np.arange(len(QUANTILES))  # so that equal quantiles are still in order
    return DynamicsMatch(own + rising, wanted)


def _padded(samples: Samples) -> Samples:
    return np.pad(samples, ((0, max(0, SIZE - len(samples))), (0, 0)))


def _cut(samples: Samples, first: int) -> Samples:
    """Return a piece with its margins, with silence where there is no more."""
    start, end = first - _MARGIN, first + _PIECE + _MARGIN
    inside = samples[max(0, start) : end]
    before = max(0, -start)
    return np.pad(inside, ((before, end - start - before - len(inside)), (0, 0)))


def _spectra(samples: Samples) -> Spectra:
    """Return the spectra of all whole windows, (frames, bins, 2)."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, SIZE, axis=0)[::HOP]
    return np.asarray(np.fft.rfft(windows * _WINDOW, axis=2).transpose(0, 2, 1), np.complex64)


def _samples(spectra: Spectra) -> Samples:
    """Return the middle of a piece, without its margins, (_PIECE, 2)."""
    waves = np.fft.irfft(spectra, SIZE, axis=1) * _WINDOW[:, None]
    out = np.zeros(((len(waves) - 1) * HOP + SIZE, waves.shape[2]))
    for place, wave in zip(range(0, len(out), HOP), waves, strict=False):
        out[place : place + SIZE] += wave
    return (out[_MARGIN : _MARGIN + _PIECE] / _SUM).astype(np.float32)


def _levels(spectra: Spectra) -> Levels:
    """Return the level of each band, ln magnitude, (BANDS, frames)."""
    powers = (spectra.real**2 + spectra.imag**2).mean(axis=2)
    shares = _WEIGHTS / np.maximum(_WEIGHTS.sum(axis=0), 1e-9)
    return np.asarray(np.log(powers @ shares + _FLOOR).T / 2, np.float64)


def _by_bin(gains: Levels) -> NDArray[np.float32]:
    """Return the factor of each bin, (frames, bins), from the gains of the bands, nats."""
    shares = _WEIGHTS / np.maximum(_WEIGHTS.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(np.exp(gains.T @ shares.T), np.float32)


def _band_weights() -> Iterator[Levels]:
    """Yield the share of each bin in each band: triangles on the mel scale."""

    def mel(hertz: Levels) -> Levels:
        return np.asarray(2_595 * np.log10(1 + hertz / 700))

    places = mel(np.asarray(np.fft.rfftfreq(SIZE, 1 / RATE), np.float64))
    lowest, highest = mel(np.array([_LOWEST, _HIGHEST]))
    edges = np.linspace(lowest, highest, BANDS + 2)
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        rise, fall = (places - low) / (middle - low), (high - places) / (high - middle)
        yield np.clip(np.minimum(rise, fall), 0.0, None)


_WINDOW = np.hanning(SIZE + 1)[:-1].astype(np.float32)
_SUM = 1.5 * SIZE / HOP / 4  # of the squares of overlapping Hann windows
_WEIGHTS = np.stack(list(_band_weights()), axis=1)
_WEIGHTS[: int(np.argmax(_WEIGHTS[:, 0])), 0] = 1.0  # below the first band, and above the last
_WEIGHTS[int(np.argmax(_WEIGHTS[:, -1])) :, -1] = 1.0
