"""Estimate the musical key of audio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import stft

from msanii_live.audio.levels import channel_mean

# How often each degree of the scale occurs in music in a key, from its tonic up.
# Source: Albrecht and Shanahan 2013, "The use of large corpora to train a new type of key-finding
# algorithm", Music Perception 31(1), table 1.
MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)

LOWEST_HZ, HIGHEST_HZ = 55.0, 2_000.0  # of the partials that count
WINDOW_SECONDS = 0.37  # bins 2.7 Hz apart
HOPS = 2  # of a window
NEIGHBOURS, PEAK_RATIO = 41, 3.0  # a partial is so much louder than the median of the bins around
SILENCE = 0.02  # of the loudest frame, below which a frame does not count
MIN_CLARITY = 0.7  # below it audio has no key: noise stays under it


@dataclass(frozen=True)
class KeyEstimate:
    """The key found in audio.

    key: tonic 0 to 11 for major, plus 12 for minor. clarity: the correlation of its profile with
    the audio, -1 to 1.
    """

    key: int
    clarity: float


def _standardized(weights: np.ndarray) -> np.ndarray:
    """Return weights less their mean, of length 1: the dot product of two is their correlation."""
    centred = weights - weights.mean()
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-12))


_PROFILES = np.stack(  # of the 24 keys
    [_standardized(np.roll(each, tonic)) for each in (MAJOR, MINOR) for tonic in range(12)]
)


def key_of_audio(samples: np.ndarray, rate: int) -> KeyEstimate | None:
    """Return the key of audio, or None where it has none, as noise, drums and silence.

    samples: float32, (frames, channels). rate: Hz.
    Method: partials of a spectrogram are folded onto pitch classes, frame by frame, and compared
    with a profile of each key. Source: Krumhansl 1990, "Cognitive foundations of musical pitch",
    chapter 4.
    """
    weights = tonal_chroma(samples, rate)
    if not weights.any():
        return None
    fits = _PROFILES @ _standardized(weights)
    best = int(np.argmax(fits))
    return KeyEstimate(best, float(fits[best])) if fits[best] >= MIN_CLARITY else None


def is_in_key(samples: np.ndarray, rate: int, key: int) -> bool:
    """Return whether the key found in audio is this one. key: as in `KeyEstimate`."""
    found = key_of_audio(samples, rate)
    return found is not None and found.key == key


def tonal_chroma(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return how loud the partials of each pitch class are, C first, (12,); 0 without any.

    samples: float32, (frames, channels). rate: Hz. Frames count alike, however loud they are.
    """
    mono = channel_mean(samples)
    size = int(2 ** np.round(np.log2(WINDOW_SECONDS * rate)))
    if len(mono) < size:
        return np.zeros(12)
    hertz, _, bins = stft(mono, rate, nperseg=size, noverlap=size - size // HOPS, padded=False)
    power = np.linalg.norm(bins, axis=0)
    if power.max() < 1e-7:
        return np.zeros(12)
    inside = (hertz > LOWEST_HZ) & (hertz < HIGHEST_HZ)
    level = np.abs(bins[inside])
    is_peak = (level > np.roll(level, 1, 0)) & (level >= np.roll(level, -1, 0))
    is_peak &= level > PEAK_RATIO * _median_around(level)
    pitch = 69 + 12 * np.log2(hertz[inside] / 440.0)
    in_tune = np.cos(np.pi * (pitch - np.round(pitch))) ** 2
    partials = np.sqrt(level) * is_peak * in_tune[:, None]
    classes = np.zeros((12, level.shape[1]))
    np.add.at(classes, np.round(pitch).astype(int) % 12, partials)
    classes /= np.maximum(np.linalg.norm(classes, axis=0), 1e-9)
    sounding = power > SILENCE * power.max()
    return np.asarray(classes[:, sounding].mean(1))


def _median_around(level: np.ndarray) -> np.ndarray:
    """Return the median of the bins around each bin, (bins, frames).

    All frames are filtered as one line, which scipy does ten times as fast as a plane.
    """
    half = NEIGHBOURS // 2
    lines = np.pad(level.T, ((0, 0), (half, half)), mode="symmetric")
    medians = median_filter(lines.ravel(), NEIGHBOURS).reshape(lines.shape)
    return np.asarray(medians[:, half:-half].T)
