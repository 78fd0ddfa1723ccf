"""The client's sockets: packets over UDP, or over TCP in either framing."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections import deque
from typing import Literal

from msanii_live.client.packets import read_packet
from msanii_live.client.replies import ServerNotRunning
from msanii_live.osc.codec import Message
from msanii_live.osc.slip import FrameDecoder, encode_frame

TransportName = Literal["udp", "int32", "slip"]

_BUFFER = 4 * 1024 * 1024  # bytes, asked of the system: a burst of replies may come at once


class ClientConnection:
    """A blocking connection to a server.

    is_open: False once either side has closed it. is_refused: over UDP, the last packet found the
    port closed.
    """

    def __init__(self, host: str, port: int, transport: TransportName = "udp") -> None:
        """Open the connection. Raises: ServerNotRunning: nobody listens there (TCP); OSError."""
        self.transport = transport
        self.is_open = True
        self.is_refused = False
        self._decoder = FrameDecoder()
        self._waiting: deque[Message] = deque()
        if transport == "udp":
            # A server on 127.0.0.1 is called localhost too, which some systems take for ::1 first.
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            if host.lower() == "localhost":
                found.sort(key=lambda each: each[0] != socket.AF_INET)
            family, *_, address = found[0]
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            # From now on the system hands over only what this server sends.
            self.socket.connect(address)
        else:
            try:
                self.socket = socket.create_connection((host, port), 5.0)
            except ConnectionRefusedError:
                raise ServerNotRunning(host, port) from None
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def peer(self) -> str:
        """The server's IP address."""
        return str(self.socket.getpeername()[0])

    def send(self, packet: bytes) -> None:
        """Send one packet, whatever its bytes."""
        if self.transport != "udp":
            self.socket.settimeout(10.0)
            self.socket.sendall(encode_frame(self.transport, packet))
            return
        try:
            self.socket.send(packet)
        except ConnectionRefusedError:  # about an earlier packet: this one was not sent
            self.socket.send(packet)

    def receive(self, timeout: float) -> Message | None:
        """Return the next message; None if none comes in time, or the connection has closed."""
        until = time.monotonic() + timeout
        while not self._waiting and self.is_open:
            self.socket.settimeout(max(until - time.monotonic(), 1e-3))
            try:
                data = self.socket.recv(65_536)
            except TimeoutError:
                return None
            except ConnectionError:
                if self.transport == "udp":
                    self.is_refused = True
                    return None
                data = b""
            self.is_refused = False
            if self.transport == "udp":
                packets = [data]
            else:
                self.is_open = bool(data)
                packets = self._decoder.feed(data) if data else []
            self._waiting += filter(None, map(read_packet, packets))
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Close the socket."""
        self.is_open = False
        self.socket.close()


_tokens = itertools.count(1)
_start = f"{time.time_ns() & 0xFFFFFF:x}"


def new_token() -> str:
    """Return a token that no other client of this host is likely to have."""
    return f"py-{_start}-{next(_tokens)}"
