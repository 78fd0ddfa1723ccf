"""OSC over UDP."""

import asyncio
import contextlib
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from msanii_live.osc.binding import bind_sockets, is_own_host
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Network, UdpAddress, is_allowed, is_loopback

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # requested from the system

_READ_SLICE = 0.002  # s spent on reading before the rest of the event loop has a turn
_MAX_DATAGRAM_BYTES = 65_536
_LINUX_SO_RCVBUFFORCE = 33  # not in Python's socket module, like the next
_LINUX_SO_MEMINFO = 55
_COUNTERS = ("send_errors", "socket_errors", "dropped_buffer")


class UdpServer:
    """UDP sockets on one port that receive OSC packets and send the replies.

    All methods are for the event loop's own thread.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        ingress: IngressQueue,
        allow: Sequence[Network],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Use `open` instead. This neither binds the sockets nor starts to read from them."""
        self._clock = clock
        self._sockets = list(sockets)
        self._by_family = {sock.family: sock for sock in sockets}
        self._ingress = ingress
        self._loop = asyncio.get_running_loop()
        self._address: UdpAddress = sockets[0].getsockname()[:2]
        self._route = lru_cache(256)(self._find_route)
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
        sockets = await bind_sockets(host, port, socket.SOCK_DGRAM, "--port")
        for sock in sockets:
            _enlarge_buffer(sock)
        server = cls(sockets, ingress, tuple(allow))
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
                raw = [
                    s.getsockopt(socket.SOL_SOCKET, _LINUX_SO_MEMINFO, 36) for s in self._sockets
                ]
                self._counters["dropped_buffer"] = sum(struct.unpack("=9I", r)[8] for r in raw)
        return {**self._ingress.counters, **self._counters}

    def is_own(self, addr: UdpAddress) -> bool:
        """Return whether a packet to this address would come back to this server."""
        if addr[1] != self._address[1]:
            return False
        own = ip_address(self._address[0])
        return (
            addr[0] == self._address[0]
            or is_loopback(addr[0])
            or (own.is_unspecified and is_own_host(addr[0]))
        )

    def send(self, data: bytes, addr: UdpAddress) -> None:
        """Send one packet at once, or count it in `send_errors`. The host must be an IP address.

        A packet to this server itself is not sent either: it would be a message about a message.
        """
        try:
            if self.is_own(addr):
                raise ValueError("addressed to this server itself")
            sock, name = self._route(addr[0])
            sock.sendto(data, (name, addr[1]))
        except (OSError, OverflowError, ValueError):  # OverflowError: a port beyond 65,535
            self._counters["send_errors"] += 1

    def _find_route(self, name: str) -> tuple[socket.socket, str]:
        """Return the socket that reaches a host, and the host's name on it.

        Raises: ValueError: it is no IP address. A name would block in the resolver.
        """
        host = ip_address(name)
        mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else host
        if mapped is None:
            return self._by_family.get(socket.AF_INET6, self._sockets[0]), name
        if socket.AF_INET in self._by_family:
            return self._by_family[socket.AF_INET], str(mapped)
        return self._sockets[0], f"::ffff:{mapped}"

    def close(self) -> None:
        """Stop receiving and free the port. Closing twice is harmless."""
        if not self._is_closed:
            self._is_closed = True
            if self._thread is None:
                for sock in self._sockets:
                    self._loop.remove_reader(sock)
            else:
                self._thread.join()
            for sock in self._sockets:
                sock.close()

    def _start(self) -> None:
        try:
            for sock in self._sockets:
                self._loop.add_reader(sock, self._drain, sock)
        except NotImplementedError:
            # On Windows the event loop cannot watch a socket, and its datagram transport stops
            # reading after one reply to a closed port (early Python 3.11). A thread polls instead.
            self._thread = threading.Thread(target=self._poll, name="osc-udp", daemon=True)
            self._thread.start()

    def _poll(self) -> None:
        drained = threading.Event()

        def drain(ready: Sequence[socket.socket]) -> None:
            for sock in ready:
                self._drain(sock)
            drained.set()

        while not self._is_closed:
            if ready := select.select(self._sockets, [], [], 0.1)[0]:
                drained.clear()
                try:
                    self._loop.call_soon_threadsafe(drain, ready)
                except RuntimeError:  # the event loop has closed
                    return
                while not self._is_closed and not drained.wait(0.1):
                    pass

    def _drain(self, sock: socket.socket) -> None:
        """Queue the datagrams that wait in a socket, as many as one slice of time allows.

        Those from senders that are not allowed are counted as dropped.
        """
        # They are queued before any is decoded: a burst arrives faster than it can be decoded, and
        # the system's buffer may be far smaller than requested.
        end = self._clock() + _READ_SLICE
        try:
            while not self._is_closed and self._clock() < end:
                data, source = sock.recvfrom(_MAX_DATAGRAM_BYTES)
                peer = source[:2]
                reason = self._drop_reason(peer)
                if reason is None:
                    self._ingress.put(data, peer)
                else:
                    self._ingress.reject(data, peer, reason)
        except OSError as error:
            if not isinstance(error, BlockingIOError):  # an earlier reply found a closed port
                self._counters["socket_errors"] += 1


def _enlarge_buffer(sock: socket.socket) -> None:
    """Enlarge the receive buffer of a socket as far as the system allows."""
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
