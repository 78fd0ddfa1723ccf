"""`msanii-live bench growth`: how time and memory grow with length, clips, clients and hours."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from msanii_live.audio import Clip, make_clip
from msanii_live.benchmarks.network import probes
from msanii_live.benchmarks.speed import peak_memory_mb, print_progress
from msanii_live.benchmarks.stream_speed import MeasuredStream
from msanii_live.client.connection import ClientConnection
from msanii_live.client.packets import build_packet
from msanii_live.client.server_process import running_server
from msanii_live.engines.base import standalone_context
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import CommandError
from msanii_live.library.library import Library
from msanii_live.protocol.commands import Generate, Outpaint

LENGTHS = (1, 6, 30, 95, 190)  # s
CLIPS = (10, 100, 1_000, 10_000, 100_000)
ADDED = 1_000  # clips of each size that the library itself writes; further files are copied
CLIENTS = (1, 4, 16, 64)
CHAIN = (1, 10, 25, 50)
MINUTES = (6, 15, 30, 60)  # of a stream that is made as fast as it can be
ENGINES = ("mel-flow", "composer")
ROUNDS = 3
PINGS = 50  # of each client
LINEAR = 1.15  # slope above which a cost counts as growing faster than what it depends on


@dataclass(frozen=True)
class Growth:
    """One cost. sizes: of what it depends on, in a unit. costs: for each, in s or MiB."""

    name: str
    unit: str
    sizes: Sequence[int]
    costs: Sequence[float]
    measure: str = "s"

    @property
    def slope(self) -> float:
        """The exponent between the last two sizes: 0 is constant, 1 linear, 2 quadratic."""
        if len(self.sizes) < 2:
            return 0.0
        ratio = max(self.costs[-1], 1e-9) / max(self.costs[-2], 1e-9)
        return float(np.log(ratio) / np.log(self.sizes[-1] / self.sizes[-2]))


def least(
    call: Callable[[], object], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the least seconds of several calls. clock: returns seconds."""
    took = []
    for _ in range(rounds):
        start = clock()
        call()
        took.append(clock() - start)
    return min(took)


@contextlib.contextmanager
def engine_clock(device: str) -> Iterator[Callable[[], float]]:
    """Give the clock that measures an engine: on a CPU, processor time of one thread.

    Several threads wait for each other by spinning, which on a busy machine counts as their work.
    """
    if device != "cpu":
        yield time.perf_counter
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield time.process_time
    finally:
        torch.set_num_threads(threads)


def by_length(lengths: Sequence[int], engine: str, device: str) -> list[Growth]:
    """Measure how long a clip takes by its length, and its memory; see `engine_clock`.

    Memory is that of the process at its peak beyond what it had with the engine loaded.
    """
    registry = EngineRegistry(device, engine)
    made = registry.get(engine)
    made.load()
    made.warm()
    context = replace(standalone_context(), seed=1)
    took, memory = [], []
    peak_since()  # forget what loading took
    loaded = peak_since()
    with engine_clock(device) as clock:
        for seconds in lengths:
            print_progress(f"{engine}, {seconds} s")
            command = Generate(seconds=float(seconds), steps=2)
            took.append(least(lambda command=command: made.run(command, context), 2, clock))  # type: ignore[misc]
            memory.append(max(0.0, peak_since() - loaded))
    return [
        Growth(f"{engine}, 2 steps", "s", lengths, took),
        Growth(f"{engine}, memory at the peak", "s", lengths, memory, "MiB"),
    ]


def peak_since() -> float:
    """Return this process's peak memory since the last call, MiB; 0 where Linux does not tell."""
    peak = peak_memory_mb(os.getpid()) or 0.0
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak is what is there now
    return peak


def by_clips(counts: Sequence[int]) -> list[Growth]:
    """Measure what a library of so many clips of 10 ms takes to open, to list and to search.

    Times are of the processor, which others on a busy machine disturb little.
    """
    rows: dict[str, list[float]] = {}
    samples = np.zeros((441, 2), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        library, written = Library(Path(folder)), 0
        for count in counts:
            print_progress(f"{count} clips")
            copied = max(written, count - ADDED)
            if copied > written:
                _copy_first(Path(folder), range(written, copied))
                library = Library(Path(folder))
            start = time.process_time()
            for number in range(copied, count):
                library.add(make_clip(samples, 44_100, name=clip_name(number)))
            per_clip, written = (time.process_time() - start) / (count - copied), count
            measured = {"add one": per_clip, **_library_costs(library)}
            for name, seconds in measured.items():
                rows.setdefault(name, []).append(seconds)
    return [Growth(name, "clips", counts, took) for name, took in rows.items()]


def by_clients(counts: Sequence[int]) -> list[Growth]:
    """Measure how long so many clients take together, each with several pings."""
    took = []
    flags = ("--config", "none", "--audio", "none", "--engine", "tones", "--log-level", "error")
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder), *flags) as server:
        probes(server, None)[0].ask()
        packet = build_packet("/msanii/ping", ("id", 1))
        for count in counts:
            print_progress(f"{count} clients")
            with contextlib.ExitStack() as open_lines:
                lines = [ClientConnection(server.host, server.osc_port, "slip")
                         for _ in range(count)]  # fmt: skip
                for line in lines:
                    open_lines.callback(line.close)

                def ask(lines: Sequence[ClientConnection] = lines) -> None:
                    for line in lines:
                        for _ in range(PINGS):
                            line.send(packet)
                    for line in lines:
                        for _ in range(PINGS):
                            line.receive(10.0)

                took.append(least(ask))
    return [Growth(f"{PINGS} pings of each client", "clients", counts, took)]


def by_chain(counts: Sequence[int], engine: str, device: str) -> list[Growth]:
    """Measure a chain of continuations of 1 s, each of the clip that the one before has made.

    See `engine_clock`.
    """
    made = EngineRegistry(device, engine).get(engine)
    made.load()
    context = replace(standalone_context(), seed=1)
    clip: Clip = made.run(Generate(seconds=2.0, steps=2), context)
    took, done = [], 0
    with engine_clock(device) as clock:
        start = clock()
        for count in counts:
            print_progress(f"{count} continuations")
            while done < count:
                own = replace(clip, info=replace(clip.info, engine=engine))  # as a job names it
                named = replace(context, clip=lambda name, source=own: source)  # type: ignore[misc]
                clip = made.run(Outpaint(src="a", seconds=1.0, steps=2), named)
                done += 1
            took.append(clock() - start)
    return [Growth(f"{engine}, chain of continuations", "continuations", counts, took)]


def by_minutes(minutes: Sequence[int], engine: str, device: str) -> list[Growth]:
    """Measure what a stream costs that goes on, in time and in memory.

    See `engine_clock`.
    """
    import psutil

    made = EngineRegistry(device, engine).get(engine)
    made.load()
    took, memory, length = [], [], 0.0
    with engine_clock(device) as clock:
        stream = MeasuredStream(made, None)
        start = clock()
        for count in minutes:
            print_progress(f"{count} minutes of a stream")
            while length < 60.0 * count:
                length += stream.advance().seconds
            took.append(clock() - start)
            memory.append(psutil.Process().memory_info().rss / 2**20)
    name = f"{engine}, a stream"
    return [
        Growth(name, "minutes", minutes, took),
        Growth(f"{name}: memory of the process", "minutes", minutes, memory, "MiB"),
    ]


def draw(rows: Sequence[Growth], path: Path) -> None:
    """Write the figure, an SVG: one panel for each unit, both axes logarithmic."""
    units = list(dict.fromkeys(row.unit for row in rows))
    figure = Figure(figsize=(4.2 * len(units), 3.6), layout="constrained")
    FigureCanvasSVG(figure)
    for place, unit in enumerate(units):
        axes = figure.add_subplot(1, len(units), place + 1)
        for row in (row for row in rows if row.unit == unit):
            label = f"{row.name}, {row.measure}: {row.slope:+.2f}"
            axes.loglog(row.sizes, row.costs, "o-", label=label)
        axes.set_xlabel(unit)
        axes.set_ylabel("s or MiB")
        axes.legend(fontsize=7, title="slope", title_fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def report_growth(clips: int, out: Path | None, device: str = "cpu") -> int:
    """Measure all of it, print the slopes, and write `growth.svg` into a folder.

    clips: the largest library. Returns the status: 1 where a cost grows faster than linearly.
    """
    counts = sorted({count for count in (*CLIPS, clips) if count <= clips})
    rows = [*by_clips(counts), *by_clients(CLIENTS)]
    for engine in ENGINES:
        rows += [*by_length(LENGTHS, engine, device), *by_chain(CHAIN, engine, device)]
    rows += by_minutes(MINUTES, "composer", device)
    return print_growth(rows, out)


def print_growth(rows: Sequence[Growth], out: Path | None) -> int:
    """Print the table, and write the figure where a folder is given; see `report_growth`."""
    print("| cost | sizes | s, or MiB | slope |\n| --- | --- | --- | ---: |")
    for row in rows:
        sizes = ", ".join(map(str, row.sizes))
        costs = ", ".join(f"{cost:.3g}" for cost in row.costs)
        print(f"| {row.name} | {sizes} {row.unit} | {costs} {row.measure} | {row.slope:.2f} |")
    if out is not None:
        draw(rows, out / "growth.svg")
    worse = [row.name for row in rows if row.slope > LINEAR]
    print(f"\nfaster than linear: {', '.join(worse) or 'nothing'}")
    return 1 if worse else 0


def _library_costs(library: Library) -> Mapping[str, float]:
    """Return the seconds of the processor that each question to a library takes."""
    clock = time.process_time
    return {
        "start": least(lambda: Library(library.folder), 2, clock),
        "list": least(library.infos, 20, clock),
        "find": least(lambda: library.info(clip_name(1)), 20, clock),
        "name without a clip": least(lambda: _find_none(library), ROUNDS, clock),
        "new name": least(lambda: library.next_name("generate"), ROUNDS, clock),
    }


def _find_none(library: Library) -> None:
    with contextlib.suppress(CommandError):
        library.info("no-such-clip")


def clip_name(number: int) -> str:
    """Return the name of one of many clips.

    >>> clip_name(7)
    'clip-000007'
    """
    return f"clip-{number:06d}"


def _copy_first(folder: Path, numbers: Sequence[int]) -> None:
    """Write files as the library does, from those of the first clip: quicker than the library."""
    audio, sidecar = ((folder / f"{clip_name(0)}{end}").read_bytes() for end in (".wav", ".json"))
    for number in numbers:
        name = clip_name(number)
        (folder / f"{name}.wav").write_bytes(audio)
        own = sidecar.replace(clip_name(0).encode(), name.encode())
        (folder / f"{name}.json").write_bytes(own)
