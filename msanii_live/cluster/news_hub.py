"""What all workers tell of their calls, in one place: the server asks once for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from msanii_live.cluster.calls import CallNews
from msanii_live.cluster.groups import in_group

POLL_INTERVAL = 0.1  # s between answers, unless a worker waits for one
HUB_GROUPS = {"tell": 1, "poll": 2}
MOST = 4096  # calls; more are of a server that does not ask any more


class NewsHub:
    """The news of calls by their number, until the server has them. Ray runs it as a process.

    For each worker to be asked by itself would cost the server and its connection a question a
    step and worker.
    """

    def __init__(self) -> None:
        """Begin without news."""
        self._changed = threading.Condition()
        self._news: dict[int, CallNews] = {}
        self._answered = 0.0

    @in_group("tell")
    def tell(self, number: int, news: CallNews) -> None:
        """Take the news of a call."""
        with self._changed:
            before = self._news.pop(number, None)
            self._news[number] = news if before is None else news.after(before)
            if len(self._news) > MOST:
                del self._news[next(iter(self._news))]
            self._changed.notify_all()

    @in_group("poll")
    def poll(self, wait: float) -> Sequence[tuple[int, CallNews]]:
        """Wait for news, and return them; at most ten times a second but for urgent ones.

        wait: s, after which none are returned.
        """
        until = time.monotonic() + wait
        with self._changed:
            self._changed.wait_for(lambda: self._news, until - time.monotonic())
            pause = min(until, self._answered + POLL_INTERVAL) - time.monotonic()
            self._changed.wait_for(self._is_urgent, max(0.0, pause))
            told, self._news, self._answered = self._news, {}, time.monotonic()
        return list(told.items())

    def _is_urgent(self) -> bool:
        return any(news.is_urgent for news in self._news.values())
