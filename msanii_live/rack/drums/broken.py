"""Drums as worn tape and old samplers play them: darker, coarser, out of tune, with a bed of dust.

A hit of another family goes through a chain: a lower speed, fewer bits at a lower rate, saturation,
a narrow band.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr

from msanii_live.rack.drums.hits import Noise, frames_of
from msanii_live.rack.envelopes import fade_out, strike_curve
from msanii_live.rack.filters import highpass, lowpass
from msanii_live.rack.waves import RATE, Stereo

Hit = Callable[[float, Noise], Stereo]
SAMPLER_RATE = 22_050  # Hz
_BITS = 10


def worn(hit: Hit, speed: float, bits: int = _BITS, rate: int = SAMPLER_RATE) -> Hit:
    """Return a hit as a worn sampler plays it. speed: 1 is as recorded; slower is lower and longer.

    bits, rate: of the sampler.
    """

    def played(force: float, rng: Noise) -> Stereo:
        dry = hit(force, rng)
        own = speed * (1.0 + 0.012 * float(rng.standard_normal()))
        coarse = soxr.resample(dry.T, RATE * own, rate).T
        steps = np.float32(2 ** (bits - 1))
        coarse = np.round(np.clip(coarse, -1.2, 1.2) * steps) / steps
        wave = soxr.resample(coarse.T, rate, RATE).T.astype(np.float32)
        wave = np.tanh(1.8 * wave) / np.float32(np.tanh(1.8))
        wave = lowpass(wave, 0.42 * rate)
        dust = rng.standard_normal((2, wave.shape[1]), dtype=np.float32)
        dust = lowpass(dust, 3_000.0) * strike_curve(wave.shape[1], 0.002, 0.25)
        mono = wave.mean(0, keepdims=True)  # such samplers had one channel
        return fade_out(highpass(0.75 * mono + 0.25 * wave + 0.012 * dust, 28.0), 0.01).astype(
            np.float32
        )

    return played


def glitch(force: float, rng: Noise) -> Stereo:
    """Return a click of a scratched record."""
    seconds = 0.06
    grain = rng.standard_normal(frames_of(seconds)).astype(np.float32)
    grain = highpass(grain, 1_500.0) * strike_curve(len(grain), 0.0002, 0.012 + 0.02 * force)
    return np.stack([grain, 0.6 * grain]).astype(np.float32)
