"""The thread that reports clips, so that the slots which made them go on at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.task import Result, TaskHandle

MOST = 8  # clips that wait; a slot with another waits itself, so that memory stays bounded

Report = Callable[[TaskHandle, Result | CommandError | Cancelled], object]


class EndReporter:
    """A queue of tasks that have ended, and a thread that reports one after the other."""

    def __init__(self, report: Report) -> None:
        """Take what reports an end, which raises nothing."""
        self._report = report
        self._ended: queue.Queue[tuple[TaskHandle, Result | CommandError | Cancelled] | None]
        self._ended = queue.Queue(MOST)
        self._thread = threading.Thread(target=self._work, name="end reporter", daemon=True)
        self._thread.start()

    def put(self, handle: TaskHandle, result: Result | CommandError | Cancelled) -> None:
        """Have an end reported soon."""
        self._ended.put((handle, result))

    def close(self, timeout: float) -> None:
        """Report what is left, in `timeout` s, and end the thread."""
        try:
            self._ended.put(None, timeout=timeout)
        except queue.Full:
            return
        self._thread.join(timeout)

    def _work(self) -> None:
        while (ended := self._ended.get()) is not None:
            self._report(*ended)
