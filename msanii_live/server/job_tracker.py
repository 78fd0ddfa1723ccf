"""Jobs as clients see them: accepted, followed, answered exactly once, and the same when resent."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from msanii_live.audio import is_clip_name
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.job import Failed, Finished, Job
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.library.library import Library
from msanii_live.osc.peer import Peer
from msanii_live.protocol import replies
from msanii_live.protocol.commands import GenerationCommand, Interpolate
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.protocol.request import Request

REMEMBERED = 60.0  # seconds that a resent message still means the job it made
REMEMBERED_LIMIT = 4_096

Routes = tuple[Peer, ...]


@dataclass(eq=False)
class TrackedJob:
    """Tie a job to the client that asked: where its replies go, and what it was last told.

    routes: addresses to answer, as given by `Sessions.routes`. terminal: the one last reply.
    """

    job: Job
    host: str
    token: str
    routes: Routes
    terminal: ReplyMessage | None = None
    ended_at: float = 0.0


@dataclass
class JobTracker:
    """Accept making commands and turn the outcomes of jobs into replies.

    send: called with (message, routes) on the event loop.
    """

    scheduler: Scheduler
    library: Library
    shelf: EngineRegistry
    send: Callable[[ReplyMessage, Routes], None]
    clock: Callable[[], float] = time.monotonic
    _tickets: dict[int, TrackedJob] = field(default_factory=dict)
    _by_token: OrderedDict[tuple[str, str, str], TrackedJob] = field(default_factory=OrderedDict)

    def accept(self, request: Request, host: str, routes: Routes) -> TrackedJob | None:
        """Queue a request, or answer for the job that the same request made before.

        Returns the new ticket, None for a resent message. Raises: CommandError.
        """
        command = request.command
        assert isinstance(command, GenerationCommand)
        key = (host, request.token, command.address)
        if request.token and (known := self._remembered(key)):
            known.routes = routes
            self.send(known.terminal or self._queued(known), routes)
            return None
        self._check(command)
        clip = command.clip or self.library.next_name(command.address.rsplit("/", 1)[1])
        job = self.scheduler.submit(command, host, request.token, clip)
        ticket = TrackedJob(job, host, request.token, routes)
        self._tickets[job.number] = ticket
        if request.token:
            self._by_token[key] = ticket
            self._forget_old()
        self.send(self._queued(ticket), routes)
        return ticket

    def progressed(self, job: Job) -> TrackedJob | None:
        """Tell the client how far its job is. Returns the ticket."""
        ticket = self._tickets.get(job.number)
        if ticket is not None and ticket.terminal is None:
            self.send(
                replies.JOB_PROGRESS(ticket.token, job.number, job.step, job.steps, job.fraction),
                ticket.routes,
            )
        return ticket

    def ended(self, job: Job) -> TrackedJob | None:
        """Send the one terminal reply of a job. Returns the ticket."""
        ticket = self._tickets.pop(job.number, None)
        if ticket is None or ticket.terminal is not None:
            return None
        ticket.terminal = terminal_reply(job, ticket.token)
        ticket.ended_at = self.clock()
        self.send(ticket.terminal, ticket.routes)
        return ticket

    def warned(self, job: Job, text: str) -> None:
        """Pass a warning of a job on."""
        if ticket := self._tickets.get(job.number):
            self.send(replies.WARN(job.command.address, text), ticket.routes)

    def open_jobs(self, routes: Routes | None = None) -> set[int]:
        """Return the numbers of jobs not answered for; with routes, of those that share one."""
        return {
            number
            for number, ticket in self._tickets.items()
            if routes is None or not set(ticket.routes).isdisjoint(routes)
        }

    def select(self, which: str, host: str) -> list[Job]:
        """Return the open jobs that a number, a token of this host, or "all" means.

        Raises: CommandError: ERANGE, no such job is open.
        """
        tickets = list(self._tickets.values())
        if which == "all":
            return [ticket.job for ticket in tickets]
        own = [t.job for t in tickets if t.token == which and t.host == host]
        found = own or [t.job for t in tickets if str(t.job.number) == which]
        if not found:
            raise CommandError(Code.ERANGE, f"no job {which} runs or waits")
        return found

    def _remembered(self, key: tuple[str, str, str]) -> TrackedJob | None:
        now = self.clock()
        ticket = self._by_token.get(key)
        if ticket is not None and ticket.terminal and now - ticket.ended_at > REMEMBERED:
            del self._by_token[key]
            return None
        return ticket

    def _forget_old(self) -> None:
        """Drop the oldest tickets that are past their time, or too many."""
        while self._by_token:
            oldest = next(iter(self._by_token.values()))
            expired = oldest.terminal and self.clock() - oldest.ended_at > REMEMBERED
            if not expired and len(self._by_token) <= REMEMBERED_LIMIT:
                return
            self._by_token.popitem(last=False)

    def _queued(self, ticket: TrackedJob) -> ReplyMessage:
        job = ticket.job
        return replies.JOB_QUEUED(
            ticket.token,
            job.number,
            self.scheduler.position(job),
            len(self.scheduler.jobs()),
            self.scheduler.eta(job),
        )

    def _check(self, command: GenerationCommand) -> None:
        """Refuse at once what can be seen to fail, without touching disk or model."""
        if command.clip and not is_clip_name(command.clip):
            raise CommandError(
                Code.ERANGE,
                f"clip is {command.clip!r}: a name is 1 to 64 of A-Z a-z 0-9 _ . - and none of "
                "current, last, input, all, none",
            )
        capabilities = self.shelf.serving(command.engine, command.address).capabilities
        if command.address not in capabilities.verbs:
            raise CommandError(Code.EENGINE, f"the engine cannot {command.address}")
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
            info.sample_rate,
            info.channels,
            info.seed,
            outcome.took,
        )
    if isinstance(outcome, Cancelled):
        return replies.JOB_CANCELLED(token, job.number, outcome.step)
    assert isinstance(outcome, Failed)
    return replies.FAIL(job.command.address, token, job.number, outcome.code, outcome.text)
