"""Which process has a port, as far as the system says."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

MAX_COMMAND = 80  # characters


@dataclass(frozen=True)
class PortOwner:
    """A process that listens on a port. command: its command line, cut."""

    process: int
    command: str

    def __str__(self) -> str:
        return f"process {self.process} ({self.command})" if self.command else str(self.process)


def find_port_owner(kind: socket.SocketKind, port: int) -> PortOwner | None:
    """Return the process that listens on a port; None where the system does not say.

    kind: SOCK_DGRAM or SOCK_STREAM.
    """
    states = (psutil.CONN_LISTEN, psutil.CONN_NONE)  # UDP has no states
    for process, connection in _connections("udp" if kind == socket.SOCK_DGRAM else "tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status in states:
            return PortOwner(process, _command(process))
    return None


def _connections(kind: str) -> Iterator[tuple[int, psutil._common.sconn]]:
    """Yield every socket that the system shows, with its process."""
    try:
        for connection in psutil.net_connections(kind):
            if connection.pid is not None:
                yield connection.pid, connection
    except psutil.AccessDenied:  # macOS shows only the sockets of the user's own processes
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                for connection in process.net_connections(kind):
                    yield process.pid, connection


def _command(process: int) -> str:
    try:
        command = " ".join(psutil.Process(process).cmdline()).strip()
    except psutil.Error:  # another user's process, or one that has just ended
        return ""
    return command if len(command) <= MAX_COMMAND else command[: MAX_COMMAND - 1] + "…"
