"""The loudness and the edges of finished clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples, limit

TARGET_LOUDNESS = -18.0  # dBFS RMS over the sounding blocks
GATE = 30.0  # dB under the loudest block, below which a block counts as silent
MAX_GAIN = 24.0  # dB


def measure_loudness(samples: Samples) -> float:
    """Return the RMS level of the blocks that sound, dBFS; TARGET_LOUDNESS for silence.

    samples: float32, (frames, channels).
    """
    block = 2_205
    padded = np.pad(samples, ((0, -len(samples) % block), (0, 0)))
    return loudness_of_blocks((padded.reshape(-1, block * samples.shape[1]) ** 2).mean(1))


def loudness_of_blocks(powers: NDArray[np.floating]) -> float:
    """Return the RMS level of the blocks that sound, dBFS; TARGET_LOUDNESS for silence.

    powers: the mean square of each block, (blocks,).
    """
    sounding = powers[powers > powers.max(initial=0.0) * 10 ** (-GATE / 10)]
    return float(10 * np.log10(sounding.mean())) if len(sounding) else TARGET_LOUDNESS


def normalize_loudness(samples: Samples, target: float = TARGET_LOUDNESS) -> Samples:
    """Return a copy at a loudness, with its peaks limited.

    samples: float32, (frames, channels). target: dBFS RMS over the sounding blocks.
    """
    return limit(np.asarray(samples * loudness_gain(samples, target), dtype=np.float32)).copy()


def loudness_gain(samples: Samples, target: float = TARGET_LOUDNESS) -> np.float32:
    """Return the gain, linear, that brings samples to a loudness; see `normalize_loudness`."""
    return gain_between(measure_loudness(samples), target)


def gain_between(loudness: float, target: float = TARGET_LOUDNESS) -> np.float32:
    """Return the gain, linear, from one loudness to another, dBFS; at most MAX_GAIN."""
    return np.float32(10 ** (np.clip(target - loudness, -MAX_GAIN, MAX_GAIN) / 20))


def fade_edges(samples: Samples, fade_in: int, fade_out: int) -> None:
    """Fade the start and the end of a clip in place, so that they do not click.

    samples: float32, (frames, channels). fade_in, fade_out: frames.
    """
    samples[:fade_in] *= np.linspace(0, 1, fade_in, dtype=np.float32)[:, None]
    samples[-fade_out:] *= np.linspace(1, 0, fade_out, dtype=np.float32)[:, None]
