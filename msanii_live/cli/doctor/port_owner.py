"""Who has a port: the process, as far as the system tells."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_TABLES = {socket.SOCK_DGRAM: ("udp", "udp6"), socket.SOCK_STREAM: ("tcp", "tcp6")}
_LISTENS = "0A"  # a TCP socket's state in /proc/net


@dataclass(frozen=True)
class Holder:
    """Name a process. command: its command line, cut."""

    process: int
    command: str

    def __str__(self) -> str:
        return f"process {self.process} ({self.command})" if self.command else str(self.process)


def holder_of(kind: socket.SocketKind, port: int) -> Holder | None:
    """Return the process that listens on a port; None where the system does not tell.

    kind: SOCK_DGRAM or SOCK_STREAM.
    """
    if sys.platform == "linux":
        return _from_proc(kind, port)
    if shutil.which("lsof"):
        return _from_lsof(kind, port)
    return None


def _from_proc(kind: socket.SocketKind, port: int) -> Holder | None:
    """Find the socket in /proc/net, and then the process that has it open."""
    inodes = {f"socket:[{inode}]" for name in _TABLES[kind] for inode in _inodes(name, port)}
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            if any(link.readlink().as_posix() in inodes for link in (process / "fd").iterdir()):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                return Holder(int(process.name), _cut(words.decode("utf-8", "replace")))
        except OSError:  # another user's process, or one that has just ended
            continue
    return None


def _inodes(table: str, port: int) -> list[str]:
    try:
        lines = Path("/proc/net", table).read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [
        row[9]
        for row in rows
        if int(row[1].rpartition(":")[2], 16) == port
        and (table.startswith("udp") or row[3] == _LISTENS)
    ]


def _from_lsof(kind: socket.SocketKind, port: int) -> Holder | None:
    where = f"UDP:{port}" if kind == socket.SOCK_DGRAM else f"TCP:{port}"
    state = [] if kind == socket.SOCK_DGRAM else ["-sTCP:LISTEN"]
    command = ["lsof", "-nP", f"-i{where}", *state, "-Fpc"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    fields = {line[0]: line[1:] for line in reversed(said.stdout.splitlines()) if line}
    return Holder(int(fields["p"]), _cut(fields.get("c", ""))) if "p" in fields else None


def _cut(command: str) -> str:
    command = command.strip()
    return command if len(command) <= 80 else command[:79] + "…"
