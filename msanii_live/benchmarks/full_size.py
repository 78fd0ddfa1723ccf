"""`msanii-live bench gpu --random NAME`: full-size models, from message to WAV."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from msanii_live.benchmarks.pipelines import ROUNDS as ADDED_ROUNDS
from msanii_live.benchmarks.pipelines import print_added
from msanii_live.benchmarks.random_models import PUBLISHED, save_random
from msanii_live.benchmarks.speed import machine, peak_memory_mb, print_progress
from msanii_live.client import Client
from msanii_live.client.server_process import ServerProcess, running_server
from msanii_live.dsp.device import DTYPES, pick_device
from msanii_live.errors import MsaniiError

LENGTHS = (6.0, 120.0)  # s
ROUNDS = 5
BUDGET = 540.0  # s after which nothing further begins: the whole is one call of ten minutes
JOB_TIMEOUT = 400.0  # s: the first compiled clip takes minutes

# What is compared on a GPU: title, and flags of serve. A CPU has the first alone.
VARIANTS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("as it is served (CUDA graphs)", ()),
    ("--cuda-graphs off", ("--cuda-graphs", "off")),
    ("--compile on", ("--compile", "on")),
)


@dataclass(frozen=True)
class ServedRow:
    """One length as a client meets it, s, from the message until the WAV is there.

    first: of the first clip of that length, with compiling or recording. least, middle: of those
    that follow. memory: at the peak until then, MiB: of the GPU, or of the process.
    """

    seconds: float
    first: float
    least: float
    middle: float
    memory: float


def report_full_size(
    name: str,
    device: str,
    lengths: Sequence[float] = LENGTHS,
    steps: int | None = None,
    budget: float = BUDGET,
    rounds: int = ROUNDS,
    make: Callable[[], Any] | None = None,
) -> int:
    """Make a model with random weights, serve it, and print its times. Returns the status.

    steps: of denoising; None: the model's own. rounds: clips of each length, after the first.
    make: another pipeline than that of the name.
    """
    until = time.monotonic() + budget
    where = pick_device(device)
    on_gpu = where.type == "cuda"
    precision = "fp16" if on_gpu else "fp32"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, name)
        print_progress(f"making {name} with random weights on {where}")
        began = time.monotonic()
        parameters = save_random(make or PUBLISHED[name], folder, where, DTYPES[precision])
        torch.cuda.empty_cache() if on_gpu else None
        chip = torch.cuda.get_device_name() if on_gpu else machine()["cpu"]
        print(f"{name}: {parameters / 1e6:.0f} M random weights in {precision}, made and saved in "
              f"{time.monotonic() - began:.0f} s\n{chip}, torch {torch.__version__}; "
              f"{steps or 'the usual'} steps\n")  # fmt: skip
        print("From the message until the WAV is there:\n")
        print("| served | length | first, s | least, s | median, s | times real time | peak, MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for title, flags in VARIANTS[: None if on_gpu else 1]:
            if time.monotonic() > until:
                print(f"| {title} | not measured: the time is over | | | | | |")
                continue
            flags = ("--engine", str(folder), "--device", where.type, *flags)
            try:
                for row in serve_and_time(flags, lengths, steps, until, rounds):
                    print(
                        f"| {title if on_gpu else 'on the CPU'} | {row.seconds:g} s "
                        f"| {row.first:.3f} | {row.least:.3f} | {row.middle:.3f} "
                        f"| {row.seconds / row.least:.2g} | {row.memory:.0f} |",
                        flush=True,
                    )
            except MsaniiError as error:
                print(f"| {title} | {str(error).splitlines()[0][:200]} | | | | | |", flush=True)
        print()
        if time.monotonic() < until:
            print_added(folder, lengths[0], steps, device, min(rounds, ADDED_ROUNDS), until)
        else:
            print("what is added to the model's own calls was not measured: the time is over")
    return 0


def serve_and_time(
    flags: Sequence[str], lengths: Sequence[float], steps: int | None, until: float, rounds: int
) -> Iterator[ServedRow]:
    """Serve with these flags, and return the times of each length.

    until: of `time.monotonic`, after which no clip begins but the first two.
    Raises: MsaniiError: the server or a job failed.
    """
    memory = _Memory()
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "server.log")
        with running_server(
            Path(scratch), "--config", "none", "--audio", "none", *flags, log=log
        ) as server:
            print_progress(f"ready after {server.startup:.1f} s")
            with Client(server.host, server.osc_port) as client:
                for seconds in lengths:
                    took = list(_clips(client, seconds, steps, until, rounds))
                    yield ServedRow(
                        seconds, took[0], min(took[1:]), median(took[1:]), memory.of(server)
                    )


def _clips(
    client: Client, seconds: float, steps: int | None, until: float, rounds: int
) -> Iterator[float]:
    """Make clips of one length, and return how long each took, s."""
    asked = ("prompt", "w1 w2", "seconds", seconds, *(("steps", steps) if steps else ()))
    for number in range(1 + rounds):
        if number > 1 and time.monotonic() > until:
            return
        token = f"{seconds:g}-{number}"
        began = time.perf_counter()
        client.job("/msanii/generate", token, *asked, "seed", number, timeout=JOB_TIMEOUT)
        yield time.perf_counter() - began


class _Memory:
    """The memory of a served model: of the whole GPU since this was made, else of the process.

    PyTorch keeps what it once took, so that what a GPU holds afterwards was needed at the peak.
    """

    def __init__(self) -> None:
        self._before = _gpu_used()

    def of(self, server: ServerProcess) -> float:
        """Return the memory, MiB."""
        if torch.cuda.is_available():
            return (_gpu_used() - self._before) / 2**20
        return peak_memory_mb(server.child.pid) or 0.0


def _gpu_used() -> int:
    if not torch.cuda.is_available():
        return 0
    free, total = torch.cuda.mem_get_info()
    return total - free
