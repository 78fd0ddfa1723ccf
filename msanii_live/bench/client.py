"""A small OSC client: start a server as a user would, send commands, wait for answers."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msanii_live.errors import MsaniiError
from msanii_live.osc.framing import Argument, Message, decode_packet
from msanii_live.osc.wire import encode

TERMINAL = ("/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail")


class DemoError(MsaniiError):
    """Say what the server did not do."""


@dataclass
class Client:
    """Speak OSC over one UDP socket. received: every message so far, in order."""

    host: str
    port: int
    received: list[Message] = field(default_factory=list)
    _socket: socket.socket = field(
        default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    )

    def send(self, address: str, *args: int | float | str) -> None:
        """Send one message; ints, floats and strings go as i, f and s."""
        tags = "".join("s" if isinstance(a, str) else "if"[isinstance(a, float)] for a in args)
        self._socket.sendto(encode(address, tags, args), (self.host, self.port))

    def receive(self, timeout: float) -> Message | None:
        """Return the next message, None if none comes in time."""
        self._socket.settimeout(max(timeout, 1e-3))
        try:
            packet = self._socket.recv(65_536)
        except TimeoutError:
            return None
        message = decode_packet(packet)[0]
        self.received.append(message)
        return message

    def wait(
        self,
        addresses: Sequence[str],
        token: str | None = None,
        timeout: float = 60.0,
        on_message: Callable[[Message], None] = lambda _: None,
    ) -> Message:
        """Return the first message of these addresses whose fields include the token.

        Raises: DemoError: none came in time.
        """
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None:
                break
            on_message(message)
            if message.address in addresses and (token is None or token in message.args[:2]):
                return message
        raise DemoError(f"no {' or '.join(addresses)} within {timeout:g} s")

    def job(
        self,
        address: str,
        token: str,
        *args: int | float | str,
        timeout: float = 120.0,
        on_message: Callable[[Message], None] = lambda _: None,
    ) -> tuple[Argument, ...]:
        """Send a making command and return the fields of its /msanii/job/done.

        Raises: DemoError: the job failed, was cancelled, or did not end in time.
        """
        self.send(address, *args, "id", token)
        ending = self.wait(TERMINAL, token, timeout, on_message)
        if ending.address != "/msanii/job/done":
            raise DemoError(f"{address}: {ending.address} {ending.args}")
        return ending.args

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


@dataclass(frozen=True)
class Running:
    """Hold a server that runs as a child. startup: seconds from start to the ready line."""

    child: subprocess.Popen[str]
    host: str
    osc_port: int
    http_port: int
    startup: float


@contextlib.contextmanager
def running_server(folder: Path, *flags: str, log: Path | None = None) -> Iterator[Running]:
    """Run `msanii-live serve` on free ports without sound, and end it afterwards.

    log: file for its log; standard error if None. Raises: DemoError: it did not get ready.
    """
    command = [sys.executable, "-m", "msanii_live.cli", "serve", "--port", "0", "--http-port", "0"]
    command += ["--folder", str(folder), *flags]
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("w")) if log else None
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line.startswith("ready osc="):
                told = f": {log.read_text()[-2000:]}" if log else ""
                raise DemoError(f"the server did not get ready{told}")
            osc, http = (word.split("=")[1] for word in line.split()[1:3])
            host, port = osc.rsplit(":", 1)
            yield Running(
                child, host, int(port), int(http.rsplit(":", 1)[1]), time.monotonic() - started
            )
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(8)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            assert child.stdout is not None
            child.stdout.close()
