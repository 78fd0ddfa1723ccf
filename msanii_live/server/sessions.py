"""Registered clients, their leases, and where replies go."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from msanii_live.errors import Code, CommandError
from msanii_live.osc.peer import Connection, Peer

LEASE = 60.0  # seconds
MAX_CLIENTS = 64


@dataclass
class Registration:
    """A registered client: its sending and listening addresses, topics and end of lease.

    heard: when a message last came from one of its own addresses.
    """

    sender: Peer
    listens: Peer
    topics: frozenset[str]
    until: float
    heard: float


@dataclass
class Sessions:
    """The registered clients, bounded in number and in time."""

    clock: Callable[[], float] = time.monotonic
    _by_peer: OrderedDict[Peer, Registration] = field(default_factory=OrderedDict)

    def register(self, source: Peer, port: int, topics: str) -> None:
        """Register where a client listens, for 60 s from its last message.

        port: a UDP port of its host; with 0 where it sent from, be that a port or a connection.
        Of 64 clients, one that has itself been silent for 60 s makes room, although others of its
        host renew its lease: a patch that is opened again may leave one behind each time.
        Raises: CommandError: EBUSY, 64 clients are registered.
        """
        self._expire()
        listens, now = listening(source, port), self.clock()
        if listens not in self._by_peer and len(self._by_peer) >= MAX_CLIENTS:
            silent = min(self._by_peer.values(), key=lambda each: each.heard)
            if silent.heard > now - LEASE:
                raise CommandError(Code.EBUSY, f"{MAX_CLIENTS} clients are registered already")
            del self._by_peer[silent.listens]
        words = frozenset(topics.replace(",", " ").split())
        self._by_peer[listens] = Registration(source, listens, words, now + LEASE, now)
        self._by_peer.move_to_end(listens)

    def remove(self, source: Peer, port: int = 0) -> None:
        """End a registration, if there is one."""
        self._by_peer.pop(listening(source, port), None)

    def touch(self, source: Peer) -> None:
        """Renew the leases of a host: its clients may send from a new port each time."""
        if not self._by_peer:
            return
        self._expire()
        now = self.clock()
        for registration in self._by_peer.values():
            if registration.sender[0] == source[0]:
                registration.until = now + LEASE
                if source in (registration.sender, registration.listens):
                    registration.heard = now

    def routes(self, source: Peer, reply_port: int) -> tuple[Peer, ...]:
        """Return where replies to a message go.

        Its `reply_port`; else what its sender registered; else the connection, if it came on one;
        else, where its host registered a port from elsewhere, that port and the sending port, since
        either may be the one that is listened on (oscsend sends each message from a new port); else
        the sending port.
        """
        if reply_port:
            return ((source[0], reply_port),)
        self._expire()
        known = [r for r in self._by_peer.values() if source in (r.sender, r.listens)]
        if known:
            return (known[-1].listens,)
        if isinstance(source, Connection):
            return (source,)
        others = [
            peer
            for peer in self._by_peer
            if peer[0] == source[0] and not isinstance(peer, Connection)
        ]
        return (others[-1], source) if others else (source,)

    def subscribers(self, topic: str) -> tuple[Peer, ...]:
        """Return the clients that asked for a topic."""
        self._expire()
        return tuple(peer for peer, r in self._by_peer.items() if topic in r.topics)

    def knows(self, host: str) -> bool:
        """Return whether any client of a host is registered."""
        self._expire()
        return any(peer[0] == host for peer in self._by_peer)

    def everyone(self) -> tuple[Peer, ...]:
        """Return every registered client."""
        self._expire()
        return tuple(r.listens for r in self._by_peer.values())

    def __len__(self) -> int:
        """Return the number of live registrations."""
        self._expire()
        return len(self._by_peer)

    def _expire(self) -> None:
        if not self._by_peer:
            return
        now = self.clock()
        for peer in [p for p, r in self._by_peer.items() if r.until < now]:
            del self._by_peer[peer]


def listening(source: Peer, port: int) -> Peer:
    """Return where a client listens that gave this port with its registration; 0 is none."""
    return (source[0], port) if port else source
