"""A spectrogram on a scale of thirds of semitones, for hearing notes.

Low tones need long windows to be told apart and short sounds need short windows to be placed, so
each range of frequencies has a window of its own. A few wide bands of the shortest window follow,
which place drums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import soxr
import torch

RATE, HOP = 22_050, 441  # Hz, samples
FRAMES_PER_SECOND = RATE / HOP
LOWEST_KEY, KEYS = 21, 88  # the piano's
SEMITONES = 100  # above A0; the partials of high keys lie above the last key
BINS_PER_SEMITONE = 3
FAST_BANDS = 24
BANDS = SEMITONES * BINS_PER_SEMITONE + FAST_BANDS
FLOOR = 1e-5  # magnitude, where a sine at full scale has 1
LEVEL = 0.1  # RMS that every clip is brought to
_A0 = 27.5  # Hz
_WINDOWS = ((330.0, 8_192), (1_300.0, 4_096), (2_600.0, 2_048), (RATE / 2, 1_024))  # up to Hz
_FAST_WINDOW = 1_024
_PART = 2_000  # frames analysed at once, to save memory


def listen(samples: np.ndarray, rate: int, margin: int = 0) -> torch.Tensor:
    """Return the spectrogram of a clip: ln magnitudes, float32, (frames, BANDS), 50 a second.

    samples: float32, (frames, channels) or (frames,). rate: Hz. margin: frames of silence before
    and after the clip. Frame n is centred on (n - margin) / 50 s.
    """
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    wave = np.asarray(soxr.resample(mono, rate, RATE) if rate != RATE else mono, np.float32)
    size = float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0
    wave = np.pad(wave * np.float32(LEVEL / max(size, 1e-4)), margin * HOP)
    return analyse(torch.from_numpy(wave))


def analyse(wave: torch.Tensor) -> torch.Tensor:
    """Return the spectrogram of a wave at RATE whose level is LEVEL; see `listen`."""
    frames = -(-len(wave) // HOP)
    edge = _WINDOWS[0][1] // 2
    padded = torch.nn.functional.pad(wave, (edge, edge + HOP))
    rows = []
    for first in range(0, frames, _PART):
        count = min(_PART, frames - first)
        piece = padded[first * HOP : first * HOP + (count - 1) * HOP + 2 * edge]
        rows.append(_analyse_part(piece, count, edge))
    if not rows:
        return torch.zeros(0, BANDS)
    return torch.cat(rows)


def _analyse_part(piece: torch.Tensor, count: int, edge: int) -> torch.Tensor:
    out = torch.zeros(count, BANDS)
    for size, filters in _filter_banks():
        inner = piece[edge - size // 2 : edge - size // 2 + (count - 1) * HOP + size]
        window = torch.hann_window(size)
        spectrum = torch.fft.rfft(inner.unfold(0, size, HOP) * window)
        for bank in filters:
            bins = spectrum[:, bank.bins].abs() * (2 / float(window.sum()))
            out[:, bank.bands] = bins @ bank.weights
    return out.clamp_min(FLOOR).log()


@dataclass(frozen=True)
class FilterBank:
    """The filters of one range. weights: (bins, bands)."""

    bins: slice
    bands: slice
    weights: torch.Tensor


@cache
def _filter_banks() -> tuple[tuple[int, tuple[FilterBank, ...]], ...]:
    """Return the size of each window and its filters."""
    banks, lowest = [], 0.0
    for highest, size in _WINDOWS:
        filters = [_cut(_semitone_filters(size, lowest, highest))]
        if size == _FAST_WINDOW:
            filters.append(_cut(_fast_filters()))
        banks.append((size, tuple(filters)))
        lowest = highest
    return tuple(banks)


def _cut(weights: np.ndarray) -> FilterBank:
    """Leave out the bins and bands around that are empty. weights: (bins, BANDS)."""
    bins, bands = (np.flatnonzero(weights.any(axis=axis)) for axis in (1, 0))
    rows, columns = slice(bins[0], bins[-1] + 1), slice(bands[0], bands[-1] + 1)
    return FilterBank(rows, columns, torch.from_numpy(weights[rows, columns].astype(np.float32)))


def _semitone_filters(size: int, lowest: float, highest: float) -> np.ndarray:
    """Return triangles a semitone's third to either side, or a bin where that is more."""
    bank = np.zeros((size // 2 + 1, BANDS))
    spacing = RATE / size
    bins = np.arange(size // 2 + 1) * spacing
    for band in range(SEMITONES * BINS_PER_SEMITONE):
        # The middle one of a semitone's bands is the key itself.
        centre = _A0 * 2 ** ((band - 1) / (12 * BINS_PER_SEMITONE))
        if lowest <= centre < highest:
            width = max(centre * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1), spacing)
            bank[:, band] = np.maximum(0.0, 1 - np.abs(bins - centre) / width)
    return bank


def _fast_filters() -> np.ndarray:
    bank = np.zeros((_FAST_WINDOW // 2 + 1, BANDS))
    bins = np.arange(_FAST_WINDOW // 2 + 1)
    edges = np.unique(np.round(np.geomspace(1, _FAST_WINDOW // 2, 3 * FAST_BANDS)).astype(int))
    edges = edges[np.linspace(0, len(edges) - 1, FAST_BANDS + 1).astype(int)]
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = (bins >= low) & (bins < max(high, low + 1))
        bank[inside, SEMITONES * BINS_PER_SEMITONE + band] = 1 / np.sqrt(inside.sum())
    return bank
