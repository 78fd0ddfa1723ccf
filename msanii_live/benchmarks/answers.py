"""The last table of `msanii-live bench daw`: how soon `/msanii/status` is answered during a job.

The one who asks is a program of its own with real-time priority where the system allows it, so that
only the server's delay is measured: `python -m msanii_live.benchmarks.answers HOST PORT SECONDS`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from msanii_live.benchmarks.network import Probe
from msanii_live.client.blocking import Client
from msanii_live.client.connection import ClientConnection
from msanii_live.client.packets import build_packet

PAUSE = 0.02  # s from an answer to the next question
LOST = 5.0  # s that a question without an answer counts as

# Name, and the keys of the command.
Case = tuple[str, Sequence[str | float]]


@dataclass(frozen=True)
class AnswerTimes:
    """Seconds from each `/msanii/status` to its answer. jobs: clips that were made meanwhile."""

    name: str
    seconds: Sequence[float]
    jobs: int

    def row(self) -> str:
        """Return a row: name, jobs, answers, and the median, 90th, 99th percentile and most, ms."""
        ordered = sorted(self.seconds)
        shown = [ordered[round(part * (len(ordered) - 1))] for part in (0.5, 0.9, 0.99, 1.0)]
        figures = " | ".join(f"{1_000 * each:.1f}" for each in shown)
        return f"| {self.name} | {self.jobs} | {len(ordered)} | {figures} |"


def ask(host: str, port: int, seconds: float) -> list[float]:
    """Return the seconds to each answer of a server that is asked for so many seconds."""
    line = ClientConnection(host, port)
    probe = Probe("", line, build_packet("/msanii/status", ()), "/msanii/status")
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(PAUSE)
        took.append(probe.ask() or LOST)
    line.close()
    return took


def measure_answers(client: Client, case: Case, seconds: float, length: float) -> AnswerTimes:
    """Ask a server for so many seconds while it makes clips without a pause.

    length: of a clip, in s. The first two clips, in which an engine loads, are not counted.
    """
    name, keys = case
    for number in range(2):
        _make(client, f"{name} first {number}", keys, length, number)
    program = [sys.executable, "-m", "msanii_live.benchmarks.answers"]
    program += [client.host, str(client.port), str(seconds)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as asker:
        jobs = 0
        while asker.poll() is None:
            _make(client, f"{name} {jobs} {time.monotonic()}", keys, length, jobs)
            jobs += 1
        assert asker.stdout is not None
        return AnswerTimes(name, json.loads(asker.stdout.read()), jobs)


def _make(
    client: Client, token: str, keys: Sequence[str | float], length: float, seed: int
) -> None:
    client.job("/msanii/generate", token, *keys, "seconds", length, "seed", seed)
    client.received.clear()


def _main(host: str, port: str, seconds: str) -> None:
    with contextlib.suppress(AttributeError, OSError):  # not every system, and not every user, may
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(2))
    print(json.dumps(ask(host, int(port), float(seconds))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
