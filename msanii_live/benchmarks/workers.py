"""How jobs scale with workers: engines that only wait, in as many processes of Ray."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from msanii_live.benchmarks.waiting_engine import JOB_SECONDS
from msanii_live.client import Client
from msanii_live.client.server_process import ServerProcess, running_server

ROUNDS = 4  # jobs for each worker
WAITING = 32  # jobs that wait behind those that run, at most: the queue takes 64
STATUS_PAUSE = 0.02  # s between questions
START_SECONDS = 180.0  # in which all workers are there
# What makes the engine known to the server and the workers, as an installed package would.
ENTRY_POINTS = """[msanii_live.engines]
waiting = msanii_live.benchmarks.waiting_engine:create
"""


@dataclass(frozen=True)
class Scaling:
    """What was measured with so many workers.

    per_minute: jobs. ideal: the same without any loss. delay: s from a worker's being free to the
    start of its next job, on average: what a job takes beyond its waiting. status: 99th percentile
    of the answer to /msanii/status, ms. cost: processor time of the server, ms a job.
    """

    workers: int
    per_minute: float
    ideal: float
    delay: float
    status: float
    cost: float

    @property
    def share(self) -> float:
        """The share of the ideal, %."""
        return 100 * self.per_minute / self.ideal


def report_workers(counts: Sequence[int], rounds: int = ROUNDS) -> int:
    """Print a line for each number of workers; return 0."""
    print("workers  jobs/min  ideal  share  delay ms  status p99 ms  server ms/job", flush=True)
    for count in counts:
        it = measure(count, rounds)
        print(
            f"{it.workers:7d} {it.per_minute:9.1f} {it.ideal:6.0f} {it.share:5.1f}% "
            f"{1000 * it.delay:9.0f} {it.status:14.2f} {it.cost:14.1f}",
            flush=True,
        )
    return 0


def measure(workers: int, rounds: int) -> Scaling:
    """Keep workers busy for some rounds and measure."""
    with tempfile.TemporaryDirectory() as name, _known_engine(Path(name) / "engine"):
        folder, log = Path(name) / "clips", Path(name) / "log.txt"
        flags = ("--engine", "waiting", "--audio", "none", "--workers", str(workers))
        with running_server(folder, *flags, log=log) as server:
            client = Client(server.host, server.osc_port)
            try:
                _await_workers(client, workers)
                return _measure(server, client, workers, rounds)
            finally:
                client.close()


def _measure(server: ServerProcess, client: Client, workers: int, rounds: int) -> Scaling:
    jobs = workers * rounds
    process = psutil.Process(server.child.pid)
    with _status_times(server) as answers:
        cpu, began = sum(process.cpu_times()[:2]), time.monotonic()
        sent = ended = 0
        while ended < jobs:
            while sent < jobs and sent - ended < workers + min(workers, WAITING):
                client.send("/msanii/generate", "seconds", 6.0, "id", f"j{sent}")
                sent += 1
            message = client.wait(("/msanii/job/done", "/msanii/fail"), timeout=60)
            assert message.address == "/msanii/job/done", message.args
            ended += 1
        took = time.monotonic() - began
        cpu = sum(process.cpu_times()[:2]) - cpu
    return Scaling(
        workers,
        60 * jobs / took,
        60 * workers / JOB_SECONDS,
        took / rounds - JOB_SECONDS,
        float(np.percentile(answers, 99)) * 1000,
        1000 * cpu / jobs,
    )


def _await_workers(client: Client, workers: int) -> None:
    """Wait until all workers are there."""
    until, there = time.monotonic() + START_SECONDS, 0
    while there < workers:
        assert time.monotonic() < until, f"{there} of {workers} workers have started"
        time.sleep(0.5)
        client.send("/msanii/worker/list")
        there = 0
        while (message := client.wait(("/msanii/worker/entry", "/msanii/done"))).args[0] == "":
            there += message.args[2] == "idle"


@contextmanager
def _status_times(server: ServerProcess) -> Iterator[list[float]]:
    """Ask for the status all the while; give the list of how long each answer took, s."""
    took: list[float] = []
    ends = threading.Event()

    def ask() -> None:
        client = Client(server.host, server.osc_port)
        while not ends.wait(STATUS_PAUSE):
            began = time.perf_counter()
            client.send("/msanii/status")
            client.wait(("/msanii/status",), timeout=20)
            took.append(time.perf_counter() - began)
        client.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield took
    finally:
        ends.set()
        thread.join()


@contextmanager
def _known_engine(folder: Path) -> Iterator[None]:
    """Make the engine known to all processes that are started meanwhile."""
    information = folder / "waiting-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: waiting\nVersion: 1\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), before)))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
