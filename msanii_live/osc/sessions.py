"""Who is out there: registered ports, leases, and where a reply goes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from msanii_live.errors import Code, CommandError
from msanii_live.osc.wire import Source

LEASE = 60.0  # seconds
CLIENT_LIMIT = 64


@dataclass
class Registration:
    """Hold one registered client: the port it sent from, the port it listens on, its topics."""

    host: str
    sent_from: int
    listens_on: int
    topics: frozenset[str]
    until: float


@dataclass
class Sessions:
    """Keep registrations, bounded in number and in time."""

    clock: Callable[[], float] = time.monotonic
    _by_port: OrderedDict[Source, Registration] = field(default_factory=OrderedDict)

    def register(self, source: Source, port: int, topics: str) -> None:
        """Register the port a client listens on, for 60 s from its last message.

        Raises: CommandError: EBUSY, 64 clients are registered.
        """
        self._expire()
        key = (source[0], port or source[1])
        if key not in self._by_port and len(self._by_port) >= CLIENT_LIMIT:
            raise CommandError(Code.EBUSY, f"{CLIENT_LIMIT} clients are registered already")
        words = frozenset(topics.replace(",", " ").split())
        self._by_port[key] = Registration(source[0], source[1], key[1], words, self.clock() + LEASE)
        self._by_port.move_to_end(key)

    def remove(self, source: Source, port: int) -> None:
        """End a registration, if there is one."""
        self._by_port.pop((source[0], port or source[1]), None)

    def touch(self, source: Source) -> None:
        """Renew the leases of a host: its clients may send from a new port each time."""
        self._expire()
        for registration in self._by_port.values():
            if registration.host == source[0]:
                registration.until = self.clock() + LEASE

    def routes(self, source: Source, reply_port: int) -> tuple[Source, ...]:
        """Return where replies to a message go.

        Its `reply_port`; else what the sending port registered; else, where its host registered a
        port from elsewhere, that port and the sending port, since either may be the one that is
        listened on (oscsend sends each message from a new port); else the sending port.
        """
        if reply_port:
            return ((source[0], reply_port),)
        self._expire()
        on_host = [r for r in self._by_port.values() if r.host == source[0]]
        own = [r for r in on_host if r.sent_from == source[1] or r.listens_on == source[1]]
        if own:
            return ((source[0], own[-1].listens_on),)
        if on_host:
            return ((source[0], on_host[-1].listens_on), source)
        return (source,)

    def subscribers(self, topic: str) -> tuple[Source, ...]:
        """Return the clients that asked for a topic."""
        self._expire()
        return tuple(key for key, r in self._by_port.items() if topic in r.topics)

    def everyone(self) -> tuple[Source, ...]:
        """Return every registered client."""
        self._expire()
        return tuple(self._by_port)

    def __len__(self) -> int:
        """Return the number of live registrations."""
        self._expire()
        return len(self._by_port)

    def _expire(self) -> None:
        now = self.clock()
        for key in [k for k, r in self._by_port.items() if r.until < now]:
            del self._by_port[key]
