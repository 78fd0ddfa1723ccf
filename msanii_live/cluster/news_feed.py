"""The news of all calls, as the server gets them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from typing import Any

from msanii_live.cluster.calls import CallNews
from msanii_live.cluster.link import RayLink
from msanii_live.errors import CommandError
from msanii_live.jobs.task import SlotLost

POLL_SECONDS = 10.0  # that the hub waits for news
PAUSE = 0.5  # s until a hub that has ended is asked again: Ray starts it anew


class NewsBox:
    """The news of one call that its thread has not taken. ready: done once there are any."""

    def __init__(self) -> None:
        """Begin empty."""
        self.ready: Future[None] = Future()
        self._lock = threading.Lock()
        self._news: list[CallNews] = []

    def put(self, news: CallNews) -> None:
        """Add news."""
        with self._lock:
            self._news.append(news)
            with contextlib.suppress(InvalidStateError):  # it is done already
                self.ready.set_result(None)

    def take(self) -> Sequence[CallNews]:
        """Return what is there; `ready` is another one then."""
        with self._lock:
            taken, self._news, self.ready = self._news, [], Future()
        return taken


class NewsFeed:
    """The thread that asks a hub for news until its connection is lost, and hands them out."""

    def __init__(self, link: RayLink, hub: Any) -> None:
        """Begin to ask. hub: Ray's handle of a `NewsHub`."""
        self._link = link
        self._hub = hub
        self._boxes: dict[int, NewsBox] = {}
        threading.Thread(target=self._ask, name="news of workers", daemon=True).start()

    @contextlib.contextmanager
    def listening(self, number: int) -> Iterator[NewsBox]:
        """Give the box of a call that has not begun, for as long as it is watched."""
        box = self._boxes[number] = NewsBox()
        try:
            yield box
        finally:
            del self._boxes[number]

    def _ask(self) -> None:
        while not self._link.lost.done():
            try:
                polled = self._link.call(self._hub, "poll", POLL_SECONDS)
                wait([polled, self._link.lost], return_when=FIRST_COMPLETED)
                if self._link.lost.done():
                    return
                for number, news in self._link.result(polled):
                    if (box := self._boxes.get(number)) is not None:
                        box.put(news)
            except CommandError:
                return  # the connection is lost
            except SlotLost:
                wait([self._link.lost], PAUSE)
