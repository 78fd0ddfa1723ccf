"""Messages that wait for their time tag: one bounded heap."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

from msanii_live.errors import Code, CommandError
from msanii_live.osc.framing import Message
from msanii_live.osc.wire import Source

LIMIT = 4_096
FURTHEST = 60.0  # seconds ahead

Entry = tuple[float, int, Message, Source]


class Agenda:
    """Hold future messages in order of time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Take the wall clock that time tags refer to."""
        self._clock = clock
        self._heap: list[Entry] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._heap)

    def past(self, message: Message) -> float:
        """Return seconds since a message's time; negative for the future."""
        return self._clock() - (message.time_tag or 0.0)

    def add(self, message: Message, source: Source, lead: float = 0.0) -> None:
        """Keep a message until its time, or so many seconds before it.

        Raises: CommandError: ELATE beyond 60 s ahead, EBUSY when full.
        """
        assert message.time_tag is not None
        ahead = -self.past(message)
        if ahead > FURTHEST:
            raise CommandError(
                Code.ELATE, f"its time tag is {ahead:.0f} s ahead; at most {FURTHEST:.0f} s"
            )
        if len(self._heap) >= LIMIT:
            raise CommandError(Code.EBUSY, f"{LIMIT} messages wait for their time already")
        self._count += 1
        heapq.heappush(self._heap, (message.time_tag - lead, self._count, message, source))

    def next_in(self) -> float | None:
        """Return seconds until the first message is due, None where none waits."""
        return max(0.0, self._heap[0][0] - self._clock()) if self._heap else None

    def take_due(self) -> list[tuple[Message, Source]]:
        """Remove and return the messages whose time has come, in order."""
        due = []
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            _, _, message, source = heapq.heappop(self._heap)
            due.append((message, source))
        return due

    def clear(self) -> int:
        """Drop all; return how many there were."""
        count = len(self._heap)
        self._heap.clear()
        return count
