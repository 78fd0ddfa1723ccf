"""Levels of made audio: at the level around it, with its peaks limited, loops closed."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, hold_level, limit, rms_dbfs

SEAM = 2_048  # frames next to a seam that may differ from the source
MAX_RAISE, MAX_DROP = 6.0, 6.0  # dB by which new audio is brought to the level around it
NEAR_SECONDS = 6.0  # of what lies around new audio


def level_span(
    made: Samples, known: Samples, start: int, end: int, rate: int, near: float = NEAR_SECONDS
) -> Samples:
    """Bring frames [start, end) to the level around them and limit their peaks.

    made: float32, (frames, channels), joined to what is known. known: the same without the span.
    rate: Hz. near: seconds on either side that give the level.
    Returns audio that is `known`, bit for bit, further than SEAM from the span.
    """
    reach = round(near * rate)
    around = np.concatenate([known[max(0, start - reach) : start], known[end : end + reach]])
    if len(around):
        made = hold_level(made, start, end, rms_dbfs(around), down=MAX_DROP, up=MAX_RAISE)
    out = known.copy()
    first, last = max(0, start - SEAM), min(len(known), end + SEAM)
    limited = limit(made[first:last])
    # Known audio that is too loud is left so, but for the seam: the gain must not jump there.
    place = np.arange(first, last)
    inwards = np.minimum(place - (start - SEAM), (end + SEAM) - 1 - place) / (SEAM / 2)
    share = np.clip(inwards, 0, 1).astype(np.float32)[:, None]
    out[first:last] = made[first:last] + share * (limited - made[first:last])
    return out


def limit_loop(samples: Samples) -> Samples:
    """Limit a loop's peaks, around its join too. samples: float32, (frames, channels)."""
    reach = min(SEAM, len(samples))
    around = np.concatenate([samples[-reach:], samples, samples[:reach]])
    return limit(around)[reach : reach + len(samples)].copy()


def close_loop(samples: Samples) -> Samples:
    """Return a loop whose end fades into its mirrored start; float32, (frames, channels).

    It is for loops so short that a model cannot make their join anew.
    """
    reach = len(samples) // 8
    ramp = np.linspace(0, 1, reach, dtype=np.float32)[:, None]
    out = samples.copy()
    out[-reach:] = samples[-reach:] * (1 - ramp) + samples[:reach][::-1] * ramp
    return out
