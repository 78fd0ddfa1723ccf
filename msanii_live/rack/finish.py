"""The last step before a file: one loudness, peaks under the ceiling, edges without a click."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, last_stem, limiting_gain
from msanii_live.rack.render import RackSound

LOUDNESS = -16.0  # dBFS RMS of the blocks that sound
_BLOCK = 2_205  # frames
_GATE = 1e-3  # of the loudest block's power, below which a block is silence
_IN, _OUT = 32, 441  # frames of the fades at the edges
_MOST = 24.0  # dB


def finished(
    sound: RackSound, is_loop: bool = False, loudness: float | None = LOUDNESS
) -> RackSound:
    """Return a sound at a loudness, limited to -1 dBTP; stems get the same gain at each frame.

    is_loop: leave the edges alone. loudness: dBFS; None keeps the level, and the peaks as well.
    """
    stems = {part: stem.copy() for part, stem in sound.stems.items()}
    waves = [sound.mix.copy(), *stems.values()]
    if loudness is not None:
        gain = np.float32(10 ** (_gain(waves[0], loudness) / 20))
        for wave in waves:
            wave *= gain
        moving = limiting_gain(waves[0])
        if moving is not None:
            for wave in waves:
                wave *= moving[:, None]
    if not is_loop:
        for wave in waves:
            fade_in, fade_out = (min(edge, len(wave)) for edge in (_IN, _OUT))
            wave[:fade_in] *= np.linspace(0, 1, fade_in, dtype=np.float32)[:, None]
            wave[len(wave) - fade_out :] *= np.linspace(1, 0, fade_out, dtype=np.float32)[:, None]
    mix = waves[0]
    if stems:  # the last one takes what rounding has left
        last, rest = last_stem(mix, stems)
        stems[last] = rest
    return RackSound(mix, stems)


def _gain(samples: Samples, loudness: float) -> float:
    """Return the gain, dB, that brings the blocks that sound to a loudness; 0 for silence."""
    whole = samples[: len(samples) // _BLOCK * _BLOCK] if len(samples) > _BLOCK else samples
    power = (whole.reshape(max(1, len(whole) // _BLOCK), -1) ** 2).mean(1)
    sounding = power[power > max(power.max(initial=0.0) * _GATE, 1e-10)]
    if not len(sounding):
        return 0.0
    return float(np.clip(loudness - 10 * np.log10(sounding.mean()), -_MOST, _MOST))
