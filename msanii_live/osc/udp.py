"""Send and receive OSC packets over UDP.

python-osc is not used: `framing` already reads each argument as it checks it, and encoding the
three types that leave this server takes less code than undoing what python-osc's builder makes of
a bool or a big int.
"""

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

RECEIVE_BUFFER = 4 * 1024 * 1024  # bytes, asked of the system

_READ_LIMIT = 1_024  # datagrams read before the rest of the event loop has a turn
_LARGEST_DATAGRAM = 65_536  # bytes
_LINUX_SO_RCVBUFFORCE = 33  # not in Python's socket module; likewise the next
_LINUX_SO_MEMINFO = 55
_COUNTED = ("send_errors", "socket_errors", "dropped_buffer")


class UdpServer:
    """Receive OSC packets on one UDP socket, and send from the same.

    All methods are for the event loop's own thread.
    """

    def __init__(self, sock: socket.socket, intake: IngressQueue, allow: Sequence[Network]) -> None:
        """Use `open` instead: this neither binds the socket nor starts to read from it."""
        self._socket = sock
        self._intake = intake
        self._loop = asyncio.get_running_loop()
        self._address: UdpAddress = sock.getsockname()[:2]
        self._judge = lru_cache(256)(lambda source: _refusal(source, self._address, allow))
        self._closed = False
        self._thread: threading.Thread | None = None
        self._counters = dict.fromkeys(_COUNTED, 0)

    @classmethod
    async def open(
        cls, host: str, port: int, intake: IngressQueue, *, allow: Sequence[Network] = ()
    ) -> "UdpServer":
        """Bind `host` and `port` (0 picks a free one) and start to receive.

        intake: where the datagrams go.
        allow: networks to take packets from, besides this machine.

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
        server = cls(sock, intake, tuple(allow))
        server._start()
        return server

    @property
    def address(self) -> UdpAddress:
        """Return the host, as a number, and the port that are bound."""
        return self._address

    @property
    def counters(self) -> dict[str, int]:
        """Return a copy of the counts since the start, those of the intake among them.

        `dropped_buffer`: the system's own buffer was full, and they never reached this process
        (known on Linux only).
        """
        if sys.platform == "linux":
            with contextlib.suppress(OSError, struct.error):
                raw = self._socket.getsockopt(socket.SOL_SOCKET, _LINUX_SO_MEMINFO, 36)
                self._counters["dropped_buffer"] = struct.unpack("=9I", raw)[8]
        return {**self._intake.counters, **self._counters}

    def send(self, data: bytes, addr: UdpAddress) -> None:
        """Send one packet at once, or count it in `send_errors`. The host must be a number."""
        try:
            ip_address(addr[0])  # a name would block in the resolver
            self._socket.sendto(data, addr)
        except (OSError, OverflowError, ValueError):  # OverflowError: a port beyond 65,535
            self._counters["send_errors"] += 1

    def close(self) -> None:
        """Stop receiving and free the port. Closing twice is harmless."""
        if not self._closed:
            self._closed = True
            if self._thread is None:
                self._loop.remove_reader(self._socket)
            else:
                self._thread.join()
            self._socket.close()

    def _start(self) -> None:
        try:
            self._loop.add_reader(self._socket, self._drain)
        except NotImplementedError:
            # Windows: its event loop cannot watch a socket, and its datagram transport in early
            # Python 3.11 reads no more after one reply to a closed port. So a thread watches.
            self._thread = threading.Thread(target=self._watch, name="osc-udp", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        drained = threading.Event()

        def drain() -> None:
            self._drain()
            drained.set()

        while not self._closed:
            if select.select([self._socket], [], [], 0.1)[0]:
                drained.clear()
                try:
                    self._loop.call_soon_threadsafe(drain)
                except RuntimeError:  # the event loop has gone
                    return
                while not self._closed and not drained.wait(0.1):
                    pass

    def _read(self) -> list[tuple[bytes, UdpAddress]]:
        """Return the datagrams that wait in the socket, up to a limit."""
        # Reading goes ahead of decoding, as a burst comes faster than it can be decoded and the
        # system may have granted a far smaller buffer than it was asked for.
        batch: list[tuple[bytes, UdpAddress]] = []
        try:
            while len(batch) < _READ_LIMIT:
                data, source = self._socket.recvfrom(_LARGEST_DATAGRAM)
                batch.append((data, source[:2]))
        except OSError as error:
            if not isinstance(error, BlockingIOError):  # an earlier reply found a closed port
                self._counters["socket_errors"] += 1
        return batch

    def _drain(self) -> None:
        """Hand on the datagrams that may come in, and count the others as dropped."""
        for data, source in [] if self._closed else self._read():
            refusal = self._judge(source)
            if refusal is None:
                self._intake.offer(data, source)
            else:
                self._intake.refuse(data, source, refusal)


def _prepare(sock: socket.socket) -> None:
    """Make the socket non-blocking, with as large a receive buffer as the system grants."""
    sock.setblocking(False)
    if sys.platform == "win32":  # else another program could take the port over
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # only root may go beyond the system's limit
            sock.setsockopt(socket.SOL_SOCKET, _LINUX_SO_RCVBUFFORCE, RECEIVE_BUFFER)


def _refusal(source: UdpAddress, own: UdpAddress, allow: Sequence[Network]) -> str | None:
    """Return why packets from `source` are dropped, or None if they are taken."""
    # A reply sent to this server itself would be answered for ever.
    if source == own or (source[1] == own[1] and is_loopback(source[0])):
        return "loop"
    return None if is_allowed(source[0], allow) else "source"
