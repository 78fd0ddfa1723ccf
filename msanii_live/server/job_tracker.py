"""Jobs as clients see them: accepted, followed, answered exactly once, and again when resent."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from msanii_live.audio import is_clip_name
from msanii_live.audio.clip import is_stem_name
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.job import Failed, Finished, Job, clip_names
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.library.library import Library
from msanii_live.library.naming import check_name
from msanii_live.protocol import replies
from msanii_live.protocol.commands import (
    GenerationCommand,
    Interpolate,
    JobCommand,
    Transcribe,
)
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.protocol.request import Request
from msanii_live.server.changes import NotesChange, Replacement
from msanii_live.server.handler import Routes
from msanii_live.server.history import History

REMEMBERED = 60.0  # seconds that a resent message still means the job it made
MAX_REMEMBERED = 4_096


@dataclass(eq=False)
class TrackedJob:
    """A job, the client that asked for it, and the last reply that it was sent.

    command: as it was sent. routes: addresses to answer, as given by `Sessions.routes`. terminal:
    the one last reply.
    """

    job: Job
    command: JobCommand
    host: str
    token: str
    routes: Routes
    terminal: ReplyMessage | None = None
    ended_at: float = 0.0


@dataclass
class JobTracker:
    """The jobs of clients that have not ended, or ended less than a minute ago.

    send: called with a message and routes; returns False where the message cannot be encoded. All
    methods are for the event loop's thread.
    """

    scheduler: Scheduler
    library: Library
    registry: EngineRegistry
    send: Callable[[ReplyMessage, Routes], bool]
    history: History = field(default_factory=History)
    clock: Callable[[], float] = time.monotonic
    _by_number: dict[int, TrackedJob] = field(default_factory=dict)
    _by_token: OrderedDict[tuple[str, str, str], TrackedJob] = field(default_factory=OrderedDict)

    def accept(self, request: Request, host: str, routes: Routes) -> TrackedJob | None:
        """Queue a request, or answer for the job that the same token made before.

        A token means one job (protocol 1.1), so other arguments under it change nothing; the client
        is warned of them. Returns the new job, None if there was one. Raises: CommandError.
        """
        command = request.command
        assert isinstance(command, JobCommand)
        key = (host, request.token, command.address)
        if request.token and (earlier := self._remembered(key)):
            earlier.routes = routes
            if command != earlier.command:
                self.send(replies.WARN(command.address, _reused(request.token, earlier)), routes)
            self.send(earlier.terminal or self._queued(earlier), routes)
            return None
        self._check(command)
        if isinstance(command, Transcribe):
            clip = self.library.info("last").name if command.src == "last" else command.src
            settled: JobCommand = replace(command, src=clip)
        else:
            clip = command.clip or self.library.next_name(command.address.rsplit("/", 1)[1])
            settled = command
        job = self.scheduler.submit(settled, host, request.token, clip)
        tracked = TrackedJob(job, command, host, request.token, routes)
        self._by_number[job.number] = tracked
        if request.token:
            self._by_token[key] = tracked
            self._forget_old()
        self.send(self._queued(tracked), routes)
        return tracked

    def progressed(self, job: Job) -> TrackedJob | None:
        """Tell the client how far its job is. Returns the job."""
        tracked = self._by_number.get(job.number)
        if tracked is not None and tracked.terminal is None:
            self.send(
                replies.JOB_PROGRESS(tracked.token, job.number, job.step, job.steps, job.fraction),
                tracked.routes,
            )
        return tracked

    def _record_changes(self, tracked: TrackedJob, outcome: Finished) -> None:
        """Record what can be undone of a job."""
        for old in outcome.replaced:
            self.history.record(tracked.routes, Replacement(self.library, old))
        if outcome.notes_before is not None:
            change = NotesChange(
                self.library, outcome.info.name, outcome.notes_before, outcome.had_notes_file
            )
            self.history.record(tracked.routes, change)

    def ended(self, job: Job) -> TrackedJob | None:
        """Send the one terminal reply of a job. Returns the job."""
        tracked = self._by_number.pop(job.number, None)
        if tracked is None or tracked.terminal is not None:
            return None
        tracked.terminal = terminal_reply(job, tracked.token)
        if isinstance(job.outcome, Finished):
            self._record_changes(tracked, job.outcome)
        tracked.ended_at = self.clock()
        if not self.send(tracked.terminal, tracked.routes):
            tracked.terminal = replies.FAIL(
                job.command.address,
                tracked.token,
                job.number,
                Code.EINTERNAL,
                "the clip was made, but its reply cannot be encoded",
            )
            self.send(tracked.terminal, tracked.routes)
        return tracked

    def made(self, job: Job, name: str, path: Path) -> None:
        """Tell the client of one clip of a job that makes several."""
        if tracked := self._by_number.get(job.number):
            message = replies.JOB_CLIP(tracked.token, job.number, name, path.as_posix())
            self.send(message, tracked.routes)

    def warned(self, job: Job, text: str) -> None:
        """Pass a warning of a job on."""
        if tracked := self._by_number.get(job.number):
            self.send(replies.WARN(job.command.address, text), tracked.routes)

    def open_jobs(self, routes: Routes | None = None) -> set[int]:
        """Return the numbers of jobs not answered for; with routes, of those that share one."""
        return {
            number
            for number, tracked in self._by_number.items()
            if routes is None or not set(tracked.routes).isdisjoint(routes)
        }

    def select(self, which: str, host: str) -> list[Job]:
        """Return the open jobs that a number, a token of this host, or "all" means.

        Raises: CommandError: ERANGE, no such job is open.
        """
        tracked = list(self._by_number.values())
        if which == "all":
            return [tracked.job for tracked in tracked]
        own = [t.job for t in tracked if t.token == which and t.host == host]
        found = own or [t.job for t in tracked if str(t.job.number) == which]
        if not found:
            raise CommandError(Code.ERANGE, f"no job {which} runs or waits")
        return found

    def _remembered(self, key: tuple[str, str, str]) -> TrackedJob | None:
        now = self.clock()
        tracked = self._by_token.get(key)
        if tracked is not None and tracked.terminal and now - tracked.ended_at > REMEMBERED:
            del self._by_token[key]
            return None
        return tracked

    def _forget_old(self) -> None:
        """Forget the oldest jobs that ended long ago, or are too many."""
        while self._by_token:
            oldest = next(iter(self._by_token.values()))
            expired = oldest.terminal and self.clock() - oldest.ended_at > REMEMBERED
            if not expired and len(self._by_token) <= MAX_REMEMBERED:
                return
            self._by_token.popitem(last=False)

    def _queued(self, tracked: TrackedJob) -> ReplyMessage:
        job = tracked.job
        return replies.JOB_QUEUED(
            tracked.token,
            job.number,
            self.scheduler.position(job),
            len(self.scheduler.jobs()),
            self.scheduler.eta(job),
        )

    def _check(self, command: JobCommand) -> None:
        """Refuse at once what can be seen to fail, without touching disk or model."""
        if command.clip and not is_clip_name(command.clip):
            raise CommandError(
                Code.ERANGE,
                f"clip is {command.clip!r}: a name is 1 to 64 of A-Z a-z 0-9 _ . - and none of "
                "current, last, input, all, none",
            )
        if is_stem_name(command.clip) and command.clip not in self.library:
            check_name(command.clip)
        last = clip_names(command.clip or "clip", command.count)[-1]
        if not is_clip_name(last):
            raise CommandError(
                Code.ERANGE, f"clip is {command.clip!r}: {last!r} is too long a name"
            )
        if isinstance(command, GenerationCommand):
            self.registry.check_serving(command.engine, command.address)
        names = [getattr(command, "src", "")]
        if isinstance(command, Interpolate):
            names = [command.a, command.b]
        for name in names:
            if name and not self._may_exist(name):
                self.library.info(name)  # raises ENOCLIP with the nearest names

    def _may_exist(self, name: str) -> bool:
        if name in ("current", "last", "input") or not is_clip_name(name):
            return True  # only the worker can tell, when the job runs
        return name in self.library or self.scheduler.is_pending(name) or "." in name


def _reused(token: str, earlier: TrackedJob) -> str:
    return (
        f"id {token[:60]} is the token of job {earlier.job.number}, which had other arguments, so "
        f"this is the answer of that job: give each job an id of its own, or none; a token is free "
        f"again {REMEMBERED:g} s after its job has ended"
    )


def terminal_reply(job: Job, token: str) -> ReplyMessage:
    """Return the one reply that ends a job."""
    outcome = job.outcome
    if isinstance(outcome, Finished):
        info = outcome.info
        return replies.JOB_DONE(
            token,
            job.number,
            info.name,
            outcome.path.as_posix(),
            info.seconds,
            info.rate_on_disk,
            info.channels,
            info.seed,
            outcome.took,
        )
    if isinstance(outcome, Cancelled):
        return replies.JOB_CANCELLED(token, job.number, outcome.step)
    assert isinstance(outcome, Failed)
    return replies.FAIL(job.command.address, token, job.number, outcome.code, outcome.text)
