"""Metrics as pure NumPy functions over mels, envelopes, features and samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

Array = NDArray[np.floating]

SMOOTHING = 0.05  # seconds, full width of the window that onset envelopes are smoothed with
SIXTEENTHS = 16  # of a bar
BANDS = 32  # that mels are pooled into for features


def rms_distance(a: Array, b: Array) -> float:
    """Return the root mean square difference of two arrays of one shape."""
    return float(np.sqrt(np.mean((np.asarray(a, np.float64) - b) ** 2)))


def nearest(made: Array, choices: list[Array]) -> int:
    """Return which of `choices` is nearest to `made` by root mean square difference."""
    return int(np.argmin([rms_distance(made, choice) for choice in choices]))


def onset_envelope(mel: Array, floor: Array, frame_seconds: float) -> Array:
    """Return the mean rise over all bands from one mel frame to the next, smoothed over 50 ms.

    mel: ln magnitudes, (..., mels, mel_frames). floor: (mels,), ln magnitude below which a band's
    changes do not count, so that noise near silence makes no onsets. Returns (..., mel_frames), 0
    or more; its peaks lie at the onsets, because a mel frame is centred on its time.
    """
    loud = np.maximum(mel, floor[:, None])
    rise = np.maximum(np.diff(loud, axis=-1, prepend=loud[..., :1]), 0.0).mean(axis=-2)
    width = max(round(SMOOTHING / frame_seconds), 1) | 1
    kernel = np.hanning(width + 2)[1:-1]
    return np.asarray(convolve1d(rise, kernel / kernel.sum(), axis=-1, mode="nearest"))


def correlation(a: Array, b: Array) -> float:
    """Return Pearson's correlation where both are finite; 0 if either does not vary."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 2:
        return 0.0
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 1e-12 else 0.0


def fold(envelope: Array, bar_position: Array, parts: int = SIXTEENTHS) -> Array:
    """Return the mean of an envelope around each sixteenth of the bar.

    envelope, bar_position (bars): (mel_frames,). Returns (parts,), NaN where no mel frame falls.
    """
    place = np.round(bar_position * parts).astype(int) % parts
    count = np.bincount(place, minlength=parts)
    total = np.bincount(place, weights=envelope, minlength=parts)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def salience(envelope: Array, bar_position: Array) -> float:
    """Return the mean envelope near sixteenths of the bar over that between them; 1: no beat.

    envelope, bar_position (bars): (mel_frames,). Near is within a quarter of a sixteenth.
    """
    place = bar_position * SIXTEENTHS
    near = np.abs(place - np.round(place)) < 0.25
    between = float(envelope[~near].mean()) if (~near).any() else 0.0
    return float(envelope[near].mean()) / max(between, 1e-9) if near.any() else 0.0


def onsets_a_second(envelope: Array, threshold: float, frame_seconds: float) -> float:
    """Count the local maxima above a threshold. envelope: (mel_frames,)."""
    middle = envelope[1:-1]
    peaks = (middle > envelope[:-2]) & (middle >= envelope[2:]) & (middle > threshold)
    return float(peaks.sum()) / (len(envelope) * frame_seconds)


def features(mels: Array, envelopes: Array, threshold: float, frame_seconds: float) -> Array:
    """Return hand-made features of each window: timbre, dynamics and onsets.

    mels: normalised, (windows, channels, mels, mel_frames). envelopes: (windows, mel_frames).
    threshold: of an onset. Returns (windows, 2 * channels * BANDS + 3): mean and deviation over
    time of each pooled band of each channel; onsets a second, mean and deviation of the envelope.
    """
    windows, _, bands, _ = mels.shape
    width = -(-bands // BANDS)
    starts = np.arange(0, bands, width)
    sizes = np.diff([*starts, bands])
    pooled = np.add.reduceat(mels, starts, axis=2) / sizes[:, None]
    onsets = [onsets_a_second(e, threshold, frame_seconds) for e in envelopes]
    parts = [
        pooled.mean(-1).reshape(windows, -1),
        pooled.std(-1).reshape(windows, -1),
        np.array(onsets)[:, None],
        envelopes.mean(-1)[:, None],
        envelopes.std(-1)[:, None],
    ]
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class FeatureSpace:
    """A scaling and a projection of features, both fixed by a reference set.

    mean, scale: (features,). axes: (features, directions).
    """

    mean: Array
    scale: Array
    axes: Array

    def scaled(self, x: Array) -> Array:
        """Return features of mean 0 and deviation 1 over the reference. x: (windows, features)."""
        return np.asarray((x - self.mean) / self.scale)

    def projected(self, x: Array) -> Array:
        """Return the projection onto the main directions, (windows, directions)."""
        return np.asarray(self.scaled(x) @ self.axes)


def fit_space(reference: Array, directions: int = 16) -> FeatureSpace:
    """Fit a space to reference features, (windows, features)."""
    mean, scale = reference.mean(0), np.maximum(reference.std(0), 1e-6)
    _, _, rows = np.linalg.svd((reference - mean) / scale, full_matrices=False)
    return FeatureSpace(mean, scale, rows[:directions].T)


def frechet_distance(a: Array, b: Array) -> float:
    """Return the Fréchet distance of the normal distributions fitted to two sets.

    a, b: (windows, directions). Source: Heusel et al. 2017, arXiv:1706.08500, eq. 6.
    """
    cov_a, cov_b = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0)).sum()
    gap = a.mean(0) - b.mean(0)
    return float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)


def kernel_distance(a: Array, b: Array) -> float:
    """Return the unbiased squared maximum mean discrepancy under a polynomial kernel of degree 3.

    a, b: (windows, features), at least two windows each. For two sets of one distribution it is
    near 0, and negative as often as positive.
    Source: Bińkowski et al. 2018, arXiv:1801.01401, section 4.
    """

    def kernel(x: Array, y: Array) -> Array:
        return np.asarray((x @ y.T / x.shape[1] + 1.0) ** 3)

    def within(x: Array) -> float:
        k = kernel(x, x)
        return float(k.sum() - np.trace(k)) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())


def seam_steps(samples: Array, seam: int, reach: int = 1_024) -> tuple[float, float]:
    """Compare the largest sample step around a seam with those of stretches as long elsewhere.

    samples: (frames, channels), longer than 4 * reach. seam: frame. reach: frames to either side.
    Returns the largest step over the median stretch's, and over the 95th percentile's.
    """
    steps = np.abs(np.diff(samples, axis=0)).max(axis=1)
    here = float(steps[max(0, seam - reach) : seam + reach].max())
    elsewhere = np.concatenate([steps[: max(0, seam - reach)], steps[seam + reach :]])
    stretches = elsewhere[: len(elsewhere) // (2 * reach) * 2 * reach].reshape(-1, 2 * reach)
    largest = stretches.max(axis=1)
    typical, loud = float(np.median(largest)), float(np.percentile(largest, 95))
    return here / max(typical, 1e-9), here / max(loud, 1e-9)
