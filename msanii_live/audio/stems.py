"""Stems that sum to their clip."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msanii_live.audio.clip import Samples


def last_stem(mix: Samples, stems: Mapping[str, Samples]) -> tuple[str, Samples]:
    """Return the last stem's name, and what the others leave of the mix for it.

    It takes what rounding has left. mix, stems: float32, (frames, channels), one stem or more.
    """
    last = list(stems)[-1]
    others = sum((stem for part, stem in stems.items() if part != last), np.zeros_like(mix))
    return last, mix - others
