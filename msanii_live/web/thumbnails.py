"""Show the shape of a clip in little: its outline for a canvas, its mel as a small picture.

The cost is bounded however long the clip is, and neither matplotlib nor torch is loaded: a server
that plays must not feel that somebody looks.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from msanii_live.audio import Samples
from msanii_live.web.mel_spectrogram import HOP, RANGE, mel_decibels

COLUMNS = 480  # of both
FULL = 100  # the outline's number for full scale

# From silence to full scale: the page's own ground, then as embers get brighter.
_RAMP = (
    (16, 18, 24), (36, 24, 66), (92, 30, 110), (160, 44, 104), (220, 84, 68), (247, 150, 48),
    (252, 222, 140),
)  # fmt: skip


def outline(samples: Samples) -> dict[str, list[int]]:
    """Return the lowest and highest sample of each of at most `COLUMNS` spans of equal length.

    samples: float32, (frames, channels), mixed to one. Of full scale, in hundredths, -127 to 127.
    """
    mono = samples.mean(axis=1)
    columns = min(len(mono), COLUMNS)
    if not columns:
        return {"low": [], "high": []}
    starts = np.linspace(0, len(mono), columns, endpoint=False).astype(int)
    ends = {
        "low": np.floor(FULL * np.minimum.reduceat(mono, starts)),
        "high": np.ceil(FULL * np.maximum.reduceat(mono, starts)),
    }
    return {name: np.clip(end, -127, 127).astype(int).tolist() for name, end in ends.items()}


def mel_png(samples: Samples, sample_rate: int) -> bytes:
    """Draw the mel spectrogram: a PNG of at most `COLUMNS` + 1 by 160 pixels, no axes, 90 dB.

    samples: float32, (frames, channels). sample_rate: Hz.
    """
    mono = samples.mean(axis=1, dtype=np.float64)
    hop = max(HOP, -(-len(mono) // COLUMNS))
    low, high = RANGE
    level = (mel_decibels(mono, sample_rate, hop) - low) / (high - low)
    pixels = (255 * np.clip(level[::-1], 0, 1)).astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(pixels), mode="L").convert("P")
    picture.putpalette(_palette())
    out = io.BytesIO()
    picture.save(out, format="png")
    return out.getvalue()


def _palette() -> list[int]:
    """Return 256 colours, red, green and blue in turn."""
    ramp = np.array(_RAMP, np.float64)
    place = np.linspace(0, 255, len(ramp))
    channels = [np.interp(np.arange(256), place, ramp[:, i]) for i in range(3)]
    return np.stack(channels, axis=1).round().astype(int).ravel().tolist()
