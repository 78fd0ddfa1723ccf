"""Morph between two playings of the same notes, which differ in their timbre."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples
from msanii_live.rack.waves import RATE

FFT, HOP = 2_048, 512
BANDS = 32  # of the spectral envelope, from LOWEST Hz on, as wide as the ear has them
LOWEST = 40.0  # Hz
FLOOR = 1e-6  # of the greatest power of a band, that counts as silence
MOST = 15.8  # factor, 24 dB, by which a band is raised at most


def morphed(first: Samples, second: Samples, mix: float) -> Samples:
    """Return a sound between two, float32, (frames, 2).

    Both get the spectral envelope that lies between theirs at every moment, a geometric mean, and
    are then crossfaded. So they start, ring and shine as one sound, and are not heard as two. mix:
    0 is exactly the first, 1 exactly the second.
    Source: the interpolation of envelopes in Serra 1997, "Musical sound modeling with sinusoids
    plus noise", section 6, here by bands.
    """
    if mix <= 0.0 or not len(first) or np.array_equal(first, second):
        return first
    if mix >= 1.0:
        return second
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    transform = ShortTimeFFT(hann(FFT, sym=False), HOP, RATE)
    short = max(0, FFT - len(first))
    waves = [np.pad(each.T, ((0, 0), (0, short))) for each in (first, second)]
    bins = [transform.stft(wave) for wave in waves]
    bank, spread = _bands()
    powers = [np.einsum("cft,bf->cbt", np.abs(each) ** 2, bank) for each in bins]
    floor = FLOOR * max(float(power.max()) for power in powers) + 1e-20
    powers = [power + floor for power in powers]
    target = powers[0] ** (1.0 - mix) * powers[1] ** mix
    out = np.zeros_like(bins[0])
    for each, power, share in zip(bins, powers, (1.0 - mix, mix), strict=True):
        gain = np.minimum(np.sqrt(target / power), MOST) * np.sqrt(share)
        out += each * np.einsum("cbt,bf->cft", gain, spread)
    wave: Samples = transform.istft(out, k1=waves[0].shape[1]).T[: len(first)].astype(np.float32)
    return np.ascontiguousarray(wave)


@lru_cache(maxsize=1)
def _bands() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights of bins in the mean power of each band, and of bands at each bin.

    Both (bands, bins); a bin lies between two bands, whose weights sum to one.
    """
    hertz = np.fft.rfftfreq(FFT, 1 / RATE)
    # The scale of mels, on which the ear's bands are equally wide.
    centres = np.linspace(_mel(LOWEST), _mel(RATE / 2), BANDS)
    place = np.interp(_mel(hertz), centres, np.arange(BANDS))
    spread = np.maximum(0.0, 1.0 - np.abs(place[None] - np.arange(BANDS)[:, None]))
    return spread / np.maximum(spread.sum(1, keepdims=True), 1e-9), spread


def _mel(hertz: NDArray[np.floating] | float) -> NDArray[np.float64]:
    return np.asarray(np.log1p(np.asarray(hertz) / 700.0), np.float64)
