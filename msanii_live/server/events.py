"""Messages that no command asked for, sent from any thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Routes
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.sessions import Sessions

EVERYONE = "*"  # the topic of what every registered client is sent

log = logging.getLogger("msanii_live.server")


class LoopCaller:
    """A way onto the event loop from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the event loop."""
        self._loop = loop

    def __call__(self, call: Callable[[], object]) -> None:
        """Call on the event loop, soon; not at all once it has ended."""
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop has ended: no client is left
            log.debug("the event loop has ended")


class EventSender:
    """A sender of events to routes and to those who subscribed to a topic."""

    def __init__(self, sender: ReplySender, sessions: Sessions, on_loop: LoopCaller) -> None:
        """Take what sends, who subscribed, and the way onto the event loop."""
        self._sender = sender
        self._sessions = sessions
        self._on_loop = on_loop

    def send(self, messages: Sequence[ReplyMessage], routes: Routes, topic: str = "") -> None:
        """Send messages, from any thread.

        topic: also to its subscribers; `EVERYONE` is to all who are registered.
        """

        def send() -> None:
            others: Routes = ()
            if topic:
                sessions = self._sessions
                others = sessions.everyone() if topic == EVERYONE else sessions.subscribers(topic)
            for message in messages:
                self._sender.send(message, tuple(dict.fromkeys((*routes, *others))))

        self._on_loop(send)
