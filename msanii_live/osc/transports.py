"""All transports of OSC: UDP and TCP on one port number, and WebSocket connections."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from msanii_live.errors import PortInUse
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Connection, Network, Peer, UdpAddress
from msanii_live.osc.tcp import TcpServer
from msanii_live.osc.udp import UdpServer

_BIND_ATTEMPTS = 20  # port numbers tried if any free one will do

Send = Callable[[bytes], None]


class Transports:
    """The open transports. All methods are for the event loop's own thread."""

    def __init__(self, ingress: IngressQueue, udp: UdpServer, tcp: TcpServer) -> None:
        """Use `open` instead."""
        self.ingress = ingress
        self._udp = udp
        self._tcp = tcp
        self._websockets: dict[Connection, Send] = {}
        self._connection_numbers = itertools.count(-1, -1)  # negative: TCP counts up from 1

    @classmethod
    async def open(
        cls, host: str, port: int, ingress: IngressQueue, *, allow: Sequence[Network] = ()
    ) -> Transports:
        """Bind UDP and TCP to the same port number; 0 picks one that is free for both.

        Raises:
            PortInUse: another program has one of the two.
            OSError: the host is not an address of this machine.
        """
        for attempt in range(_BIND_ATTEMPTS):
            udp: UdpServer | None = None
            try:
                udp = await UdpServer.open(host, port, ingress, allow=allow)
                tcp = await TcpServer.open(host, udp.address[1], ingress, allow=allow)
            except PortInUse:
                if udp is not None:
                    udp.close()
                if port or attempt == _BIND_ATTEMPTS - 1:
                    raise
            except BaseException:
                if udp is not None:
                    udp.close()
                raise
            else:
                return cls(ingress, udp, tcp)
        raise AssertionError("the last attempt returns or raises")

    @property
    def address(self) -> UdpAddress:
        """The host, as an IP address, and the port that are bound."""
        return self._udp.address

    @property
    def counters(self) -> dict[str, int]:
        """The counters of all transports since the start."""
        return {**self._udp.counters, **self._tcp.counters, "websockets": len(self._websockets)}

    def add_websocket(self, host: str, port: int, send: Send) -> Connection:
        """Register an open WebSocket and return its identity. send: sends one packet on it."""
        connection = Connection(host, port, next(self._connection_numbers))
        self._websockets[connection] = send
        return connection

    def remove_websocket(self, connection: Connection) -> None:
        """Remove a WebSocket that has closed. Removing it twice is harmless."""
        if self._websockets.pop(connection, None) is not None:
            self.ingress.on_disconnect(connection)

    def send(self, packet: bytes, peer: Peer) -> None:
        """Send one packet at once. A packet that cannot be sent is counted."""
        if not isinstance(peer, Connection):
            self._udp.send(packet, peer)
        elif (send := self._websockets.get(peer)) is not None:
            send(packet)
        else:
            self._tcp.send(packet, peer)

    def is_own(self, peer: Peer) -> bool:
        """Return whether a packet to a peer would come back to this server."""
        return not isinstance(peer, Connection) and self._udp.is_own(peer)

    def is_open(self, connection: Connection) -> bool:
        """Return whether a connection is open."""
        return connection in self._websockets or self._tcp.is_open(connection)

    def close(self) -> None:
        """Stop receiving packets and free the ports. Closing twice is harmless."""
        self.ingress.close()
        self._udp.close()
        self._tcp.close()
