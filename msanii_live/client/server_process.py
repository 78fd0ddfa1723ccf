"""Start a server as a user would, and end it: for the demo, the bench and the tests."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msanii_live.errors import MsaniiError

SERVE = (sys.executable, "-m", "msanii_live.cli", "serve")


class NotReady(MsaniiError):
    """Report that a server did not get ready, with the end of its log."""


@dataclass(frozen=True)
class Running:
    """Hold a server that runs as a child. startup: seconds from start to the ready line."""

    child: subprocess.Popen[str]
    host: str
    osc_port: int
    http_port: int
    startup: float


@contextlib.contextmanager
def running_server(
    folder: Path, *flags: str, log: Path | None = None, serve: Sequence[str] = SERVE
) -> Iterator[Running]:
    """Run `msanii-live serve` on free ports, and end it afterwards.

    log: file for its log; standard error if None. serve: the command that takes the flags.
    Raises: NotReady.
    """
    command = [*serve, "--port", "0", "--http-port", "0", "--folder", str(folder), *flags]
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("w")) if log else None
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line.startswith("ready osc="):
                told = f": {log.read_text()[-2000:]}" if log else ""
                raise NotReady(f"the server did not get ready{told}")
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
