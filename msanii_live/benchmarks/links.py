"""How long jobs take with a worker behind a slow link between two network namespaces."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from msanii_live.benchmarks.delayed_link import HERE, THERE, DelayedLink, reason_against
from msanii_live.client import Client
from msanii_live.client.server_process import running_server
from msanii_live.errors import ConfigError

SECONDS = 6.0  # of a clip
CLIENT_PORT = 10001
HEAD = (
    sys.executable, "-m", "msanii_live.cli", "worker", "--head", "--bind", THERE,
    "--client-port", str(CLIENT_PORT),
)  # fmt: skip
JOIN = (sys.executable, "-m", "msanii_live.cli", "worker", "--join", THERE, "--bind", HERE)
READY_SECONDS = 120.0


def report_links(delays: Sequence[float], rounds: int) -> int:
    """Print how long jobs take over each delay, ms each way; return 0.

    Raises: ConfigError: this machine can have no such link.
    """
    reason = reason_against()
    if reason:
        raise ConfigError(f"no link can be made: {reason}")
    print("delay ms   generate ms   outpaint, new source ms   outpaint, known source ms")
    for delay in delays:
        with delayed_cluster(delay / 1000) as (link, address):
            times = link.run(0, partial(_job_times, address, rounds))
        shown = "   ".join(f"{1000 * median(column):12.0f}" for column in zip(*times, strict=True))
        print(f"{delay:8g} {shown}", flush=True)
    return 0


@contextlib.contextmanager
def delayed_cluster(delay: float) -> Iterator[tuple[DelayedLink, str]]:
    """Run a head on the far side of a link; give the link and the head's address for servers.

    delay: s each way.
    """
    with tempfile.TemporaryDirectory() as name:
        token = Path(name) / "token"
        token.write_text(secrets.token_hex(32))
        with contextlib.ExitStack() as stack:
            before = os.environ.get("RAY_AUTH_TOKEN_PATH")
            os.environ["RAY_AUTH_TOKEN_PATH"] = str(token)
            stack.callback(_restore, "RAY_AUTH_TOKEN_PATH", before)
            link = DelayedLink(delay)
            stack.callback(link.close)
            stack.enter_context(running_node(link, 1, HEAD, Path(name) / "head.txt"))
            yield link, f"ray://{THERE}:{CLIENT_PORT}"


@contextlib.contextmanager
def running_node(
    link: DelayedLink, side: int, words: Sequence[str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a node of the cluster on one side of a link, until it says that it runs."""
    environment: Mapping[str, str] = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        node = link.run(
            side,
            lambda: subprocess.Popen(words, stdout=out, stderr=out, env=environment),
        )
    try:
        until = time.monotonic() + READY_SECONDS
        while "Ray runtime started" not in log.read_text(errors="replace"):
            if node.poll() is not None or time.monotonic() > until:
                raise ConfigError(f"the node does not start: {log.read_text()[-500:]}")
            time.sleep(0.2)
        yield node
    finally:
        node.terminate()
        try:
            node.wait(15)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()


def _job_times(address: str, rounds: int) -> list[tuple[float, float, float]]:
    """Return the seconds of three kinds of jobs, of each round."""
    with tempfile.TemporaryDirectory() as name:
        flags = ("--audio", "none", "--engine", "tones", "--workers", address)
        with running_server(Path(name) / "clips", *flags, log=Path(name) / "log.txt") as server:
            client = Client(server.host, server.osc_port)
            try:
                _timed(client, "/msanii/generate", "seconds", SECONDS)  # what is made once
                return [_round(client, number) for number in range(rounds)]
            finally:
                client.close()


def _round(client: Client, number: int) -> tuple[float, float, float]:
    source = f"s{number}"
    return (
        _timed(client, "/msanii/generate", "seconds", SECONDS, "clip", source),
        _timed(client, "/msanii/outpaint", source, "seconds", SECONDS, "keep", 0),
        _timed(client, "/msanii/outpaint", source, "seconds", SECONDS, "keep", 0),
    )


def _timed(client: Client, address: str, *arguments: str | float) -> float:
    began = time.perf_counter()
    client.job(address, f"t{began}", *arguments, "seed", 1)
    return time.perf_counter() - began


def _restore(name: str, value: str | None) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value
