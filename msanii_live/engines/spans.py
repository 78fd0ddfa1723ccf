"""The audio of a clip on its way from the engine to the player, span by span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from msanii_live.audio import Samples
from msanii_live.errors import Code, CommandError

FIRST_SECONDS = 1.0  # of the first span, which is heard soonest; each later one is longer
LONGEST_SECONDS = 8.0


@dataclass(frozen=True)
class SpanPlan:
    """The spans in which a clip will be handed over.

    frames: of the whole clip. sample_rate: Hz. spans: frames of each span, about; their sum is
    `frames`. is_loop: its end continues into its start, and is not faded.
    """

    frames: int
    sample_rate: int
    spans: tuple[int, ...]
    is_loop: bool = False


class SpanReceiver(Protocol):
    """What takes the audio of a clip while it is made. The engine's thread calls it."""

    def begin(self, plan: SpanPlan) -> None:
        """Receive what is to come, before the work on it begins."""

    def take(self, samples: Samples) -> None:
        """Receive the next samples, which will not change: float32, (frames, channels)."""


class NoReceiver:
    """The receiver of a clip that nobody plays before it is whole."""

    def begin(self, plan: SpanPlan) -> None:
        """Do nothing."""

    def take(self, samples: Samples) -> None:
        """Do nothing."""


class SpanReceivers:
    """Several receivers of one clip."""

    def __init__(self, receivers: Sequence[SpanReceiver]) -> None:
        """Take the receivers, who get each span in this order."""
        self._receivers = receivers

    def begin(self, plan: SpanPlan) -> None:
        """Tell each what is to come."""
        for receiver in self._receivers:
            receiver.begin(plan)

    def take(self, samples: Samples) -> None:
        """Give each the next samples."""
        for receiver in self._receivers:
            receiver.take(samples)


class HandedSpans:
    """A clip that is handed over while it is made. The clip is exactly what was handed over."""

    def __init__(self, receiver: SpanReceiver, plan: SpanPlan) -> None:
        """Take who receives it, and tell what is to come."""
        self._receiver, self._plan = receiver, plan
        self._spans: list[Samples] = []
        receiver.begin(plan)

    def add(self, samples: Samples) -> None:
        """Hand the next samples over; they must not be changed after that.

        Raises: CommandError: EINTERNAL, the samples are not finite.
        """
        if not np.isfinite(samples).all():
            raise CommandError(Code.EINTERNAL, "the model returned values that are not finite")
        if len(samples):
            self._spans.append(samples)
            self._receiver.take(samples)

    def whole(self) -> Samples:
        """Return all samples, (frames, channels)."""
        return np.concatenate(self._spans)


def span_edges(parts: Sequence[int], sample_rate: int) -> list[int]:
    """Return where spans end, frames: short ones first, so that the first is there soon.

    parts: frames at which parts of the clip end that can be made one after another; a span lies
    within one part. The last is the length of the clip.
    """
    edges: list[int] = []
    begin, size = 0, FIRST_SECONDS
    for end in parts:
        while begin < end:
            wanted = round(size * sample_rate)
            # What would be left over is not worth a span of its own.
            stop = begin + wanted if end - begin > 1.7 * wanted else end
            edges.append(stop)
            begin, size = stop, min(3 * size, LONGEST_SECONDS)
    return edges


def span_edges_with_context(frames: int, sample_rate: int, context: int) -> list[int]:
    """Return where the spans of a clip end, frames; one span where more would not come sooner.

    context: frames that are vocoded with each span, and dropped.
    """
    edges = span_edges([frames], sample_rate)
    return edges if edges[0] + context < frames else [frames]
