"""From an OSC message to its handler, and from the handler's answer to replies.

The table of handlers is the only place that says what a command does. Whatever a handler raises,
the client gets exactly one terminal reply.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from msanii_live.errors import Code, CommandError
from msanii_live.jobs.failures import to_command_error
from msanii_live.osc.codec import Message
from msanii_live.osc.peer import NOBODY, Connection, Peer
from msanii_live.protocol import replies
from msanii_live.protocol.address_pattern import is_pattern
from msanii_live.protocol.commands import BY_ADDRESS
from msanii_live.protocol.replies import ReplyMessage, is_listed
from msanii_live.protocol.request import (
    Request,
    has_required_argument,
    matching_commands,
    parse_request,
    peek_reply_port,
    peek_token,
)
from msanii_live.protocol.schema import OscValue
from msanii_live.server.background_tasks import BackgroundTasks, Finish
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, Lane
from msanii_live.server.message_log import MessageLog, truncate_text
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.scheduled_messages import ScheduledMessages, TimelineClock
from msanii_live.server.sessions import Sessions

LATE = 0.1  # s past its time tag beyond which a message is reported as late
ADDRESS_BYTES = 256  # of the address of a failed command, so that the reply fits a packet
# The replies after which a complete answer needs a `/msanii/done`.
UNENDED = frozenset(r.address for r in replies.REPLIES if r.listed) | {replies.DONE.address}
REPLY_ADDRESSES = frozenset(r.address for r in replies.REPLIES) - set(BY_ADDRESS)

log = logging.getLogger("msanii_live.osc")


class Router:
    """The way of messages to handlers and of answers back. All methods are for the event loop.

    counters: messages that came late, replies that came in, commands that failed.
    """

    def __init__(
        self,
        handlers: HandlerTable,
        sessions: Sessions,
        sender: ReplySender,
        message_log: MessageLog,
        scheduled: ScheduledMessages,
        clock: TimelineClock,
        tasks: BackgroundTasks,
    ) -> None:
        """Take the table of handlers, see `handlers.combine`, and what messages pass through."""
        self._handlers = handlers
        self._sessions = sessions
        self._sender = sender
        self._log = message_log
        self._scheduled = scheduled
        self._clock = clock
        self._tasks = tasks
        self.counters = {"late": 0, "ignored_replies": 0, "failed_commands": 0}
        scheduled.connect(self._handle)

    def on_packet(self, size: int, source: Peer, dropped: str) -> None:
        """Count a packet that came in. size: bytes. dropped: why it was, "" if it was not."""
        if dropped:
            self._log.add_drop(size, source, dropped)
        else:
            self._sender.credit(size, source)

    def on_disconnect(self, connection: Connection) -> None:
        """Forget a connection that has closed. Its jobs go on; a resent message finds them."""
        self._sessions.remove(connection)
        self._log.ignore(connection)

    def receive(self, messages: tuple[Message, ...], source: Peer) -> None:
        """Handle the messages of one packet, at once or at their time tags."""
        self._sessions.touch(source)
        self._log.touch(source)
        for message in messages:
            if message.time_tag is None:
                self._handle(message, source)
                continue
            due = self._scheduled.due_time(message)
            past = self._scheduled.seconds_late(due)
            if past < 0:
                self._schedule(message, source, due)
                continue
            if past > LATE:
                self.counters["late"] += 1
                late = replies.LATE(message.address, past)
                self._sender.send(late, self._sessions.routes(source, 0))
            self._handle(message, source)

    def run(self, address: str, args: Sequence[OscValue]) -> None:
        """Carry out a command that no client sent, such as that of a MIDI control."""
        self._handle(Message(address, tuple(args)), NOBODY)

    def current_value(self, address: str) -> ReplyMessage | None:
        """Return what a command answers when asked without arguments; None if it is no question."""
        command = BY_ADDRESS.get(address)
        if command is None or command.reply != address or is_listed(address):
            return None
        handler = self._handlers[command]
        if has_required_argument(command) or handler.question is None:
            return None
        return handler.question()

    def close(self) -> None:
        """Answer every message that waits for its time tag with EBUSY, and let none wait."""
        stopping = CommandError(Code.EBUSY, "the server is shutting down")
        for message, source in self._scheduled.close():
            self._refuse(message, source, stopping)

    # -- in ----------------------------------------------------------------------------------------

    def _schedule(self, message: Message, source: Peer, due: float) -> None:
        command = BY_ADDRESS.get(message.address)
        lead = self._handlers[command].lead if command is not None else 0.0
        try:
            self._scheduled.add(message, source, due, lead)
        except CommandError as error:
            self._refuse(message, source, error)
        else:
            seconds = -self._scheduled.seconds_late(due)
            self._log.add(source, message.address, message.args, f"in {seconds:.3f} s")

    def _handle(self, message: Message, source: Peer, due: float | None = None) -> None:
        """Handle a message now. due: seconds of the monotonic clock; None without a time tag."""
        if message.address in REPLY_ADDRESSES:  # to answer a reply could go on for ever
            self.counters["ignored_replies"] += 1
            if message.address != replies.DUMP_LINE.address:  # a line of the log about the log
                self._log.add(source, message.address, message.args, "ignored: it is a reply")
            return
        try:
            if message.address not in BY_ADDRESS and is_pattern(message.address):
                for address in matching_commands(message.address):
                    self._handle(message._replace(address=address), source, due)
                return
            request = parse_request(message.address, message.args)
        except Exception as error:
            self._refuse(message, source, to_command_error(error, message.address))
            return
        routes = self._sessions.routes(source, request.reply_port)
        second = None if due is None else self._clock.second_of(due)
        call = Call(request, request.token, source, routes, second)
        self._log.add(source, message.address, message.args, "ok")
        for text in request.warnings:
            self._sender.send(replies.WARN(message.address, text), routes)
        if request.is_release:
            self._sender.send(replies.DONE(message.address, request.token, -1), routes)
            return
        self._run(self._handlers[type(request.command)], call, message, due)

    # -- handlers ----------------------------------------------------------------------------------

    def _run(self, handler: Handler, call: Call, message: Message, due: float | None) -> None:
        command = call.request.command

        def run() -> Answer:
            return handler.run(command, call)

        def finish(error: BaseException | None, answer: Answer | None) -> None:
            if answer is not None:
                self._complete(call, answer)
            elif _may_come_yet(error) and due is not None and self._scheduled.seconds_late(due) < 0:
                self._retry(call, message, due)
            else:
                self._fail(call, error or RuntimeError("no answer"))

        if handler.lane is not Lane.EVENT_LOOP:
            try:
                self._tasks.run(run, call.routes, finish, handler.lane)
            except Exception as error:
                self._fail(call, error)
            return
        try:
            answer = run()
        except Exception as error:
            if not (_may_come_yet(error) and self._run_after_disk(run, call, finish)):
                self._fail(call, error)
        else:
            self._complete(call, answer)

    def _run_after_disk(self, run: Callable[[], Answer], call: Call, finish: Finish) -> bool:
        """Run a handler again once the clips that are being loaded are there; False if none are."""
        try:
            return self._tasks.run_after_disk(run, call.routes, finish)
        except CommandError as error:
            self._fail(call, error)
            return True

    def _retry(self, call: Call, message: Message, due: float) -> None:
        """Keep a message that was run early until its very time: its clip may be made by then."""
        try:
            self._scheduled.add(message, call.source, due)
        except CommandError as error:
            self._fail(call, error)

    # -- out ---------------------------------------------------------------------------------------

    def _complete(self, call: Call, answer: Answer) -> None:
        """Send what a handler returned, and what ends the command."""
        command = call.request.command
        routes = call.routes if answer.routes is None else answer.routes
        messages = [*answer.messages]
        if answer.is_complete and command.reply in UNENDED:
            messages.append(replies.DONE(command.address, call.token, -1))
        try:
            packets = [self._sender.encode(message) for message in messages]
        except ValueError as error:
            self._fail(call, error)
            return
        for message, packet in zip(messages, packets, strict=True):
            self._sender.send_encoded(message, packet, routes)
        if answer.then is not None:
            answer.then()

    def _refuse(self, message: Message, source: Peer, error: CommandError) -> None:
        """Answer a message that is no valid request."""
        self.counters["failed_commands"] += 1
        log.info("%s refused: %s %s", message.address, error.code, error.text)
        self._log.add(source, message.address, message.args, f"{error.code} {error.text}")
        token = peek_token(message.args, message.address)
        port = peek_reply_port(message.args, message.address)
        address = truncate_text(message.address, ADDRESS_BYTES)
        failure = replies.FAIL(address, token, -1, error.code, error.text)
        self._sender.send(failure, self._sessions.routes(source, port))

    def _fail(self, call: Call, error: BaseException) -> None:
        """Answer a command whose handler raised."""
        request: Request = call.request
        address = request.command.address
        failure = to_command_error(error, address)
        self.counters["failed_commands"] += 1
        log.info("%s failed: %s %s", address, failure.code, failure.text)
        self._log.add(call.routes[-1], address, (), f"{failure.code} {failure.text}")
        reply = replies.FAIL(address, request.token, -1, failure.code, failure.text)
        self._sender.send(reply, call.routes)


def _may_come_yet(error: BaseException | None) -> bool:
    """Return whether a command failed for want of a clip, which a job may make in time."""
    return isinstance(error, CommandError) and error.code is Code.ENOCLIP
