"""Handlers of the commands about jobs."""

from __future__ import annotations

from msanii_live.jobs.scheduler import Scheduler
from msanii_live.protocol import replies
from msanii_live.protocol.commands import JobCancel, JobList
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable
from msanii_live.server.job_tracker import JobTracker


class JobHandlers:
    """Commands that list and cancel jobs."""

    def __init__(self, scheduler: Scheduler, tracker: JobTracker) -> None:
        """Take the queue of jobs, and what knows whose they are."""
        self._scheduler = scheduler
        self._tracker = tracker

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {JobList: Handler(self._list), JobCancel: Handler(self._cancel)}

    def _list(self, command: JobList, call: Call) -> Answer:
        return Answer(
            [
                replies.JOB_ENTRY(
                    call.token, job.number, i, job.token, job.command.address, job.fraction
                )
                for i, job in enumerate(self._scheduler.jobs())
            ]
        )

    def _cancel(self, command: JobCancel, call: Call) -> Answer:
        jobs = self._tracker.select(command.job, call.source[0])
        return Answer(then=lambda: self._scheduler.cancel(jobs))
