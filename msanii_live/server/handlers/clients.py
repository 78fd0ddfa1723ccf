"""Handlers of the commands by which a client says what it wants to hear of."""

from __future__ import annotations

from msanii_live.errors import Code, CommandError
from msanii_live.osc.peer import Connection
from msanii_live.protocol.commands import ClearSched, Dump, Notify, Sync
from msanii_live.server.background_tasks import BackgroundTasks
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, Routes
from msanii_live.server.message_log import MessageLog
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.scheduled_messages import ScheduledMessages
from msanii_live.server.sessions import Sessions, listening


class ClientHandlers:
    """Commands that register a client, dump the log, wait for commands or drop waiting ones."""

    def __init__(
        self,
        sessions: Sessions,
        tasks: BackgroundTasks,
        message_log: MessageLog,
        sender: ReplySender,
        scheduled: ScheduledMessages,
    ) -> None:
        """Take the clients, what runs for them, and what has come from them."""
        self._sessions = sessions
        self._tasks = tasks
        self._log = message_log
        self._sender = sender
        self._scheduled = scheduled

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            Notify: Handler(self._notify),
            Sync: Handler(self._sync),
            Dump: Handler(self._dump),
            ClearSched: Handler(self._clear),
        }

    def _notify(self, command: Notify, call: Call) -> Answer:
        if command.on:
            self._check_routes("port", (listening(call.source, command.port),))
            self._sessions.register(call.source, command.port, command.topics)
        else:
            self._sessions.remove(call.source, command.port)
        if call.request.reply_port or isinstance(call.source, Connection):
            return Answer()  # a connection waits for its own answer
        return Answer(routes=(listening(call.source, command.port),))

    def _check_routes(self, name: str, routes: Routes) -> None:
        """Refuse this server's own port: it would be sent what is sent. Raises: CommandError."""
        if any(map(self._sender.is_own, routes)):
            raise CommandError(
                Code.ERANGE, f"{name} is this server's own port: give the one that you listen on"
            )

    def _sync(self, command: Sync, call: Call) -> Answer:
        self._tasks.sync(command.number, call.routes)
        return Answer(is_complete=False)

    def _dump(self, command: Dump, call: Call) -> Answer:
        if command.on:
            self._check_routes("reply_port", call.routes)
        for route in call.routes:
            if not command.on:
                self._log.ignore(route)
                continue
            self._log.listen(route, call.token)
            for entry in list(self._log.entries)[-1 - command.last : -1]:
                self._sender.send(entry.reply(call.token), (route,))
        return Answer()

    def _clear(self, command: ClearSched, call: Call) -> Answer:
        self._scheduled.clear()
        return Answer()
