"""Messages with a time tag: kept until they are due, then delivered on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msanii_live.errors import Code, CommandError
from msanii_live.osc.codec import Message
from msanii_live.osc.peer import Peer
from msanii_live.osc.time_tag_queue import TimeTagQueue

LEAD = 0.35  # s before its time at which a command of sound is run: more than a device's latency
_CLOCKS_APART = 0.0005  # s that the system's clock and the timeline may drift apart uncorrected

Deliver = Callable[[Message, Peer, float], None]


class ScheduledMessages:
    """A queue of messages that wait for their time tags. All methods are for the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the event loop; see `connect`."""
        self._loop = loop
        self._queue = TimeTagQueue()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._deliver: Deliver = lambda message, source, due: None

    def connect(self, deliver: Deliver) -> None:
        """Set what messages are delivered to: called with each, its sender and its due time."""
        self._deliver = deliver

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._queue)

    def due_time(self, message: Message) -> float:
        """Return when a message is due by its time tag, seconds of the monotonic clock."""
        return self._queue.due_time(message)

    def seconds_late(self, due: float) -> float:
        """Return how many seconds ago a message was due; negative if it is due later."""
        return self._queue.seconds_late(due)

    def add(self, message: Message, source: Peer, due: float, lead: float = 0.0) -> None:
        """Keep a message until `lead` seconds before it is due.

        Raises: CommandError: ELATE, it is too far ahead; EBUSY, too many wait or the queue is
        closed.
        """
        if self._is_closed:
            raise CommandError(Code.EBUSY, "the server is shutting down")
        self._queue.add(message, source, due, lead)
        self._set_timer()

    def clear(self) -> None:
        """Drop all that wait."""
        self._queue.clear()
        self._set_timer()

    def close(self) -> list[tuple[Message, Peer]]:
        """Deliver and keep nothing more; return the messages that waited."""
        self._is_closed = True
        waiting = [(message, source) for message, source, _ in self._queue.pop_all()]
        self._set_timer()
        return waiting

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = self._queue.seconds_until_next()
        self._timer = None if delay is None else self._loop.call_later(delay, self._run_due)

    def _run_due(self) -> None:
        try:
            for message, source, due in self._queue.pop_due():
                self._deliver(message, source, due)
        finally:
            self._set_timer()


class TimelineClock:
    """A converter of seconds of the monotonic clock to seconds of the player's timeline."""

    def __init__(
        self, timeline: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what returns the present second of the timeline, and of the monotonic clock."""
        self._timeline = timeline
        self._clock = clock
        self._offset = 0.0  # s from the monotonic clock to the timeline

    def second_of(self, due: float | None) -> float | None:
        """Return the second of the timeline for a time to come; None for one that is past.

        due: seconds of the monotonic clock; None for a message without a time tag.
        """
        now = self._clock()
        if due is None or due <= now:
            return None
        offset = self._timeline() - now
        # Kept while it is right, so that tags lie as far apart on the timeline as they say.
        if abs(offset - self._offset) > _CLOCKS_APART:
            self._offset = offset
        return due + self._offset
