"""Thumbnails of a clip for the page: its waveform outline and a small mel spectrogram.

The cost is bounded, however long the clip is. Neither matplotlib nor torch is imported, so that
drawing does not disturb playback.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from msanii_live.audio import Samples
from msanii_live.web.mel_spectrogram import DECIBEL_RANGE, HOP, mel_decibels

MAX_COLUMNS = 480  # of both
FULL_SCALE = 100  # the outline's value of a full-scale sample

# Colours from silence (the page's background) to full scale.
_COLOUR_RAMP = (
    (16, 18, 24), (36, 24, 66), (92, 30, 110), (160, 44, 104), (220, 84, 68), (247, 150, 48),
    (252, 222, 140),
)  # fmt: skip


def waveform_outline(samples: Samples) -> dict[str, list[int]]:
    """Return the lowest and highest sample of at most `MAX_COLUMNS` spans of equal length.

    samples: float32, (frames, channels), mixed to mono. The values are in hundredths of full scale,
    -127 to 127.
    """
    mono = samples.mean(axis=1)
    columns = min(len(mono), MAX_COLUMNS)
    if not columns:
        return {"low": [], "high": []}
    starts = np.linspace(0, len(mono), columns, endpoint=False).astype(int)
    extremes = {
        "low": np.floor(FULL_SCALE * np.minimum.reduceat(mono, starts)),
        "high": np.ceil(FULL_SCALE * np.maximum.reduceat(mono, starts)),
    }
    return {
        name: np.clip(values, -127, 127).astype(int).tolist() for name, values in extremes.items()
    }


def mel_thumbnail(samples: Samples, sample_rate: int) -> bytes:
    """Return a mel spectrogram without axes: a PNG of at most `MAX_COLUMNS` + 1 by 160 pixels.

    The colours span 90 dB.

    samples: float32, (frames, channels). sample_rate: Hz.
    """
    mono = samples.mean(axis=1, dtype=np.float64)
    hop = max(HOP, -(-len(mono) // MAX_COLUMNS))
    low, high = DECIBEL_RANGE
    level = (mel_decibels(mono, sample_rate, hop) - low) / (high - low)
    pixels = (255 * np.clip(level[::-1], 0, 1)).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(pixels), mode="L").convert("P")
    image.putpalette(_palette())
    out = io.BytesIO()
    image.save(out, format="png")
    return out.getvalue()


def _palette() -> list[int]:
    """Return 256 colours as a flat list of red, green and blue values."""
    ramp = np.array(_COLOUR_RAMP, np.float64)
    positions = np.linspace(0, 255, len(ramp))
    channels = [np.interp(np.arange(256), positions, ramp[:, i]) for i in range(3)]
    return np.stack(channels, axis=1).round().astype(int).ravel().tolist()
