"""State updates for the page: only what has changed, at most ten times a second.

Each section of the state is encoded as JSON once for all subscribers, and sent only to those that
did not get the same value before. A subscriber that does not keep up gets the newest state once it
has caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

UPDATE_INTERVAL = 0.1  # seconds
SLOW_EVERY = 5  # updates from one reading of the slow sections to the next
INITIAL_LINES = 100  # of the message log, for a page that has just opened
MAX_LINES = 20  # of the message log in one update: 200 a second, however many messages come in
RETRY_DELAY = 1.0  # seconds after an update that failed

Send = Callable[[str], bool]

log = logging.getLogger("msanii_live.monitor")


class SectionSource(Protocol):
    """The sections of the state, ready for JSON."""

    def fast_sections(self) -> dict[str, object]:
        """Return the sections that change all the time."""

    def slow_sections(self) -> dict[str, object]:
        """Return the sections that change now and then."""

    def log_lines(self, since: int, limit: int) -> dict[str, object]:
        """Return the newest `limit` lines of the message log after the first `since`."""

    def events(self, since: int, limit: int) -> list[list[object]]:
        """Return the newest `limit` events after the first `since`."""

    @property
    def log_count(self) -> int:
        """The number of lines that were ever logged."""

    @property
    def event_count(self) -> int:
        """The number of events that there ever were."""


@dataclass(eq=False)
class _Subscriber:
    """One page, and what it was sent.

    send: sends a text and returns True, or returns False if the page is behind. lines, events: how
    many of each it has. sent: the last value of each section, as JSON.
    """

    send: Send
    lines: int
    events: int
    is_new: bool = True
    sent: dict[str, str] = field(default_factory=dict)


class Feed:
    """A publisher of state updates. All methods are for the event loop's own thread."""

    def __init__(self, source: SectionSource) -> None:
        """Store the source. It is not read while nobody subscribes."""
        self._source = source
        self._subscribers: set[_Subscriber] = set()
        self._sections: dict[str, str] = {}  # the current values, as JSON
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, send: Send) -> Callable[[], None]:
        """Start to send updates to a page. Return the function that ends the subscription.

        send: sends a JSON text and returns True, or returns False if the page is behind.
        """
        first_line = max(0, self._source.log_count - INITIAL_LINES)
        subscriber = _Subscriber(send, first_line, self._source.event_count)
        self._subscribers.add(subscriber)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return lambda: self._subscribers.discard(subscriber)

    def share(self, name: str, value: object) -> None:
        """Set a section that pages tell each other of, sent to all that come and are there."""
        self._sections[name] = _to_json(value)

    async def close(self) -> None:
        """End all subscriptions."""
        self._subscribers.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        update = 0
        while self._subscribers:
            try:
                self._read_sections(update)
                for subscriber in list(self._subscribers):
                    self._send_changes(subscriber)
            except Exception:  # a failure here must end neither the server nor the updates
                log.exception("the page could not be updated")
                await asyncio.sleep(RETRY_DELAY)
            update += 1
            await asyncio.sleep(UPDATE_INTERVAL)

    def _read_sections(self, update: int) -> None:
        sections = self._source.fast_sections()
        if update % SLOW_EVERY == 0:
            sections |= self._source.slow_sections()
        self._sections |= {name: _to_json(section) for name, section in sections.items()}

    def _send_changes(self, subscriber: _Subscriber) -> None:
        """Send a page what has changed for it. What it cannot take now is sent later."""
        source = self._source
        changed = {
            name: text for name, text in self._sections.items() if subscriber.sent.get(name) != text
        }
        lines, events = source.log_count, source.event_count
        new = {}
        if lines != subscriber.lines:
            limit = INITIAL_LINES if subscriber.is_new else MAX_LINES
            new["log"] = _to_json(source.log_lines(subscriber.lines, limit))
        if events != subscriber.events:
            new["events"] = _to_json(source.events(subscriber.events, MAX_LINES))
        parts = [f'"{name}":{text}' for name, text in {**changed, **new}.items()]
        if parts and subscriber.send("{" + ",".join(parts) + "}"):
            subscriber.sent |= changed
            subscriber.lines, subscriber.events, subscriber.is_new = lines, events, False


def _to_json(section: object) -> str:
    return json.dumps(section, separators=(",", ":"))
