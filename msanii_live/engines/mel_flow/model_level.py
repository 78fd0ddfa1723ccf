"""The level of the audio that the flow network was trained on."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, limit, rms_dbfs
from msanii_live.audio.slow_gain import apply_gain, even_gain

MODEL_LOUDNESS = -18.0  # dBFS RMS of new clips and of the audio that the network sees


def model_gain(samples: Samples) -> float:
    """Return the gain to the level that the network was trained at, within 40 dB."""
    return float(10 ** (np.clip(MODEL_LOUDNESS - rms_dbfs(samples), -40, 40) / 20))


def to_model_loudness(wave: Samples, loops: bool = False) -> Samples:
    """Return audio at the model's level, with its peaks limited.

    A long clip is made even first. wave: float32, (frames, 2). loops: its end is followed by its
    start.
    """
    wave = apply_gain(wave, even_gain(wave, loops), loops)
    return limit(np.asarray(wave * model_gain(wave), dtype=np.float32)).copy()
