"""What goes out: encoded once, and to no one more than it has earned."""

from __future__ import annotations

import logging
from collections.abc import Callable

from msanii_live.osc.amplification_limit import AmplificationLimit
from msanii_live.osc.codec import encode
from msanii_live.osc.peer import Connection, Peer, is_loopback
from msanii_live.osc.transports import Transports
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.job_tracker import Routes
from msanii_live.server.sessions import Sessions

log = logging.getLogger("msanii_live.osc")


class ReplySender:
    """Send messages to routes. Everything here runs on the event loop.

    unearned: replies that were withheld, so that a forged sender is never flooded; see `credit`.
    """

    def __init__(self, sessions: Sessions, doors: Callable[[], Transports]) -> None:
        """Take who is registered, and the way to the transports, which open later."""
        self.credit = AmplificationLimit()
        self.unearned = 0
        self._sessions = sessions
        self._doors = doors

    def heard(self, size: int, source: Peer) -> None:
        """Let a packet of so many bytes earn its sender replies."""
        if not self._is_trusted(source):
            self.credit.credit(source[0], size)

    def post(self, message: ReplyMessage, routes: Routes) -> None:
        """Encode a message and send it to every route."""
        try:
            packet = encode(message.address, message.tags, message.args, truncate_text=True)
        except ValueError as error:
            log.error("cannot send %s: %s", message.address, error)
            return
        for route in routes:
            if self._is_trusted(route) or self.credit.try_spend(route[0], len(packet)):
                self._doors().send(packet, route)
            else:
                self._withhold(message, route)

    def _is_trusted(self, peer: Peer) -> bool:
        """Tell whether a peer may be sent more than it has earned; see `credit`."""
        return isinstance(peer, Connection) or is_loopback(peer[0]) or self._sessions.knows(peer[0])

    def _withhold(self, message: ReplyMessage, route: Peer) -> None:
        """Count a reply that is not sent, and say once what would have it sent."""
        self.unearned += 1
        if self.credit.should_warn(route[0]):
            told = replies.WARN(message.address, "for all replies send /msanii/notify 1")
            packet = encode(told.address, told.tags, told.args)
            if self.credit.try_spend(route[0], len(packet)):
                self._doors().send(packet, route)
