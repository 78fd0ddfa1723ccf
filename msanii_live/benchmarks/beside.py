"""`msanii-live bench daw`: clips and the stream while other programs keep the cores busy."""

from __future__ import annotations

import contextlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msanii_live.benchmarks.answers import Case, measure_answers
from msanii_live.benchmarks.speed import print_progress
from msanii_live.client.blocking import Client
from msanii_live.client.server_process import running_server

# Counts for ever, as the busiest thread of a DAW does, and ends with the program that started it.
COUNT = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True: pass
"""
SECONDS = 6.0  # of a clip
ANSWERING = 20.0  # s for which the server is asked in each state
STILL_HERE = 20.0  # s after which a client that only listens asks for more

CASES: Sequence[Case] = (
    ("composer, piano", ("engine", "composer", "style", "piano")),
    ("composer, house", ("engine", "composer", "style", "house")),
    ("mel-flow, 4 steps", ("engine", "mel-flow", "style", "house", "steps", 4)),
)


class BusyPrograms:
    """Programs that count, stopped until they are told to go on."""

    def __init__(self, count: int) -> None:
        """Start them."""
        self._children = [
            subprocess.Popen([sys.executable, "-c", COUNT], stdin=subprocess.PIPE)
            for _ in range(count)
        ]
        self.pause()

    def pause(self) -> None:
        """Stop them."""
        self._send(signal.SIGSTOP)

    def run(self) -> None:
        """Let them go on."""
        self._send(signal.SIGCONT)

    def close(self) -> None:
        """End them."""
        for child in self._children:
            child.kill()
            child.wait()
            assert child.stdin is not None
            child.stdin.close()

    def _send(self, number: signal.Signals) -> None:
        for child in self._children:
            child.send_signal(number)


@dataclass(frozen=True)
class ClipTimes:
    """Seconds from the OSC message of a clip to its WAV, alone and beside the busy programs."""

    name: str
    alone: Sequence[float]
    beside: Sequence[float]


@dataclass
class StreamFigures:
    """What a stream reported. Times in s.

    late: how often the last bar was repeated. rates: seconds of audio per second of making. left:
    of sound when each chunk was ready.
    """

    rates: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    late: int = 0
    warnings: list[str] = field(default_factory=list)


@contextlib.contextmanager
def server_beside(count: int, flags: Sequence[str]) -> Iterator[tuple[Client, BusyPrograms]]:
    """Run a server with flags of `serve`, and so many busy programs, which are paused."""
    flags = ("--config", "none", "--audio", "none", "--log-level", "error", *flags)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), *flags) as server,
        contextlib.closing(Client(server.host, server.osc_port)) as client,
        contextlib.closing(BusyPrograms(count)) as busy,
    ):
        yield client, busy


def measure_clips(
    client: Client, busy: BusyPrograms, case: Case, runs: int, seconds: float = SECONDS
) -> ClipTimes:
    """Make clips alone and beside the busy programs, by turns, after two that are not counted."""
    name, keys = case
    took: list[float] = []
    for run in range(2 * runs + 2):
        (busy.run if run % 2 else busy.pause)()
        start = time.perf_counter()
        client.job(
            "/msanii/generate", f"{name}-{run}", *keys, "seconds", seconds, "seed", 100 + run // 2
        )
        took.append(time.perf_counter() - start)
    busy.pause()
    return ClipTimes(name, took[2::2], took[3::2])


def measure_stream(client: Client, busy: BusyPrograms, case: Case, seconds: float) -> StreamFigures:
    """Play a stream beside the busy programs. seconds: from its first chunk on."""
    name, keys = case
    figures = StreamFigures()
    client.job("/msanii/generate", f"source of {name}", *keys, "seconds", 8.0, "clip", "source")
    client.send("/msanii/notify", 1)
    busy.run()
    engine = keys[1 + list(keys).index("engine")]
    client.send("/msanii/stream/start", "source", "engine", engine, "id", f"stream of {name}")
    until: float | None = None
    latest = time.monotonic() + 60.0 + seconds
    asked = time.monotonic()
    while time.monotonic() < min(latest, until or latest):
        if time.monotonic() > asked + STILL_HERE:
            client.send("/msanii/ping", "id", f"still here {len(figures.left)}")
            asked = time.monotonic()
        message = client.receive(1.0)
        client.received.clear()
        if message is None:
            continue
        if message.address == "/msanii/stream/chunk":
            until = until or time.monotonic() + seconds
            length, took, ahead = (float(value or 0) for value in message.args[2:])
            figures.rates.append(length / max(took, 1e-6))
            figures.left.append(ahead - length)
        elif message.address == "/msanii/stream/late":
            figures.late += 1
        elif message.address in ("/msanii/warn", "/msanii/fail"):
            figures.warnings.append(str(message.args[-1]))
    client.send("/msanii/stream/stop", "id", f"end of {name}")
    busy.pause()
    return figures


def report_beside(
    count: int, threads: Sequence[int], runs: int, minutes: float, cases: Sequence[Case] = CASES
) -> int:
    """Print tables of clips and of streams beside so many busy programs.

    A table of how soon `/msanii/status` is answered meanwhile stands between them.

    threads: of `serve --threads`, each measured; 0 is the default. minutes: of each stream, with
    the first number of threads; 0 leaves them out. Returns the status: 1 if a stream was late.
    """
    print(f"{count} programs that only count; {runs} clips of {SECONDS:g} s each, alone and beside "
          "them by turns\n")  # fmt: skip
    print("| clip | --threads | alone, median | most | beside, median | most | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for number in threads:
        with server_beside(count, ("--threads", str(number))) as (client, busy):
            for case in cases:
                print_progress(f"{case[0]}, {number} threads")
                print(clip_row(measure_clips(client, busy, case, runs), number), flush=True)
    report_answers(count, cases)
    if not minutes:
        return 0
    print(f"\nStreams beside them, {minutes:g} minutes each\n")
    print("| stream | chunks | times real time, median | least | least left, s | late |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    late = 0
    for case in cases:
        with server_beside(count, ("--threads", str(threads[0]))) as (client, busy):
            print_progress(f"stream of {case[0]}")
            figures = measure_stream(client, busy, case, 60 * minutes)
        print(stream_row(case[0], figures), flush=True)
        for text in dict.fromkeys(figures.warnings):
            print_progress(text)
        late += figures.late + (not figures.rates)
    return 1 if late else 0


def report_answers(count: int, cases: Sequence[Case], seconds: float = ANSWERING) -> None:
    """Print how soon `/msanii/status` is answered while clips are made."""
    print("\n| `/msanii/status` during | jobs | answers | median, ms | 90th | 99th | most |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, keys in cases:
        with server_beside(count, ()) as (client, busy):
            for state, switch in (("alone", busy.pause), (f"beside {count}", busy.run)):
                print_progress(f"answers during {name}, {state}")
                switch()
                print(
                    measure_answers(client, (f"{name}, {state}", keys), seconds, SECONDS).row(),
                    flush=True,
                )


def clip_row(times: ClipTimes, threads: int) -> str:
    """Return a row of the table of clips."""
    alone, beside = statistics.median(times.alone), statistics.median(times.beside)
    return (
        f"| {times.name} | {threads or 'default'} | {alone:.2f} s | {max(times.alone):.2f} | "
        f"{beside:.2f} s | {max(times.beside):.2f} | {beside / alone:.1f} |"
    )


def stream_row(name: str, figures: StreamFigures) -> str:
    """Return a row of the table of streams."""
    if not figures.rates:
        return f"| {name} | 0 | - | - | - | - |"
    return (
        f"| {name} | {len(figures.rates)} | {statistics.median(figures.rates):.1f} | "
        f"{min(figures.rates):.1f} | {min(figures.left):.1f} | {figures.late} |"
    )
