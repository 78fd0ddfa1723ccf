"""OSC over TCP, in either framing. Replies use the framing of their connection.

Limits: 64 connections, of which the 65th is told EBUSY and closed; 10 s for a packet that has
begun; 4 MiB of replies that a client does not read. A connection of which too
much is pending is not read.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import time
from collections.abc import Sequence

from msanii_live.errors import Code, MsaniiError
from msanii_live.osc.binding import bind_sockets
from msanii_live.osc.codec import PacketError, decode_packet, encode
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Connection, Network, is_allowed
from msanii_live.osc.slip import FrameDecoder, FramingError, encode_frame
from msanii_live.protocol.replies import FAIL
from msanii_live.protocol.request import peek_token

MAX_CONNECTIONS = 64
MAX_REFUSED = 16  # connections beyond `MAX_CONNECTIONS` that are kept until they are told EBUSY
PACKET_TIMEOUT = 10.0  # seconds from the first byte of a packet to its last
IDLE_TIMEOUT = 60.0  # seconds after which a connection may be closed in favour of a new one
MAX_UNREAD_BYTES = 4 * 1024 * 1024  # of replies

_READ_BYTES = 16 * 1024  # at once: asyncio's 256 KiB may hold 10,000 packets, which take 20 ms
# Of replies that asyncio keeps; more are kept here. From Python 3.12 on, each of its writes takes
# time in proportion to the writes that wait.
_TRANSPORT_BYTES = 64 * 1024
_TIMEOUT_CHECK = 1.0  # seconds between two checks for slow packets
# These names are sent to clients by /msanii/caps.
_COUNTERS = (
    "connections", "tcp_refused", "tcp_lost_place", "tcp_slow_packet", "tcp_unread", "tcp_skipped",
    "tcp_gone",
)  # fmt: skip


class TcpServer:
    """A TCP server on one port. All methods are for the event loop's own thread."""

    def __init__(self, ingress: IngressQueue, allow: Sequence[Network]) -> None:
        """Use `open` instead."""
        self._ingress = ingress
        self._allow = tuple(allow)
        self._connections: dict[int, _TcpProtocol] = {}
        self._refused: set[_TcpProtocol] = set()
        self._numbers = itertools.count(1)
        self._counters = dict.fromkeys(_COUNTERS, 0)
        self._loop = asyncio.get_running_loop()
        self._timeout_timer: asyncio.TimerHandle | None = None
        self._servers: list[asyncio.Server] = []

    @classmethod
    async def open(
        cls, host: str, port: int, ingress: IngressQueue, *, allow: Sequence[Network] = ()
    ) -> TcpServer:
        """Listen on a host and port.

        Raises:
            PortInUse: another program has the port.
            OSError: the host is not an address of this machine.
        """
        tcp_server = cls(ingress, allow)
        loop = asyncio.get_running_loop()
        for sock in await bind_sockets(host, port, socket.SOCK_STREAM, "--port"):
            tcp_server._servers.append(
                await loop.create_server(lambda: _TcpProtocol(tcp_server), sock=sock, backlog=128)
            )
        return tcp_server

    @property
    def counters(self) -> dict[str, int]:
        """A copy of the counters. `connections` is the number that are open now."""
        dropped = sum(each.decoder.dropped for each in self._connections.values())
        return {
            **self._counters,
            "connections": len(self._connections),
            "tcp_skipped": self._counters["tcp_skipped"] + dropped,
        }

    def send(self, packet: bytes, connection: Connection) -> None:
        """Send a packet on a connection. If the connection has closed, count that in `tcp_gone`."""
        protocol = self._connections.get(connection.number)
        if protocol is None:
            self._counters["tcp_gone"] += 1
        else:
            protocol.send(packet)

    def is_open(self, connection: Connection) -> bool:
        """Return whether a connection is open."""
        return connection.number in self._connections

    def close(self) -> None:
        """Close every connection and free the port. Closing twice is harmless."""
        for server in self._servers:
            server.close()
        if self._timeout_timer is not None:
            self._timeout_timer.cancel()
            self._timeout_timer = None
        for protocol in [*self._connections.values(), *self._refused]:
            protocol.close()

    def _admit(self, protocol: _TcpProtocol) -> None:
        """Accept a new connection, or mark it as refused if there are too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            self._close_idlest()
        if len(self._connections) < MAX_CONNECTIONS:
            self._connections[protocol.connection.number] = protocol
        else:
            self._counters["tcp_refused"] += 1
            protocol.is_refused = True
            if len(self._refused) >= MAX_REFUSED:
                protocol.close()
            else:
                self._refused.add(protocol)
        if self._timeout_timer is None:
            self._timeout_timer = self._loop.call_later(_TIMEOUT_CHECK, self._check_timeouts)

    def _close_idlest(self) -> None:
        idlest = min(self._connections.values(), key=lambda each: each.last_active)
        if time.monotonic() - idlest.last_active > IDLE_TIMEOUT:
            self._remove(idlest)
            idlest.close()

    def _remove(self, protocol: _TcpProtocol) -> None:
        self._refused.discard(protocol)
        if self._connections.pop(protocol.connection.number, None) is not None:
            self._counters["tcp_skipped"] += protocol.decoder.dropped
            self._ingress.on_disconnect(protocol.connection)

    def _check_timeouts(self) -> None:
        """Close connections that began a packet and did not end it in time."""
        now = time.monotonic()
        for each in list(self._connections.values()):
            if each.packet_began is not None and now - each.packet_began > PACKET_TIMEOUT:
                self._close_counted(each, "tcp_slow_packet")
        for each in list(self._refused):
            if now - each.last_active > PACKET_TIMEOUT:
                each.close()
        has_any = self._connections or self._refused
        self._timeout_timer = (
            self._loop.call_later(_TIMEOUT_CHECK, self._check_timeouts) if has_any else None
        )

    def _close_counted(self, protocol: _TcpProtocol, counter: str) -> None:
        self._counters[counter] += 1
        protocol.close()


class _TcpProtocol(asyncio.BufferedProtocol):
    """The asyncio protocol of one connection.

    packet_began: when the unfinished packet began, None between packets. last_active: when the last
    packet came or the last reply went out. Both in monotonic seconds.
    """

    def __init__(self, server: TcpServer) -> None:
        self.decoder = FrameDecoder()
        self.connection = Connection("", 0, next(server._numbers))
        self.is_refused = False
        self.packet_began: float | None = None
        self.last_active = time.monotonic()
        self._server = server
        self._transport: asyncio.Transport
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._unsent = bytearray()  # replies of this round, or until the client has read others
        self._is_full = False
        self._will_flush = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        self.connection = Connection(host, port, self.connection.number)
        if not is_allowed(host, self._server._allow):
            self._server._ingress.reject(b"", self.connection, "source")
            transport.abort()
            return
        sock = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        transport.set_write_buffer_limits(_TRANSPORT_BYTES)
        self._server._admit(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            packets = self.decoder.feed(bytes(self._buffer[:nbytes]))
        except FramingError:
            self._server._close_counted(self, "tcp_lost_place")
            return
        if packets or self.packet_began is None:
            self.packet_began = time.monotonic()
        if packets:
            self.last_active = time.monotonic()
        if not self.decoder.is_mid_packet:
            self.packet_began = None
        if self.is_refused:
            self._reply_busy(packets)
            return
        ingress = self._server._ingress
        for packet in packets:
            ingress.put(packet, self.connection, droppable=False)
        if ingress.is_saturated(self.connection):
            self._transport.pause_reading()
            ingress.on_drained(self.connection, self._resume)

    def connection_lost(self, _error: Exception | None) -> None:
        self._server._remove(self)

    def send(self, packet: bytes) -> None:
        frame = encode_frame(self.decoder.framing, packet)
        if self._is_full and len(self._unsent) > MAX_UNREAD_BYTES:
            self._unsent.clear()
            self._server._close_counted(self, "tcp_unread")
            self._transport.abort()  # close() would wait until the client has read it
            return
        self._unsent += frame
        if self._is_full:
            return
        # The replies of one round of the event loop leave by one system call: each costs as much as
        # handling a message.
        if len(self._unsent) >= _TRANSPORT_BYTES:
            self._flush()
        elif not self._will_flush:
            self._will_flush = True
            self._server._loop.call_soon(self._flush_round)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush_round(self) -> None:
        self._will_flush = False
        if not self._is_full and not self._transport.is_closing():
            self._flush()

    def _flush(self) -> None:
        if self._unsent:
            self.last_active = time.monotonic()
            unsent, self._unsent = self._unsent, bytearray()
            self._transport.write(unsent)

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _reply_busy(self, packets: Sequence[bytes]) -> None:
        """Answer the first message of a refused connection with EBUSY, and close it."""
        for packet in packets[:1]:
            with contextlib.suppress(PacketError, ValueError, IndexError, MsaniiError):
                first = decode_packet(packet)[0]
                text = f"{MAX_CONNECTIONS} clients are connected already"
                token = peek_token(first.args, first.address)
                reply = FAIL(first.address[:256], token, -1, Code.EBUSY, text)
                self.send(encode(reply.address, reply.tags, reply.args, truncate_text=True))
            self.close()
