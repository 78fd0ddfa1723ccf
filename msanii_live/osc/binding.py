"""Sockets bound to the addresses that a server listens on, the same for every transport."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys

from msanii_live.errors import PortInUse

# Some clients take localhost for the one, some for the other.
LOCALHOST = ("127.0.0.1", "::1")
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


async def bind_sockets(
    host: str, port: int, kind: socket.SocketKind, flag: str
) -> list[socket.socket]:
    """Return non-blocking sockets, bound to a host and one port; 0 picks a free one.

    host: an IP address. `::` serves IPv4 as well where the system can; `localhost` has one socket
    for IPv4 and, where the system has it, one for IPv6. kind: SOCK_DGRAM or SOCK_STREAM. flag: of
    the port, for the error.

    Raises:
        PortInUse: another program has the port.
        OSError: the host is unknown or not an address of this machine.
    """
    hosts = LOCALHOST if host.lower() == "localhost" else (host,)
    sockets: list[socket.socket] = []
    try:
        for each in hosts:
            try:
                sockets.append(await _bind(each, port, kind, flag))
            except OSError as error:
                if not sockets or error.errno not in _NO_SUCH_ADDRESS:
                    raise
            else:
                port = sockets[0].getsockname()[1]
    except BaseException:
        for each_socket in sockets:
            each_socket.close()
        raise
    return sockets


async def _bind(host: str, port: int, kind: socket.SocketKind, flag: str) -> socket.socket:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
    family, kind, protocol, _, where = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        if sys.platform == "win32":
            # Otherwise another program could take over the port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        elif kind == socket.SOCK_STREAM:  # lets a restart bind its port at once
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            with contextlib.suppress(OSError, AttributeError):  # the system may have no such option
                is_only = 0 if where[0] == "::" else 1
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, is_only)
        sock.bind(where)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, flag) from error
        raise OSError(error.errno, f"{error.strerror}: {host}") from error
    return sock


def is_own_host(host: str) -> bool:
    """Return whether an IP address is one of this machine's.

    >>> is_own_host("127.0.0.1"), is_own_host("192.0.2.1")
    (True, False)
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((host, 0))
    except OSError:
        return False
    return True
