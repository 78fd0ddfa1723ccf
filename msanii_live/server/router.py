"""From message to command to answer: the one place where OSC meets the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from msanii_live.errors import Code, CommandError, MsaniiError
from msanii_live.jobs.job import Job
from msanii_live.jobs.runner import Services
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.osc.codec import Message
from msanii_live.osc.peer import Connection, Peer, format_peer, is_loopback
from msanii_live.osc.time_tag_queue import TimeTagQueue
from msanii_live.osc.transports import Transports
from msanii_live.protocol import commands, replies
from msanii_live.protocol.address_pattern import is_pattern
from msanii_live.protocol.commands import GenerationCommand
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.protocol.request import (
    Request,
    matching_commands,
    parse_request,
    peek_reply_port,
    peek_token,
)
from msanii_live.server import answers
from msanii_live.server.background_tasks import BackgroundTasks
from msanii_live.server.job_tracker import JobTracker, Routes
from msanii_live.server.message_log import LogEntry, MessageLog, clipped
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.sessions import Sessions, listening
from msanii_live.server.sounding import EARLY, LEAD, Sounding

log = logging.getLogger("msanii_live.osc")

LATE = 0.1  # seconds past its time tag beyond which a message is reported as late
ADDRESS_BYTES = 256  # of a failed command's address, so that its failure fits a packet
REPLY_ADDRESSES = frozenset(r.address for r in replies.REPLIES) - set(commands.BY_ADDRESS)


class Router:
    """Run commands and send replies. Everything here runs on the event loop."""

    def __init__(
        self,
        workshop: Services,
        on_quit: Callable[[], None],
        state: Callable[[], str],
        doors: Callable[[], Transports],
    ) -> None:
        """Take what commands work on, and how to end, name the state and reach the transports."""
        self.workshop = workshop
        self.sessions = Sessions()
        self.outbox = ReplySender(self.sessions, doors)
        self.journal = MessageLog(self._tell_line)
        self.agenda = TimeTagQueue()
        self.scheduler = Scheduler(workshop, self)
        self.desk = JobTracker(self.scheduler, workshop.library, workshop.shelf, self.send)
        self.sounding = Sounding(self)
        self.state = state
        self.on_quit = on_quit
        self.counters = {"late": 0, "ignored_replies": 0, "failed_commands": 0}
        self.watch: Callable[[ReplyMessage], None] = lambda message: None
        self._doors = doors
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.errands = BackgroundTasks(self.desk.open_jobs, self.send, self._later)

    # -- in ------------------------------------------------------------------------------------

    def noticed(self, size: int, source: Peer, dropped: str) -> None:
        """Hear of every packet: its bytes, and why it was dropped, "" if it was not."""
        if dropped:
            self.journal.note_drop(size, source, dropped)
        else:
            self.outbox.heard(size, source)

    def gone(self, stream: Connection) -> None:
        """Hear that a connection has closed. Its jobs go on; a resent message finds them."""
        self.sessions.remove(stream)
        self.journal.ignore(stream)

    def receive(self, messages: tuple[Message, ...], source: Peer) -> None:
        """Take the messages of one packet; those for later go to the agenda."""
        self.sessions.touch(source)
        self.journal.touch(source)
        for message in messages:
            if message.time_tag is None:
                self._handle(message, source)
                continue
            past = self.agenda.seconds_late(message)
            if past < 0:
                try:
                    lead = LEAD if message.address in EARLY else 0.0
                    self.agenda.add(message, source, lead)
                    self.journal.note(source, message.address, message.args, f"in {-past:.3f} s")
                except CommandError as error:
                    self._refuse(message, source, error)
                self._set_timer()
                continue
            if past > LATE:
                self.counters["late"] += 1
                self.send(replies.LATE(message.address, past), self.sessions.routes(source, 0))
            self._handle(message, source)

    def all_counters(self) -> dict[str, int]:
        """Return what has been counted, here and by the transports."""
        unearned = {"unearned": self.outbox.unearned}
        return {**self.counters, **unearned, **self._doors().counters}

    def close(self) -> None:
        """Stop timers and the thread of errands."""
        if self._timer:
            self._timer.cancel()
        self.errands.close()

    def send(self, message: ReplyMessage, routes: Routes) -> None:
        """Encode a message and send it to every route, and to those who listen to its address."""
        self.watch(message)
        self.outbox.post(message, routes)

    def tell(self, messages: list[ReplyMessage], routes: Routes, topic: str | None = "") -> None:
        """Send what happened by itself, from any thread.

        topic: also to those who asked for it; None is to all who are registered.
        """

        def send() -> None:
            others = self.sessions.everyone() if topic is None else ()
            others = self.sessions.subscribers(topic) if topic else others
            for message in messages:
                self.send(message, tuple(dict.fromkeys((*routes, *others))))

        self._later(send)

    def _handle(self, message: Message, source: Peer) -> None:
        if message.address in REPLY_ADDRESSES:  # answering a reply could go on for ever
            self.counters["ignored_replies"] += 1
            self.journal.note(source, message.address, message.args, "ignored: it is a reply")
            return
        try:
            if is_pattern(message.address):
                for address in matching_commands(message.address):
                    self._handle(replace(message, address=address), source)
                return
            request = parse_request(message.address, message.args)
        except CommandError as error:
            self._refuse(message, source, error)
            return
        routes = self.sessions.routes(source, request.reply_port)
        log.debug("%s %s %s", format_peer(source), message.address, message.args)
        self.journal.note(source, message.address, message.args, "ok")
        for key in request.unknown:
            self.send(replies.WARN(message.address, f"unknown key {key} was ignored"), routes)
        try:
            self._run(request, source, routes, message)
        except CommandError as error:
            self.fail(request, routes, error)

    def _refuse(self, message: Message, source: Peer, error: CommandError) -> None:
        self.counters["failed_commands"] += 1
        token = peek_token(message.args, message.address)
        log.info("%s refused: %s %s", message.address, error.code, error.text)
        self.journal.note(source, message.address, message.args, f"{error.code} {error.text}")
        routes = self.sessions.routes(source, peek_reply_port(message.args, message.address))
        address = clipped(message.address, ADDRESS_BYTES)
        self.send(replies.FAIL(address, token, -1, error.code, error.text), routes)

    def fail(self, request: Request, routes: Routes, error: CommandError) -> None:
        """Answer a command that made no job with its failure."""
        self.counters["failed_commands"] += 1
        address = request.command.address
        log.info("%s failed: %s %s", address, error.code, error.text)
        self.journal.note(routes[-1], address, (), f"{error.code} {error.text}")
        self.send(replies.FAIL(address, request.token, -1, error.code, error.text), routes)

    def done(self, request: Request, routes: Routes) -> None:
        """Answer a command that made no job and was carried out."""
        self.send(replies.DONE(request.command.address, request.token, -1), routes)

    # -- commands ------------------------------------------------------------------------------

    def _run(self, request: Request, source: Peer, routes: Routes, message: Message) -> None:
        command = request.command
        when = self.sounding.second_of(message.time_tag)
        if isinstance(command, GenerationCommand):
            self.desk.accept(request, source[0], routes)
        elif isinstance(command, commands.Sync):
            self.errands.sync(command.number, routes)
        elif isinstance(command, commands.Notify):
            if command.on:
                self.sessions.register(source, command.port, command.topics)
            else:
                self.sessions.remove(source, command.port)
            here = listening(source, command.port)
            self.done(request, (here,) if not request.reply_port else routes)
        elif isinstance(command, commands.Dump):
            self._dump(command, request, routes)
        elif isinstance(command, commands.JobCancel):
            jobs = self.desk.select(command.job, source[0])
            self.done(request, routes)
            self.scheduler.cancel(jobs)
        elif isinstance(command, commands.ClearSched):
            self.agenda.clear()
            self.done(request, routes)
        elif isinstance(command, commands.Quit):
            if not is_loopback(source[0]):
                raise CommandError(Code.EADDR, "/msanii/quit is taken from this machine only")
            self.done(request, routes)
            self.on_quit()
        elif (told := self.sounding.answer(command, request.token)) is not None:
            for reply in told:
                self.send(reply, routes)
        elif (errand := self.sounding.errand(command, routes, when)) is not None:
            again = None if when is None else lambda: self._again(message, source)
            self._errand(request, routes, errand, again)
        elif (errand := answers.errand(self, command)) is not None:
            self._errand(request, routes, errand)
        else:
            for reply in answers.answer(self, request):
                self.send(reply, routes)

    def _errand(
        self,
        request: Request,
        routes: Routes,
        call: Callable[[], list[ReplyMessage]],
        again: Callable[[], None] | None = None,
    ) -> None:
        """Run what touches disk or device off the event loop; see `Errands`.

        again: called where there is no such clip, of a command that was taken before its time.
        Raises: CommandError: EBUSY.
        """

        def finish(error: BaseException | None, found: list[ReplyMessage]) -> None:
            if error is None:
                for reply in found:
                    self.send(reply, routes)
                if request.command.reply == replies.DONE.address:
                    self.done(request, routes)
            elif again and isinstance(error, CommandError) and error.code is Code.ENOCLIP:
                again()
            elif isinstance(error, CommandError):
                self.fail(request, routes, error)
            else:
                text = str(error) if isinstance(error, MsaniiError) else repr(error)
                log.error("%s failed", request.command.address, exc_info=error)
                self.fail(request, routes, CommandError(Code.EINTERNAL, text))

        # Engines are loaded and freed by the worker, between jobs: one thread a device.
        by_worker = isinstance(request.command, commands.EngineLoad | commands.EngineFree)
        self.errands.run(call, routes, finish, self.scheduler.errand if by_worker else None)

    def _dump(self, command: commands.Dump, request: Request, routes: Routes) -> None:
        """Begin or end to pass on what comes in, from the last lines that were kept."""
        for route in routes:
            if not command.on:
                self.journal.ignore(route)
                continue
            self.journal.listen(route, request.token)
            for line in list(self.journal.lines)[-1 - command.last : -1]:
                self._tell_line(line, route, request.token)
        self.done(request, routes)

    def _tell_line(self, line: LogEntry, peer: Peer, token: str) -> None:
        self.send(replies.DUMP_LINE(token, line.age, *line.fields()), (peer,))

    # -- what the worker's thread reports (see Listener) ------------------------------------------

    def progressed(self, job: Job) -> None:
        """Hear that a job moved on."""
        self._later(lambda: self.desk.progressed(job))

    def warned(self, job: Job, text: str) -> None:
        """Hear that a job goes on, but not wholly as asked."""
        self._later(lambda: self.desk.warned(job, text))

    def ended(self, job: Job) -> None:
        """Hear that a job has its outcome."""

        def tell() -> None:
            ticket = self.desk.ended(job)
            if ticket is not None and ticket.terminal is not None:
                others = set(self.sessions.subscribers("jobs")) - set(ticket.routes)
                self.outbox.post(ticket.terminal, tuple(others))
            self.errands.settle()

        self._later(tell)

    def _later(self, call: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop has ended: no one is left to tell
            log.debug("the event loop has ended")

    # -- time tags -----------------------------------------------------------------------------

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = self.agenda.seconds_until_next()
        self._timer = None if delay is None else self._loop.call_later(delay, self._run_due)

    def _again(self, message: Message, source: Peer) -> None:
        """Put a message back that was taken early, until its very time: its clip may come."""
        if self.agenda.seconds_late(message) < 0:
            self.agenda.add(message, source)
            self._set_timer()
        else:
            self._handle(message, source)

    def _run_due(self) -> None:
        for message, source in self.agenda.pop_due():
            self._handle(message, source)
        self._set_timer()
