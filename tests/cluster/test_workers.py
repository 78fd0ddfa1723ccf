"""Check jobs in real worker processes, over OSC: sources, errors, cancelling, and lost processes."""

import os
import signal
import time

import pytest

from tests.live import live

pytest.importorskip("ray")
pytest.importorskip("grpc")

SLOW = 400  # steps of the engine of tones that take 4 s


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with live(tmp_path_factory.mktemp("workers"), "--engine", "tones", "--workers", "2") as it:
        yield it


def worker_pids(server):
    """Return the processes of all workers, once all are there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        rows = workers(server)
        if all(state in ("idle", "busy") for state, *_ in rows):
            return [int(pid) for *_, pid in rows]
        time.sleep(0.2)
    raise AssertionError(rows)


def workers(server):
    """Return (state, process) of each worker, from /msanii/caps."""
    server.client.send("/msanii/caps", "id", "w")
    rows = []
    while True:
        message = server.client.wait(("/msanii/caps", "/msanii/done"), "w", 10)
        if message.address == "/msanii/done":
            return rows
        name, value, *_ = message.args
        if name.startswith("worker-"):
            words = value.split()
            rows.append((words[0], words[-1]))


def test_a_job_runs_in_a_worker_and_gets_its_sources(server):
    first = server.job("/msanii/generate", "a", "seconds", 1.0, "seed", 3)
    again = server.job("/msanii/generate", "b", "seconds", 1.0, "seed", 3)
    name = str(first[2])
    longer = server.job("/msanii/outpaint", "c", name, "seconds", 1.0)
    assert first[4] == again[4] == 1.0
    assert longer[4] == 2.0
    wavs = [open(row[3], "rb").read() for row in (first, again)]
    assert wavs[0] == wavs[1]
