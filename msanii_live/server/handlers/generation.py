"""Handlers of the commands that make a clip: each becomes a job."""

from __future__ import annotations

from msanii_live.protocol.commands import COMMANDS, JobCommand
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable
from msanii_live.server.job_tracker import JobTracker


class GenerationHandlers:
    """Commands that make a clip, handed to the job tracker."""

    def __init__(self, tracker: JobTracker) -> None:
        """Take what accepts jobs and answers for them."""
        self._tracker = tracker

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {c: Handler(self._accept) for c in COMMANDS if issubclass(c, JobCommand)}

    def _accept(self, command: JobCommand, call: Call) -> Answer:
        self._tracker.accept(call.request, call.source[0], call.routes)
        return Answer(is_complete=False)
