"""A source whose start stays sounds at once, while what follows is made."""

from __future__ import annotations

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.engines.spans import HandedSpans, SpanPlan, SpanReceiver

SEAM = 2_048  # frames next to a seam that may differ from the source


class EarlySource:
    """What is kept before a span that is made anew, and after it.

    Up to SEAM frames on either side of the span may change, so these are handed over with it.
    """

    def __init__(
        self, receiver: SpanReceiver, source: Clip, start: int, end: int, is_kept: bool = True
    ) -> None:
        """Hand over what stays before the span, where that is more than the seam.

        start, end: of the span, frames; it may end after the source does. is_kept: False if nothing
        of the source stays, so that nothing is to be handed over.
        """
        self._edges = [0, start - SEAM, end + SEAM]
        self._handed: HandedSpans | None = None
        if not is_kept or start <= 2 * SEAM:
            return
        frames = max(source.info.frames, end)
        if end + SEAM >= frames:
            self._edges = [0, start - SEAM]
        ends = [*self._edges[1:], frames]
        sizes = tuple(b - a for a, b in zip(self._edges, ends, strict=True))
        self._handed = HandedSpans(receiver, SpanPlan(frames, source.info.sample_rate, sizes))
        self._handed.add(as_stereo(source.samples)[: start - SEAM])

    def add_rest(self, samples: Samples) -> None:
        """Hand over the span and what stays after it. samples: of the clip, (frames, 2)."""
        if self._handed is not None:
            for first, last in zip(self._edges[1:], [*self._edges[2:], None], strict=True):
                self._handed.add(samples[first:last])
