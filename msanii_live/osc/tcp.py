"""Carry OSC over TCP: connections in either framing, each answered in its own.

The bounds: 64 connections (the 65th is told so and closed), 10 s for a packet that has begun, 4 MiB
of replies that a client does not read. While too much waits to be decoded, connections are not read
from.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import socket
import sys
import time
from collections.abc import Sequence

from msanii_live.errors import Code, MsaniiError, PortInUse
from msanii_live.osc.codec import PacketError, decode_packet, encode
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Connection, Network, is_allowed
from msanii_live.osc.slip import FrameDecoder, FramingError, encode_frame
from msanii_live.protocol.replies import FAIL
from msanii_live.protocol.request import peek_token

CONNECTION_LIMIT = 64
REFUSED_LIMIT = 16  # connections beyond, which wait only to be told
PACKET_SECONDS = 10.0  # from the first byte of a packet to its last
SILENT_SECONDS = 60.0  # after which a connection gives its place to a new one, if none is free
UNREAD_LIMIT = 4 * 1024 * 1024  # bytes of replies

_COUNTED = (
    "connections", "tcp_refused", "tcp_lost_place", "tcp_slow_packet", "tcp_unread", "tcp_skipped",
    "tcp_gone",
)  # fmt: skip


class TcpServer:
    """Listen on one port. All methods are for the event loop's own thread."""

    def __init__(self, intake: IngressQueue, allow: Sequence[Network]) -> None:
        """Use `open` instead."""
        self._intake = intake
        self._allow = tuple(allow)
        self._connections: dict[int, _Connection] = {}
        self._refused: set[_Connection] = set()
        self._numbers = itertools.count(1)
        self._counters = dict.fromkeys(_COUNTED, 0)
        self._loop = asyncio.get_running_loop()
        self._look: asyncio.TimerHandle | None = None
        self._server: asyncio.Server

    @classmethod
    async def open(
        cls, host: str, port: int, intake: IngressQueue, *, allow: Sequence[Network] = ()
    ) -> TcpServer:
        """Listen on a host and port.

        Raises: PortInUse: another program has the port; OSError: the host is none of this machine.
        """
        made = cls(intake, allow)
        loop = asyncio.get_running_loop()
        # Elsewhere than on Windows it only lets a restart have its port back at once.
        reuse = sys.platform != "win32"
        try:
            made._server = await loop.create_server(
                lambda: _Connection(made), host, port, reuse_address=reuse, backlog=128
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(port, "--port") from error
            raise
        return made

    @property
    def counters(self) -> dict[str, int]:
        """Return a copy of the counts: `connections` are those open now."""
        skipped = sum(each.splitter.skipped for each in self._connections.values())
        return {
            **self._counters,
            "connections": len(self._connections),
            "tcp_skipped": self._counters["tcp_skipped"] + skipped,
        }

    def send(self, data: bytes, stream: Connection) -> None:
        """Send a packet on a connection; where it has closed, count that in `tcp_gone`."""
        connection = self._connections.get(stream.number)
        if connection is None:
            self._counters["tcp_gone"] += 1
        else:
            connection.send(data)

    def is_open(self, stream: Connection) -> bool:
        """Tell whether a connection is there."""
        return stream.number in self._connections

    def close(self) -> None:
        """Close every connection and free the port. Closing twice is harmless."""
        self._server.close()
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for connection in [*self._connections.values(), *self._refused]:
            connection.close()

    def _admit(self, connection: _Connection) -> None:
        """Give a new connection its place, or note that there is none."""
        if len(self._connections) >= CONNECTION_LIMIT:
            self._free_a_place()
        if len(self._connections) < CONNECTION_LIMIT:
            self._connections[connection.stream.number] = connection
        else:
            self._counters["tcp_refused"] += 1
            connection.is_refused = True
            if len(self._refused) >= REFUSED_LIMIT:
                connection.close()
            else:
                self._refused.add(connection)
        if self._look is None:
            self._look = self._loop.call_later(1.0, self._look_after)

    def _free_a_place(self) -> None:
        silent = min(self._connections.values(), key=lambda each: each.last_heard)
        if time.monotonic() - silent.last_heard > SILENT_SECONDS:
            self._forget(silent)
            silent.close()

    def _forget(self, connection: _Connection) -> None:
        self._refused.discard(connection)
        if self._connections.pop(connection.stream.number, None) is not None:
            self._counters["tcp_skipped"] += connection.splitter.skipped
            self._intake.gone(connection.stream)

    def _look_after(self) -> None:
        """Close those that began a packet and do not end it."""
        now = time.monotonic()
        for each in list(self._connections.values()):
            if each.began is not None and now - each.began > PACKET_SECONDS:
                self._end(each, "tcp_slow_packet")
        for each in list(self._refused):
            if now - each.last_heard > PACKET_SECONDS:
                each.close()
        busy = self._connections or self._refused
        self._look = self._loop.call_later(1.0, self._look_after) if busy else None

    def _end(self, connection: _Connection, counter: str) -> None:
        self._counters[counter] += 1
        connection.close()


class _Connection(asyncio.Protocol):
    """Hold one connection.

    began: when the packet began that has not ended, None between packets. last_heard: when a packet
    last came or a reply last went. Both monotonic seconds.
    """

    def __init__(self, server: TcpServer) -> None:
        self.splitter = FrameDecoder()
        self.stream = Connection("", 0, next(server._numbers))
        self.is_refused = False
        self.began: float | None = None
        self.last_heard = time.monotonic()
        self._server = server
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        self.stream = Connection(host, port, self.stream.number)
        if not is_allowed(host, self._server._allow):
            self._server._intake.refuse(b"", self.stream, "source")
            transport.abort()
            return
        sock = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._server._admit(self)

    def data_received(self, data: bytes) -> None:
        try:
            packets = self.splitter.feed(data)
        except FramingError:
            self._server._end(self, "tcp_lost_place")
            return
        if packets or self.began is None:
            self.began = time.monotonic()
        if packets:
            self.last_heard = time.monotonic()
        if not self.splitter.is_inside:
            self.began = None
        if self.is_refused:
            self._tell_refusal(packets)
            return
        intake = self._server._intake
        for packet in packets:
            intake.offer(packet, self.stream, keep=True)
        if intake.is_saturated:
            self._transport.pause_reading()
            intake.on_drained(self._resume)

    def connection_lost(self, _error: Exception | None) -> None:
        self._server._forget(self)

    def send(self, packet: bytes) -> None:
        if self._transport.get_write_buffer_size() > UNREAD_LIMIT:
            self._server._end(self, "tcp_unread")
            self._transport.abort()  # close() would wait for it to be read
            return
        self.last_heard = time.monotonic()
        self._transport.write(encode_frame(self.splitter.framing, packet))

    def close(self) -> None:
        self._transport.close()

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _tell_refusal(self, packets: Sequence[bytes]) -> None:
        for packet in packets[:1]:
            with contextlib.suppress(PacketError, ValueError, IndexError, MsaniiError):
                first = decode_packet(packet)[0]
                text = f"{CONNECTION_LIMIT} clients are connected already"
                token = peek_token(first.args, first.address)
                told = FAIL(first.address[:256], token, -1, Code.EBUSY, text)
                self.send(encode(told.address, told.tags, told.args, truncate_text=True))
            self.close()
