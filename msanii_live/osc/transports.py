"""Every way in and out: UDP and TCP on one port number, WebSocket connections beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from msanii_live.errors import PortInUse
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Connection, Network, Peer, UdpAddress
from msanii_live.osc.tcp import TcpServer
from msanii_live.osc.udp import UdpServer

_TRIES = 20  # port numbers tried where any will do

Post = Callable[[bytes], None]


class Transports:
    """Hold the open transports. All methods are for the event loop's own thread."""

    def __init__(self, intake: IngressQueue, udp: UdpServer, tcp: TcpServer) -> None:
        """Use `open` instead."""
        self.intake = intake
        self._udp = udp
        self._tcp = tcp
        self._posts: dict[Connection, Post] = {}
        self._numbers = itertools.count(-1, -1)  # TCP counts upwards

    @classmethod
    async def open(
        cls, host: str, port: int, intake: IngressQueue, *, allow: Sequence[Network] = ()
    ) -> Transports:
        """Bind UDP and TCP to the same port number; 0 picks one that is free for both.

        Raises: PortInUse: another program has one of the two; OSError: no address of this machine.
        """
        for attempt in range(_TRIES):
            udp = await UdpServer.open(host, port, intake, allow=allow)
            try:
                tcp = await TcpServer.open(*udp.address, intake, allow=allow)
            except PortInUse:
                udp.close()
                if port or attempt == _TRIES - 1:
                    raise
            except BaseException:
                udp.close()
                raise
            else:
                return cls(intake, udp, tcp)
        raise AssertionError("the last try returns or raises")

    @property
    def address(self) -> UdpAddress:
        """Return the host, as a number, and the port that are bound."""
        return self._udp.address

    @property
    def counters(self) -> dict[str, int]:
        """Return the counts of all transports since the start."""
        return {**self._udp.counters, **self._tcp.counters, "websockets": len(self._posts)}

    def join(self, host: str, port: int, post: Post) -> Connection:
        """Add a connection that somebody else carries. post: sends one packet on it."""
        stream = Connection(host, port, next(self._numbers))
        self._posts[stream] = post
        return stream

    def leave(self, stream: Connection) -> None:
        """Forget a connection that was added."""
        if self._posts.pop(stream, None) is not None:
            self.intake.gone(stream)

    def send(self, packet: bytes, peer: Peer) -> None:
        """Send one packet at once; what cannot be sent is counted."""
        if not isinstance(peer, Connection):
            self._udp.send(packet, peer)
        elif (post := self._posts.get(peer)) is not None:
            post(packet)
        else:
            self._tcp.send(packet, peer)

    def is_open(self, stream: Connection) -> bool:
        """Tell whether a connection is there."""
        return stream in self._posts or self._tcp.is_open(stream)

    def close(self) -> None:
        """Stop taking packets and free the ports. Closing twice is harmless."""
        self.intake.close()
        self._udp.close()
        self._tcp.close()
