"""Play a server for minutes with six kinds of clients; nothing may be lost, and nothing grow.

The six: python-osc over UDP, which listens on another port, as Max does; TCP in the SLIP and in
the int32 framing; a WebSocket that watches the state, as the page does; HTTP; and oscsend, a new
process and port for every message. A stream plays for a minute in every five, and noise comes too.
Checked at the end: every job had one ending and no second one, every ping its pong, memory within
2 % and open files the same. Usage: python tests/soak/soak.py [--minutes 5] [--engine composer].
Status 1 if a check failed. Linux, for /proc.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from aiohttp import ClientError

from msanii_live.client import Client, NoAnswer
from msanii_live.client.server_process import running_server
from tests.soak.clients import CLIENTS
from tests.soak.tally import PATIENCE, Tally

WARM_UP = 150.0  # seconds: longer than anything is remembered, and than memory takes to settle
GROWTH = 0.02
SAMPLE_EVERY = 2.0  # s
PROGRESS_EVERY = 60.0  # s


def resident_mb(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def soak(minutes, engine):
    tallies = [Tally(client.__name__.replace("_client", "")) for client in CLIENTS]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        flags = ("--engine", engine, "--audio", "none", "--log-level", "warning")
        with running_server(Path(folder) / "clips", *flags, log=log) as server:
            stop = threading.Event()
            threads = [
                threading.Thread(target=guarded, args=(client, server, stop, tally))
                for client, tally in zip(CLIENTS, tallies, strict=True)
            ]
            for thread in threads:
                thread.start()
            samples = watch(server, minutes, tallies)
            stop.set()
            for thread in threads:
                thread.join(PATIENCE + 40)
            alive = server.child.poll() is None
            with Client(server.host, server.osc_port, "int32") as client:
                counts = {row["name"]: row["value"] for row in client.caps()}
        failures = [line for line in log.read_text().splitlines() if "ERROR" in line]
    return report(tallies, samples, alive, failures, counts)


def watch(server, minutes, tallies):
    """Return memory, MB, and open files every 2 s after the warm-up; print both every minute."""
    samples = []
    pid = server.child.pid
    began = time.monotonic()
    warm = began + min(WARM_UP, 30 * minutes)
    due = began + PROGRESS_EVERY
    while (now := time.monotonic()) < began + 60 * minutes and server.child.poll() is None:
        time.sleep(SAMPLE_EVERY)
        if now > warm:
            samples.append((resident_mb(pid), len(os.listdir(f"/proc/{pid}/fd"))))
        if now > due:
            due += PROGRESS_EVERY
            files = len(os.listdir(f"/proc/{pid}/fd"))
            jobs = sum(len(tally.jobs) for tally in tallies)
            print(
                f"minute {(now - began) / 60:.0f} of {minutes:g}: {resident_mb(pid):.1f} MB, "
                f"{files} open files, {jobs} jobs",
                flush=True,
            )
    return samples


def guarded(client, server, stop, tally):
    try:
        client(server, stop, tally)
    except (OSError, NoAnswer, ClientError, subprocess.SubprocessError) as error:
        tally.problems.append(f"it broke off: {error!r}")


def report(tallies, samples, alive, failures, counts):
    good = [tally.check() for tally in tallies]
    third = len(samples) // 3
    first, last = samples[:third], samples[-third:]
    before, after = (statistics.median(mb for mb, _ in part) for part in (first, last))
    growth = after / before - 1
    files = [statistics.median(n for _, n in part) for part in (first, last)]
    print(f"memory {before:.1f} MB, then {after:.1f} MB: {100 * growth:+.2f} %")
    print(f"open files {files[0]:g}, then {files[1]:g}; at most {max(n for _, n in samples)}")
    print(f"packets {counts['count-received']}, of them handled {counts['count-handled']}; "
          f"errors in the log {len(failures)}")  # fmt: skip
    for line in failures[:5]:
        print(line)
    flat = growth < GROWTH and abs(files[1] - files[0]) <= 1
    ok = all(good) and alive and not failures and flat and counts["count-receive-errors"] == "0"
    print("passed" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--engine", default="tones")
    given = parser.parse_args()
    sys.exit(soak(given.minutes, given.engine))
