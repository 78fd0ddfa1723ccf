"""The spans of a clip that a worker makes, on their way to what plays them."""

from __future__ import annotations

from msanii_live.audio import Clip
from msanii_live.cluster.calls import CallNews
from msanii_live.engines.spans import NoReceiver, SpanReceiver


class ReceivedSpans:
    """What gives a receiver the spans of a worker's clip in their order, each once.

    is_wanted: whether anybody receives them.
    """

    def __init__(self, receiver: SpanReceiver) -> None:
        """Take who receives them."""
        self.is_wanted = not isinstance(receiver, NoReceiver)
        self._receiver = receiver
        self._is_begun = False
        self._frames = 0

    def take(self, news: CallNews) -> None:
        """Give what is new; after a span that is missing, nothing until the whole clip."""
        if news.plan is not None:
            self._is_begun, self._frames = True, 0
            self._receiver.begin(news.plan)
        for span in news.spans:
            if self._is_begun and span.start == self._frames:
                self._frames += len(span.samples)
                self._receiver.take(span.samples)

    def complete(self, clip: Clip) -> None:
        """Give what is missing from the whole clip, which is what its spans are together."""
        if self._is_begun and self._frames < len(clip.samples):
            self._receiver.take(clip.samples[self._frames :])
            self._frames = len(clip.samples)
