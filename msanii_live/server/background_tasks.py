"""What is done beside the event loop, and who waits for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from msanii_live.errors import Code, CommandError
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.job_tracker import Routes

WAITING = 1_024  # errands, and syncs, that wait at most

Errand = Future[list[ReplyMessage]]


class OpenJobs(Protocol):
    """Tell which jobs are under way: of some routes, or all."""

    def __call__(self, routes: Routes | None = None) -> set[int]:
        """Return the jobs' numbers."""


class BackgroundTasks:
    """Run calls in order of arrival on a thread of their own, and answer syncs.

    A sync is answered once all has ended whose replies go where its own go: that is one client.
    """

    def __init__(
        self,
        open_jobs: OpenJobs,
        send: Callable[[ReplyMessage, Routes], None],
        later: Callable[[Callable[[], object]], None],
    ) -> None:
        """Take how to look for jobs and to send, and how to call on the event loop."""
        self._open_jobs = open_jobs
        self._send = send
        self._later = later
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._running: dict[Errand, Routes] = {}
        self._syncs: list[tuple[set[int], set[Errand], str, Routes]] = []

    def run(
        self,
        call: Callable[[], list[ReplyMessage]],
        routes: Routes,
        finish: Callable[[BaseException | None, list[ReplyMessage]], None],
        elsewhere: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """Run a call off the event loop.

        finish: called on the event loop with what went wrong, if anything did, and the replies.
        elsewhere: hands the call to another thread. Raises: CommandError: EBUSY.
        """
        if len(self._running) >= WAITING:
            raise CommandError(Code.EBUSY, f"{WAITING} commands wait for the disk already")
        errand: Errand = Future()

        def do() -> None:
            try:
                errand.set_result(call())
            except Exception as error:
                errand.set_exception(error)

        if elsewhere is not None:
            elsewhere(do)
        else:
            self._disk.submit(do)
        self._running[errand] = routes

        def end() -> None:
            self._running.pop(errand, None)
            error = errand.exception()
            finish(error, errand.result() if error is None else [])
            self.settle()

        errand.add_done_callback(lambda _: self._later(end))

    def sync(self, number: str, routes: Routes) -> None:
        """Answer once all that is under way for these routes has ended.

        Raises: CommandError: EBUSY.
        """
        if len(self._syncs) >= WAITING:
            raise CommandError(Code.EBUSY, f"{WAITING} syncs wait already")
        jobs = self._open_jobs(routes)
        errands = {e for e, others in self._running.items() if not set(others).isdisjoint(routes)}
        self._syncs.append((jobs, errands, number, routes))
        self.settle()

    def settle(self) -> None:
        """Answer the syncs that wait for nothing more."""
        waiting = []
        for jobs, errands, number, routes in self._syncs:
            if jobs & self._open_jobs() or errands & self._running.keys():
                waiting.append((jobs, errands, number, routes))
            else:
                self._send(replies.SYNCED(number), routes)
        self._syncs = waiting

    def close(self) -> None:
        """Begin no more."""
        self._disk.shutdown(wait=False, cancel_futures=True)
