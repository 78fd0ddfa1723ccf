"""Replies on their way out: encoded once, and to no host more than it has earned."""

from __future__ import annotations

import logging
from collections.abc import Callable

from msanii_live.osc.amplification_limit import AmplificationLimit
from msanii_live.osc.codec import encode
from msanii_live.osc.peer import NOBODY, Connection, Peer, is_loopback
from msanii_live.osc.transports import Transports
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Routes
from msanii_live.server.sessions import Sessions

log = logging.getLogger("msanii_live.osc")

Observer = Callable[[ReplyMessage], None]


class ReplySender:
    """A sender of messages to routes. All methods are for the event loop's thread.

    withheld: replies not sent because their host had not earned them; see `AmplificationLimit`.
    """

    def __init__(self, sessions: Sessions) -> None:
        """Take who is registered. See `connect`."""
        self.limit = AmplificationLimit()
        self.withheld = 0
        self._sessions = sessions
        self._transports: Transports
        self._observers: dict[str, list[Observer]] = {}
        self._last: dict[str, ReplyMessage] = {}

    def connect(self, transports: Transports) -> None:
        """Set the transports, once they are open."""
        self._transports = transports

    def is_own(self, peer: Peer) -> bool:
        """Return whether a peer is this server itself."""
        return self._transports.is_own(peer)

    def observe(self, address: str, observer: Observer) -> None:
        """Call an observer with each message of an address that is sent."""
        self._observers.setdefault(address, []).append(observer)

    def last(self, address: str) -> ReplyMessage | None:
        """Return the last message of an address that was sent; None if there was none."""
        return self._last.get(address)

    def credit(self, size: int, source: Peer) -> None:
        """Let a packet of `size` bytes earn its sender replies."""
        if not self._is_trusted(source):
            self.limit.credit(source[0], size)

    def encode(self, message: ReplyMessage) -> bytes:
        """Return a message as a packet. Raises: ValueError: a value that OSC cannot hold."""
        return encode(message.address, message.tags, message.args, truncate_text=True)

    def send(self, message: ReplyMessage, routes: Routes) -> bool:
        """Encode a message and send it to every route; return False if it cannot be encoded."""
        try:
            packet = self.encode(message)
        except ValueError as error:
            log.error("cannot send %s: %s", message.address, error)
            return False
        self.send_encoded(message, packet, routes)
        return True

    def send_encoded(self, message: ReplyMessage, packet: bytes, routes: Routes) -> None:
        """Send a message that is encoded already to every route."""
        self._last[message.address] = message
        for observer in self._observers.get(message.address, ()):
            observer(message)
        self.send_quietly(message, packet, routes)

    def send_quietly(self, message: ReplyMessage, packet: bytes, routes: Routes) -> None:
        """Send a message that is encoded already, without telling the observers."""
        for route in routes:
            if route == NOBODY:
                continue
            if self._is_trusted(route) or self.limit.try_spend(route[0], len(packet)):
                self._transports.send(packet, route)
            else:
                self._withhold(message, route)

    def _is_trusted(self, peer: Peer) -> bool:
        """Return whether a peer may be sent more than it has earned."""
        return isinstance(peer, Connection) or is_loopback(peer[0]) or self._sessions.knows(peer[0])

    def _withhold(self, message: ReplyMessage, route: Peer) -> None:
        """Count a reply that is not sent, and send once what its host must do to get all."""
        self.withheld += 1
        if self.limit.should_warn(route[0]):
            warning = replies.WARN(message.address, "for all replies send /msanii/notify 1")
            packet = self.encode(warning)
            if self.limit.try_spend(route[0], len(packet)):
                self._transports.send(packet, route)
