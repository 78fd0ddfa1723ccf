"""Ray's own processes: a head of the server's own, and the nodes that a user starts."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from msanii_live.cluster.link import import_ray
from msanii_live.errors import ConfigError

START_SECONDS = 90.0  # in which a head is ready, also on a machine that is busy
END_SECONDS = 5.0


class LocalHead:
    """A Ray head on this machine for one server, on loopback, which ends with the server.

    It has a token of its own that only the server and its workers know, and leaves nothing in the
    user's home.
    """

    def __init__(self, cpus: int, gpus: int | None = None) -> None:
        """Start it and wait until it answers. cpus, gpus: of the node; None lets Ray count.

        Raises: MissingTool; ConfigError: it does not start.
        """
        os.environ.update(private_environment())  # the client reads it too, when it is imported
        import_ray()
        self._folder = Path(tempfile.mkdtemp(prefix="msanii-ray-"))
        self._log = self._folder / "head.log"
        self._port = free_port()
        self._door: subprocess.Popen[bytes] | None = None
        words = [
            "--head", f"--port={self._port}", "--node-ip-address=127.0.0.1", f"--num-cpus={cpus}",
            f"--temp-dir={self._folder / 'r'}", *COMMON_WORDS, *HEAD_WORDS,
        ]  # fmt: skip
        if gpus is not None:
            words.append(f"--num-gpus={gpus}")
        atexit.register(self.close)  # a server may end before it has opened
        self._process = self._start("msanii_live.cluster.node_process", *words)
        try:
            self._wait_for(self._port)
        except BaseException:
            self.close()
            raise

    def open_door(self) -> str:
        """Start what the client connects to, one process for each connection; return its address.

        The head's own proxy of such processes is left out: it takes seconds to start one, and it
        looks for their ports where other heads of this machine do. Raises: ConfigError.
        """
        self._close_door()
        port = free_port()
        self._door = self._start(
            "ray.util.client.server", f"--address=127.0.0.1:{self._port}", "--host=127.0.0.1",
            f"--port={port}", "--mode=specific-server",
        )  # fmt: skip
        self._wait_for(port)
        return f"ray://127.0.0.1:{port}"

    @property
    def pid(self) -> int:
        """The process that starts and ends all others of the head."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the head's first process goes on."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the head and all its workers."""
        atexit.unregister(self.close)
        self._close_door()
        _end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        with open(self._log, "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *words],
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip

    def _close_door(self) -> None:
        if self._door is not None:
            self._door.kill()
            _end(self._door)
            self._door = None

    def _wait_for(self, port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.is_running:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        last = self._log.read_text(errors="replace").strip().splitlines()[-3:]
        raise ConfigError(f"Ray does not start: {' / '.join(last) or 'it says nothing'}")


# No log monitor and no autoscaler: they cost two processes, and the server needs neither.
COMMON_WORDS = (
    "--block", "--include-log-monitor=false", "--min-worker-port=0", "--max-worker-port=0",
)  # fmt: skip
HEAD_WORDS = ("--include-dashboard=false", "--no-monitor", "--disable-usage-stats")

# Where memory runs out, Ray's monitor ends the worker that began last, whichever took the memory,
# and then the next. Without it the kernel ends the largest, and the others do not notice.
KERNEL_ENDS_WORKERS = {"RAY_memory_monitor_refresh_ms": "0"}


def private_environment() -> Mapping[str, str]:
    """Return the variables of a head that nobody else can reach or use."""
    return {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": os.environ.get("RAY_AUTH_TOKEN") or secrets.token_hex(32),
        # Ray listens on every interface of Linux unless it takes the machine for one without.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_START_HOOK": "msanii_live.cluster.node_process.leave_out_proxy",
        **KERNEL_ENDS_WORKERS,
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a node's first process, which ends the others."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return the number of a TCP port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
