"""OSC over UDP."""

import asyncio
import contextlib
import errno
import select
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from msanii_live.errors import PortInUse
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Network, UdpAddress, is_allowed, is_loopback

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # requested from the system

_READ_BATCH = 1_024  # datagrams read before the rest of the event loop has a turn
_MAX_DATAGRAM_BYTES = 65_536
_LINUX_SO_RCVBUFFORCE = 33  # not in Python's socket module, like the next
_LINUX_SO_MEMINFO = 55
_COUNTERS = ("send_errors", "socket_errors", "dropped_buffer")


class UdpServer:
    """A UDP socket that receives OSC packets and sends replies from the same port.

    All methods are for the event loop's own thread.
    """

    def __init__(
        self, sock: socket.socket, ingress: IngressQueue, allow: Sequence[Network]
    ) -> None:
        """Use `open` instead. This neither binds the socket nor starts to read from it."""
        self._socket = sock
        self._ingress = ingress
        self._loop = asyncio.get_running_loop()
        self._address: UdpAddress = sock.getsockname()[:2]
        self._drop_reason = lru_cache(256)(lambda source: drop_reason(source, self._address, allow))
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._counters = dict.fromkeys(_COUNTERS, 0)

    @classmethod
    async def open(
        cls, host: str, port: int, ingress: IngressQueue, *, allow: Sequence[Network] = ()
    ) -> "UdpServer":
        """Bind `host` and `port` (0 picks a free one) and start to receive.

        ingress: the queue that datagrams are put into.
        allow: networks to accept packets from, besides this machine.

        Raises:
            PortInUse: another socket has the port.
            OSError: the host is unknown or not an address of this machine.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, where = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            _prepare(sock)
            sock.bind(where)
        except OSError as error:
            sock.close()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(port, "--port") from error
            raise
        server = cls(sock, ingress, tuple(allow))
        server._start()
        return server

    @property
    def address(self) -> UdpAddress:
        """The host, as an IP address, and the port that are bound."""
        return self._address

    @property
    def counters(self) -> dict[str, int]:
        """A copy of the counters since the start, including those of the ingress queue.

        `dropped_buffer` counts datagrams that the system dropped because its receive buffer was
        full (Linux only).
        """
        if sys.platform == "linux":
            with contextlib.suppress(OSError, struct.error):
                raw = self._socket.getsockopt(socket.SOL_SOCKET, _LINUX_SO_MEMINFO, 36)
                self._counters["dropped_buffer"] = struct.unpack("=9I", raw)[8]
        return {**self._ingress.counters, **self._counters}

    def send(self, data: bytes, addr: UdpAddress) -> None:
        """Send one packet at once, or count it in `send_errors`. The host must be an IP address."""
        try:
            ip_address(addr[0])  # a host name would block in the resolver
            self._socket.sendto(data, addr)
        except (OSError, OverflowError, ValueError):  # OverflowError: a port beyond 65,535
            self._counters["send_errors"] += 1

    def close(self) -> None:
        """Stop receiving and free the port. Closing twice is harmless."""
        if not self._is_closed:
            self._is_closed = True
            if self._thread is None:
                self._loop.remove_reader(self._socket)
            else:
                self._thread.join()
            self._socket.close()

    def _start(self) -> None:
        try:
            self._loop.add_reader(self._socket, self._drain)
        except NotImplementedError:
            # On Windows the event loop cannot watch a socket, and its datagram transport stops
            # reading after one reply to a closed port (early Python 3.11). A thread polls instead.
            self._thread = threading.Thread(target=self._poll, name="osc-udp", daemon=True)
            self._thread.start()

    def _poll(self) -> None:
        drained = threading.Event()

        def drain() -> None:
            self._drain()
            drained.set()

        while not self._is_closed:
            if select.select([self._socket], [], [], 0.1)[0]:
                drained.clear()
                try:
                    self._loop.call_soon_threadsafe(drain)
                except RuntimeError:  # the event loop has closed
                    return
                while not self._is_closed and not drained.wait(0.1):
                    pass

    def _read(self) -> list[tuple[bytes, UdpAddress]]:
        """Return the datagrams that wait in the socket, up to one batch."""
        # All are read before any is decoded: a burst arrives faster than it can be decoded, and
        # the system's buffer may be far smaller than requested.
        batch: list[tuple[bytes, UdpAddress]] = []
        try:
            while len(batch) < _READ_BATCH:
                data, source = self._socket.recvfrom(_MAX_DATAGRAM_BYTES)
                batch.append((data, source[:2]))
        except OSError as error:
            if not isinstance(error, BlockingIOError):  # an earlier reply found a closed port
                self._counters["socket_errors"] += 1
        return batch

    def _drain(self) -> None:
        """Queue the datagrams from allowed senders, and count the others as dropped."""
        for data, source in [] if self._is_closed else self._read():
            reason = self._drop_reason(source)
            if reason is None:
                self._ingress.put(data, source)
            else:
                self._ingress.reject(data, source, reason)


def _prepare(sock: socket.socket) -> None:
    """Make the socket non-blocking and enlarge its receive buffer as far as the system allows."""
    sock.setblocking(False)
    if sys.platform == "win32":  # otherwise another program could take over the port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # only root may exceed the system's limit
            sock.setsockopt(socket.SOL_SOCKET, _LINUX_SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)


def drop_reason(source: UdpAddress, own: UdpAddress, allow: Sequence[Network]) -> str | None:
    """Return why packets from `source` are dropped, or None if they are accepted."""
    # A reply that this server sent to itself would be answered for ever.
    if source == own or (source[1] == own[1] and is_loopback(source[0])):
        return "loop"
    return None if is_allowed(source[0], allow) else "source"
