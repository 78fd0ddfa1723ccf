"""Handlers of the commands about the server itself."""

from __future__ import annotations

from collections.abc import Callable

from msanii_live import __version__
from msanii_live.errors import Code, CommandError
from msanii_live.osc.peer import is_loopback
from msanii_live.protocol import replies
from msanii_live.protocol.commands import Caps, Ping, Quit, Status, Version
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable
from msanii_live.server.status import PROTOCOL, ServerStatus


class SystemHandlers:
    """Commands that ask how the server is, and the one that ends it."""

    def __init__(self, status: ServerStatus, quit_server: Callable[[], None]) -> None:
        """Take what knows the server's state, and what ends it."""
        self._status = status
        self._quit_server = quit_server

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            Ping: Handler(lambda command, call: Answer([replies.PONG(call.token)])),
            Status: Handler(
                lambda command, call: Answer([self._status.reply()]), question=self._status.reply
            ),
            Version: Handler(self._version, question=lambda: self._version_reply("")),
            Caps: Handler(self._caps),
            Quit: Handler(self._quit),
        }

    def _version(self, command: Version, call: Call) -> Answer:
        return Answer([self._version_reply(call.token)])

    def _version_reply(self, token: str) -> ReplyMessage:
        return replies.VERSION(__version__, PROTOCOL, token)

    def _caps(self, command: Caps, call: Call) -> Answer:
        return Answer([replies.CAPS(*fact, call.token) for fact in self._status.facts()])

    def _quit(self, command: Quit, call: Call) -> Answer:
        if not is_loopback(call.source[0]):
            raise CommandError(Code.EADDR, "/msanii/quit is taken from this machine only")
        return Answer(then=self._quit_server)
