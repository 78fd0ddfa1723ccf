"""Fresh clips: their spans at the model's level, limited, handed over as they are made."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from msanii_live.audio import Samples
from msanii_live.audio.span_limiter import SpanLimiter
from msanii_live.engines.mel_flow.fresh_spans import FreshLine, FreshLoop
from msanii_live.engines.mel_flow.mel_level import FreshLevel
from msanii_live.engines.spans import HandedSpans, SpanPlan, SpanReceiver

FADE_IN, FADE_OUT = 32, 128  # frames; the edges of a new clip must not click


def hand_over(fresh: FreshLine | FreshLoop, receiver: SpanReceiver) -> Samples:
    """Make a clip, hand its samples over as they are settled, and return them all.

    Returns float32, (frames, 2). Raises: CommandError: EINTERNAL, they are not finite.
    """
    frames, rate = fresh.frames, fresh.pipeline.model.spec.sample_rate
    edges, is_loop = fresh.edges(), isinstance(fresh, FreshLoop)
    sizes = tuple(end - start for start, end in pairwise([0, *edges]))
    handed = HandedSpans(receiver, SpanPlan(frames, rate, sizes, is_loop))
    level, limiter = FreshLevel(frames, fresh.hop, is_loop), SpanLimiter()
    start = 0
    for end, span in zip(edges, fresh.spans(), strict=True):
        gain = level.gain(start, end, span.powers, span.is_all)
        wave = span.wave.T.float().cpu().numpy() * gain[:, None]
        out = limiter.add(np.ascontiguousarray(wave), is_last=end == frames)
        if not is_loop and not start:
            out[:FADE_IN] *= np.linspace(0, 1, FADE_IN, dtype=np.float32)[:, None]
        if not is_loop and end == frames:
            out[-FADE_OUT:] *= np.linspace(1, 0, FADE_OUT, dtype=np.float32)[:, None]
        handed.add(out)
        start = end
    return handed.whole()
