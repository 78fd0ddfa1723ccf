"""A server as a child process: for the demo, the benchmarks and the tests."""

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
    """A server that did not become ready; the text ends with the end of its log."""


@dataclass(frozen=True)
class ServerProcess:
    """A server that runs as a child process. startup: seconds from start to the ready line."""

    child: subprocess.Popen[str]
    host: str
    osc_port: int
    http_port: int
    startup: float


@contextlib.contextmanager
def running_server(
    folder: Path, *flags: str, log: Path | None = None, serve: Sequence[str] = SERVE
) -> Iterator[ServerProcess]:
    """Run `msanii-live serve` on free ports, and end it afterwards.

    log: file for its log; standard error if None. serve: the command that takes the flags.
    Raises: NotReady.
    """
    command = [*serve, "--port", "0", "--http-port", "0", "--folder", str(folder), *flags]
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        log_file = stack.enter_context(log.open("w")) if log else None
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log_file, text=True)
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line.startswith("ready osc="):
                reason = f": {log.read_text('utf-8', 'replace')[-2000:]}" if log else ""
                raise NotReady(f"the server did not get ready{reason}")
            osc, http = (word.split("=")[1] for word in line.split()[1:3])
            host, port = osc.rsplit(":", 1)
            http_port = int(http.rsplit(":", 1)[1])
            yield ServerProcess(child, host, int(port), http_port, time.monotonic() - started)
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(8)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            assert child.stdout is not None
            child.stdout.close()
