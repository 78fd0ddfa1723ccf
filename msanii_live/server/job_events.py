"""What the worker's thread reports of jobs, passed on to the event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msanii_live.jobs.job import Job
from msanii_live.server.background_tasks import BackgroundTasks
from msanii_live.server.job_tracker import JobTracker
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.sessions import Sessions

TOPIC = "jobs"


class JobEvents:
    """The scheduler's listener; see `jobs.scheduler.JobListener`. `connect` it before any job."""

    def __init__(self, on_loop: Callable[[Callable[[], object]], None]) -> None:
        """Take the way onto the event loop."""
        self._on_loop = on_loop

    def connect(
        self, tracker: JobTracker, tasks: BackgroundTasks, sender: ReplySender, sessions: Sessions
    ) -> None:
        """Set who answers clients, who waits for jobs, and who is sent copies."""
        self._tracker = tracker
        self._tasks = tasks
        self._sender = sender
        self._sessions = sessions

    def progressed(self, job: Job) -> None:
        """Report progress to the client."""
        self._on_loop(lambda: self._tracker.progressed(job))

    def made(self, job: Job, name: str, path: Path) -> None:
        """Tell the client of one clip of several."""
        self._on_loop(lambda: self._tracker.made(job, name, path))

    def warned(self, job: Job, text: str) -> None:
        """Pass a warning on to the client."""
        self._on_loop(lambda: self._tracker.warned(job, text))

    def ended(self, job: Job) -> None:
        """Answer the client, the subscribers of topic `jobs`, and the syncs that waited."""
        self._on_loop(lambda: self._end(job))

    def _end(self, job: Job) -> None:
        tracked = self._tracker.ended(job)
        if tracked is not None and tracked.terminal is not None:
            others = set(self._sessions.subscribers(TOPIC)) - set(tracked.routes)
            if others:
                packet = self._sender.encode(tracked.terminal)
                self._sender.send_quietly(tracked.terminal, packet, tuple(others))
        self._tasks.settle()
