"""The handler of the command about workers."""

from __future__ import annotations

from msanii_live.protocol import replies
from msanii_live.protocol.commands import WorkerList
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable
from msanii_live.server.workers import WorkerView


class WorkerHandlers:
    """The command that lists what runs the engines."""

    def __init__(self, workers: WorkerView) -> None:
        """Take what knows the workers."""
        self._workers = workers

    def table(self) -> HandlerTable:
        """Return the handler of the command."""
        return {WorkerList: Handler(self._list)}

    def _list(self, command: WorkerList, call: Call) -> Answer:
        waiting = self._workers.waiting()
        return Answer(
            [
                replies.WORKER_ENTRY(
                    call.token, row.number, row.state, " ".join(row.process.engines),
                    row.process.device, row.process.host, row.process.memory_mb, row.job, waiting,
                )
                for row in self._workers.rows()
            ]
        )  # fmt: skip
