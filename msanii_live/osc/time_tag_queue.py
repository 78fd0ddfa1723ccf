"""Messages that wait for their time tag: one bounded heap."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

from msanii_live.errors import Code, CommandError
from msanii_live.osc.codec import Message
from msanii_live.osc.peer import Peer

LIMIT = 4_096
FURTHEST = 60.0  # seconds ahead
JUMP = 0.005  # seconds: the two clocks part by less between two readings, unless one is set

Entry = tuple[float, int, Message, Peer]


class TimeTagQueue:
    """Hold future messages in order of time.

    Time tags speak of the wall clock, which can be set; the waiting is done on the steady one, so
    that what waits neither all runs at once nor waits for an hour when the wall clock is moved.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the clock that time tags refer to, and one that only ever goes on."""
        self._wall = wall
        self._steady = steady
        # Measured anew only after a jump: messages with one tag keep their order to the bit.
        self._offset = wall() - steady()
        self._heap: list[Entry] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._heap)

    def seconds_late(self, message: Message) -> float:
        """Return seconds since a message's time; negative for the future."""
        return self._steady() - self._due(message)

    def add(self, message: Message, source: Peer, lead: float = 0.0) -> None:
        """Keep a message until its time, or so many seconds before it.

        Raises: CommandError: ELATE beyond 60 s ahead, EBUSY when full.
        """
        ahead = -self.seconds_late(message)
        if ahead > FURTHEST:
            raise CommandError(
                Code.ELATE, f"its time tag is {ahead:.0f} s ahead; at most {FURTHEST:.0f} s"
            )
        if len(self._heap) >= LIMIT:
            raise CommandError(Code.EBUSY, f"{LIMIT} messages wait for their time already")
        self._count += 1
        due = self._due(message) - lead
        heapq.heappush(self._heap, (due, self._count, message, source))

    def seconds_until_next(self) -> float | None:
        """Return seconds until the first message is due, None where none waits."""
        return max(0.0, self._heap[0][0] - self._steady()) if self._heap else None

    def pop_due(self) -> list[tuple[Message, Peer]]:
        """Remove and return the messages whose time has come, in order."""
        due = []
        now = self._steady()
        while self._heap and self._heap[0][0] <= now:
            _, _, message, source = heapq.heappop(self._heap)
            due.append((message, source))
        return due

    def clear(self) -> int:
        """Drop all; return how many there were."""
        count = len(self._heap)
        self._heap.clear()
        return count

    def _due(self, message: Message) -> float:
        """Return a message's time on the steady clock."""
        offset = self._wall() - self._steady()
        if abs(offset - self._offset) > JUMP:
            self._offset = offset
        return (message.time_tag or 0.0) - self._offset
