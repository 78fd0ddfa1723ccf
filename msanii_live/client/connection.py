"""One line to a server: packets over UDP, or over TCP in either framing, with blocking sockets."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections import deque
from typing import Literal

from msanii_live.osc.codec import Message, PacketError, decode_packet
from msanii_live.osc.slip import Splitter, wrap

Transport = Literal["udp", "int32", "slip"]

_BUFFER = 4 * 1024 * 1024  # bytes, asked of the system: a burst of replies may come at once


class Line:
    """Send and receive packets. A server that closes the line is an end of messages."""

    def __init__(self, host: str, port: int, transport: Transport = "udp") -> None:
        """Open the line. Raises: OSError: nobody listens there (TCP)."""
        self.transport = transport
        self._to = (host, port)
        self._splitter = Splitter()
        self._waiting: deque[Message] = deque()
        self.is_open = True
        if transport == "udp":
            family = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][0]
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        else:
            self.socket = socket.create_connection(self._to, 5.0)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, packet: bytes) -> None:
        """Send one packet, whatever its bytes."""
        if self.transport == "udp":
            self.socket.sendto(packet, self._to)
        else:
            self.socket.settimeout(10.0)
            self.socket.sendall(wrap(self.transport, packet))

    def receive(self, timeout: float) -> Message | None:
        """Return the next message; None if none comes in time, or the line has closed."""
        until = time.monotonic() + timeout
        while not self._waiting and self.is_open:
            self.socket.settimeout(max(until - time.monotonic(), 1e-3))
            try:
                data = self.socket.recv(65_536)
            except TimeoutError:
                return None
            except ConnectionError:
                if self.transport == "udp":  # an earlier packet found the port closed
                    continue
                data = b""
            if self.transport == "udp":
                packets = [data]
            else:
                self.is_open = bool(data)
                packets = self._splitter.feed(data) if data else []
            for packet in packets:
                with contextlib.suppress(PacketError):
                    self._waiting += decode_packet(packet)
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Close the socket."""
        self.is_open = False
        self.socket.close()


_tokens = itertools.count(1)
_start = f"{time.time_ns() & 0xFFFFFF:x}"


def new_token() -> str:
    """Make up a token that no other client of this host is likely to have."""
    return f"py-{_start}-{next(_tokens)}"
