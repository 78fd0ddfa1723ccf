"""The queue of messages that wait for their OSC time tag."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

from msanii_live.errors import Code, CommandError
from msanii_live.osc.codec import Message
from msanii_live.osc.peer import Peer

MAX_MESSAGES = 4_096
MAX_SECONDS_AHEAD = 60.0
CLOCK_JUMP = 0.005  # seconds; a larger change of the offset means that the wall clock was set

Entry = tuple[Message, Peer, float]  # a message, its sender, and when it is due


class TimeTagQueue:
    """A bounded priority queue of future messages, ordered by due time.

    Time tags refer to the wall clock, which can be set. So a tag is converted to the monotonic
    clock once, when its message comes in, and all else uses that: setting the wall clock neither
    releases all messages at once nor delays them, nor moves their sound.
    """

    def __init__(
        self,
        wall_clock: Callable[[], float] = time.time,
        monotonic_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create an empty queue. Both clocks return seconds; time tags refer to the wall clock."""
        self._wall_clock = wall_clock
        self._monotonic_clock = monotonic_clock
        # Replaced only after a jump, so that messages with the same tag keep their order exactly.
        self._clock_offset = wall_clock() - monotonic_clock()
        self._heap: list[tuple[float, int, Entry]] = []
        self._sequence = 0  # breaks ties between messages that are due at the same time

    def __len__(self) -> int:
        """Return the number of messages that wait."""
        return len(self._heap)

    def due_time(self, message: Message) -> float:
        """Return when a message is due by its time tag, seconds of the monotonic clock."""
        offset = self._wall_clock() - self._monotonic_clock()
        if abs(offset - self._clock_offset) > CLOCK_JUMP:
            self._clock_offset = offset
        return (message.time_tag or 0.0) - self._clock_offset

    def seconds_late(self, due: float) -> float:
        """Return how long ago a message was due, in seconds; negative if it is due later."""
        return self._monotonic_clock() - due

    def add(self, message: Message, peer: Peer, due: float, lead: float = 0.0) -> None:
        """Queue a message until `lead` seconds before it is due.

        Raises: CommandError: ELATE if it is more than 60 s ahead; EBUSY if the queue is full.
        """
        seconds_ahead = -self.seconds_late(due)
        if seconds_ahead > MAX_SECONDS_AHEAD:
            raise CommandError(
                Code.ELATE,
                f"its time tag is {seconds_ahead:.0f} s ahead; at most {MAX_SECONDS_AHEAD:.0f} s",
            )
        if len(self._heap) >= MAX_MESSAGES:
            raise CommandError(Code.EBUSY, f"{MAX_MESSAGES} messages wait for their time already")
        self._sequence += 1
        heapq.heappush(self._heap, (due - lead, self._sequence, (message, peer, due)))

    def seconds_until_next(self) -> float | None:
        """Return the seconds until the first message is due, or None if the queue is empty."""
        return max(0.0, self._heap[0][0] - self._monotonic_clock()) if self._heap else None

    def pop_due(self) -> list[Entry]:
        """Remove and return the messages whose time or lead has come, in order."""
        due = []
        now = self._monotonic_clock()
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        return due

    def pop_all(self) -> list[Entry]:
        """Remove and return every message, in order."""
        entries = sorted(self._heap, key=lambda each: each[:2])
        self._heap.clear()
        return [entry for _, _, entry in entries]

    def clear(self) -> int:
        """Remove all messages and return how many there were."""
        count = len(self._heap)
        self._heap.clear()
        return count
