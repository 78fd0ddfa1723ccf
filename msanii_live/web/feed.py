"""Send the page what has changed, at most ten times a second, and never more than it reads.

Each section of the page is written as JSON once, whoever watches, and goes only to those who were
not told the same before. A page that is behind is told the newest state once it has caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

TICK = 0.1  # s
SLOW = 5  # ticks from one look at the sections that change now and then to the next
FIRST_LINES = 100  # of the log, for a page that has just come
LINES = 20  # of the log a tick: 200 a second, whatever comes in

Post = Callable[[str], bool]

log = logging.getLogger("msanii_live.monitor")


class Source(Protocol):
    """Supply the sections; see `view.View`."""

    def quick(self) -> dict[str, object]:
        """Return the sections that move."""

    def slow(self) -> dict[str, object]:
        """Return the sections that change now and then."""

    def log(self, since: int, most: int) -> dict[str, object]:
        """Return lines of the log."""

    def events(self, since: int, most: int) -> list[list[object]]:
        """Return replies that were news."""

    @property
    def log_written(self) -> int:
        """Lines of the log that there ever were."""

    @property
    def events_told(self) -> int:
        """Replies that were news, ever."""


@dataclass(eq=False)
class _Viewer:
    """Hold what a page has been told. post: takes a text, False where the page is behind."""

    post: Post
    lines: int
    events: int
    is_new: bool = True
    told: dict[str, str] = field(default_factory=dict)


class Feed:
    """Watch a server for those who watch it. Everything here runs on the event loop."""

    def __init__(self, source: Source) -> None:
        """Take what is watched; nothing is looked at before somebody joins."""
        self._source = source
        self._viewers: set[_Viewer] = set()
        self._texts: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, post: Post) -> Callable[[], None]:
        """Begin to tell a page; return what ends it. post: takes JSON, False where it is behind."""
        first = max(0, self._source.log_written - FIRST_LINES)
        viewer = _Viewer(post, first, self._source.events_told)
        self._viewers.add(viewer)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return lambda: self._viewers.discard(viewer)

    async def close(self) -> None:
        """Tell nobody any more."""
        self._viewers.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        turn = 0
        while self._viewers:
            try:
                self._look(turn)
                for viewer in list(self._viewers):
                    self._tell(viewer)
            except Exception:  # the page must not end the server, nor end itself
                log.exception("the page could not be told")
                await asyncio.sleep(1.0)
            turn += 1
            await asyncio.sleep(TICK)

    def _look(self, turn: int) -> None:
        sections = self._source.quick()
        if turn % SLOW == 0:
            sections |= self._source.slow()
        self._texts |= {name: _json(section) for name, section in sections.items()}

    def _tell(self, viewer: _Viewer) -> None:
        """Send a page what it does not know yet; what it does not take now it is sent later."""
        source = self._source
        news = {n: text for n, text in self._texts.items() if viewer.told.get(n) != text}
        lines, events = source.log_written, source.events_told
        extra = {}
        if lines != viewer.lines:
            extra["log"] = _json(source.log(viewer.lines, FIRST_LINES if viewer.is_new else LINES))
        if events != viewer.events:
            extra["events"] = _json(source.events(viewer.events, LINES))
        parts = [f'"{name}":{text}' for name, text in {**news, **extra}.items()]
        if parts and viewer.post("{" + ",".join(parts) + "}"):
            viewer.told |= news
            viewer.lines, viewer.events, viewer.is_new = lines, events, False


def _json(section: object) -> str:
    return json.dumps(section, separators=(",", ":"))
