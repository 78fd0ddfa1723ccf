"""Estimate the tempo and the bar position of a clip that comes without them.

For loops and grooves of steady tempo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks, stft

from msanii_live.audio.levels import channel_mean

MIN_BPM, MAX_BPM = 60.0, 200.0
PRIOR_BPM = 118.0  # decides between a tempo, its half and its double
PRIOR_OCTAVES = 0.9  # standard deviation of that prior, octaves
HOP, N_FFT = 256, 1_024
MIN_CLARITY = 1.5  # onset energy on the beats over the mean: below it there is no steady beat
MIN_SECONDS = 2.0  # shortest clip whose tempo can be estimated
MIN_ONSETS = 4  # fewest onsets from which a tempo can be estimated
OCTAVES = (0.5, 1.0, 2.0)  # a tempo, its half and its double have the same bars


@dataclass(frozen=True)
class BeatEstimate:
    """The tempo and bar position found in a clip.

    bpm: beats a minute. bar: bars from a downbeat to the first sample, 0 to 1.
    clarity: onset energy on the beats over that between them.
    """

    bpm: float
    bar: float
    clarity: float


def estimate_beat(samples: np.ndarray, rate: int, beats: int = 4) -> BeatEstimate | None:
    """Return the tempo and bar position of audio, or None where it has no steady beat.

    samples: float32, (frames, channels). rate: Hz. beats: beats per bar.
    Method: onset strength, its autocorrelation weighted by a prior on tempo, then a comb filter.
    Source: Ellis 2007, "Beat tracking by dynamic programming", sections 3.1 and 3.2.
    """
    if len(samples) < MIN_SECONDS * rate:
        return None
    onsets, low = _onset_strength(samples, rate)
    frames_per_second = rate / HOP
    peaks, _ = find_peaks(onsets, height=0.25 * max(float(onsets.max()), 1e-6), distance=8)
    if len(peaks) < MIN_ONSETS:
        return None
    tempo = _estimate_tempo(onsets, frames_per_second)
    period, start, clarity = _fit_comb(onsets, 60 * frames_per_second / tempo)
    if clarity < MIN_CLARITY:
        return None
    beat = _find_downbeat(onsets, low, period, start, beats)
    # Mel frame 0 is centred on sample 0, so frames count from there.
    bar = -(start + beat * period) / (period * beats) % 1.0
    return BeatEstimate(60 * frames_per_second / period, float(bar), clarity)


def octave_ratio(bpm: float, asked: float) -> float:
    """Return the one of OCTAVES by which a tempo differs from another, as nearly as possible.

    >>> octave_ratio(61.0, 120.0), octave_ratio(118.0, 120.0)
    (0.5, 1.0)
    """
    return min(OCTAVES, key=lambda octave: abs(np.log2(bpm / asked / octave)))


def onset_times(samples: np.ndarray, rate: int) -> tuple[float, ...]:
    """Return the onset times, seconds, ascending. samples: float32, (frames, channels)."""
    onsets, _ = _onset_strength(samples, rate)
    height = 0.25 * max(float(np.percentile(onsets, 99)), 1e-6)
    peaks, _ = find_peaks(onsets, height=height, distance=8)
    return tuple(round(float(peak) * HOP / rate, 4) for peak in peaks)


def _onset_strength(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rise of ln magnitudes over all bands and over the bass, (frames,) each."""
    mono = channel_mean(samples)
    _, _, bins = stft(mono, rate, nperseg=N_FFT, noverlap=N_FFT - HOP, padded=False)
    size = np.abs(bins) * N_FFT
    edges = np.unique(np.geomspace(1, len(size) - 1, 33).astype(int))
    bands = np.log1p(np.add.reduceat(size, edges, axis=0) / (1e-3 + size.max()) * 300)
    rise = np.maximum(np.diff(bands, axis=1, prepend=bands[:, :1]), 0)
    bass = rise[: len(edges) // 4].mean(0)
    whole = rise.mean(0)
    return whole - gaussian_filter1d(whole, 40), bass


def _estimate_tempo(onsets: np.ndarray, frames_per_second: float) -> float:
    """Return the tempo, bpm, at whose beat multiples the autocorrelation is largest."""
    n = len(onsets)
    power = np.abs(np.fft.rfft(onsets, 2 * n)) ** 2
    repeat = np.fft.irfft(power)[:n] / np.maximum(n - np.arange(n), n / 4)
    lag_of = np.arange(n)
    tempi = np.arange(MIN_BPM, MAX_BPM, 0.25)
    period = 60 * frames_per_second / tempi
    score = np.zeros(len(tempi))
    for multiple, weight in ((1, 1.0), (2, 0.8), (4, 0.8), (0.5, 0.4)):
        lag = period * multiple
        reliable = lag < 0.75 * n
        score += np.where(reliable, weight * np.interp(lag, lag_of, repeat), 0)
    preference = np.exp(-0.5 * (np.log2(tempi / PRIOR_BPM) / PRIOR_OCTAVES) ** 2)
    return float(tempi[np.argmax(np.maximum(score, 0) * preference)])


def _fit_comb(onsets: np.ndarray, period: float) -> tuple[float, float, float]:
    """Return period and start, frames, of the comb that collects most energy, and its clarity."""
    smooth = gaussian_filter1d(np.maximum(onsets, 0), 1.0)
    place, energy = np.arange(len(smooth)), smooth**2
    best = (-1.0, period, 0.0)
    for trial in period * np.linspace(0.98, 1.02, 161):
        # Circular harmonics of the sharpened onsets at this period: the first gives the angle,
        # and those of half and quarter beats make the period exact.
        turn = _turns(len(smooth), trial)
        second = turn * turn
        pull = energy @ turn
        size = abs(pull) + abs(energy @ second) + abs(energy @ (second * second))
        if size > best[0]:
            best = (size, trial, float(np.angle(pull) * -trial / (2 * np.pi) % trial))
    _, trial, start = best
    # The harmonic's angle leans towards off-beats: settle on the strongest comb near it.
    shifts = start + np.linspace(-0.5, 0.5, 65)[:-1] * trial
    gathered = [np.interp(np.arange(s % trial, len(smooth), trial), place, smooth).mean()
                for s in shifts]  # fmt: skip
    start = float(shifts[int(np.argmax(gathered))] % trial)
    clarity = float(max(gathered) / max(smooth.mean(), 1e-9))
    return float(trial), start, clarity


def _turns(frames: int, period: float) -> np.ndarray:
    """Return exp(-2 pi i frame / period) of each frame.

    As products of the turns of blocks and of the frames in one: far fewer exponentials.
    """
    step = -2j * np.pi / period
    block = math.isqrt(frames) + 1
    within, blocks = np.exp(step * np.arange(block)), np.exp(step * block * np.arange(block))
    return np.asarray(np.multiply.outer(blocks, within).ravel()[:frames])


def _find_downbeat(
    onsets: np.ndarray, low: np.ndarray, period: float, start: float, beats: int
) -> int:
    """Return the index of the downbeat, 0 to beats - 1: where bass and all bands rise most.

    A clip that begins on a beat is assumed to begin on a bar.
    """
    place = np.arange(len(onsets))
    at = np.arange(start, len(onsets), period)
    strength = np.interp(at, place, gaussian_filter1d(np.maximum(onsets, 0), 2.0))
    strength = strength + 2 * np.interp(at, place, gaussian_filter1d(low, 2.0))
    score = np.array(
        [strength[beat::beats].mean() if beat < len(at) else 0 for beat in range(beats)]
    )
    score = score / max(score.max(), 1e-9)
    if start < 0.15 * period:
        score[0] += 0.35
    elif start > 0.85 * period:  # the first beat lies just before the first sample
        score[(beats - 1) % beats] += 0.35
    return int(np.argmax(score))
