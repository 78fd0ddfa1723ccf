"""`msanii-live bench gpu`: engines by length and steps on one device, beside what it could do."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from msanii_live.audio import Samples
from msanii_live.benchmarks.speed import machine, peak_memory_mb, print_progress
from msanii_live.dsp.cuda_graphs import without_graphs
from msanii_live.dsp.device import DTYPES, pick_device
from msanii_live.dsp.packed_layers import has_onednn
from msanii_live.engines.base import Engine, EngineSettings, standalone_context
from msanii_live.engines.mel_flow.engine import create as create_mel_flow
from msanii_live.engines.pipelines.engine import create as create_pipeline
from msanii_live.engines.spans import SpanPlan
from msanii_live.errors import CommandError
from msanii_live.protocol.commands import Generate

LENGTHS = (6.0, 30.0, 120.0, 190.0)  # s
STEPS = (1, 4, 16)
ROUNDS = 3
BUDGET = 540.0  # s after which no further row begins: the whole is one call of ten minutes
PRODUCT = 4_096  # rows of the matrices that tell what a device computes at most; fewer on a CPU


@dataclass(frozen=True)
class GpuRow:
    """One length and number of steps. Medians, s; None where it was not measured.

    first: until the first samples are there. limit: of the floating-point operations alone, at the
    rate of a large matrix product on the same device. memory: at the peak, MiB.
    """

    seconds: float
    steps: int
    whole: float
    first: float
    limit: float
    memory: float


class FirstSamples:
    """A receiver that notes when the first samples come."""

    def __init__(self) -> None:
        self.at: float | None = None

    def begin(self, plan: SpanPlan) -> None:
        """Do nothing."""

    def take(self, samples: Samples) -> None:
        """Note the time of the first samples."""
        if self.at is None:
            self.at = time.perf_counter()


def flops_a_second(device: torch.device, dtype: torch.dtype) -> float:
    """Return the operations a second of a large matrix product, the best of several."""
    size = PRODUCT if device.type == "cuda" else PRODUCT // 4
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        _wait(device)
        start = time.perf_counter()
        a @ b
        _wait(device)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def measure_row(
    engine: Engine, device: torch.device, command: Generate, rate: float, rounds: int = ROUNDS
) -> GpuRow:
    """Run one command several times, after one run that is not counted. rate: of the device."""
    context = standalone_context()
    with (
        without_graphs(),
        FlopCounterMode(display=False, custom_mapping=_packed_operations()) as counted,
    ):
        engine.run(command, replace(context, seed=0))
    engine.run(command, replace(context, seed=1))  # networks are recorded now
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    whole, first = [], []
    for seed in range(rounds):
        receiver = FirstSamples()
        _wait(device)
        start = time.perf_counter()
        engine.run(command, replace(context, seed=2 + seed, spans=receiver))
        end = time.perf_counter()
        whole.append(end - start)
        first.append((receiver.at or end) - start)
    return GpuRow(
        command.seconds, command.steps or 0, statistics.median(whole), statistics.median(first),
        counted.get_total_flops() / rate, _peak_memory(device),
    )  # fmt: skip


def _packed_operations() -> dict[Any, Callable[..., int]]:
    """Return how many operations each of oneDNN's packed layers takes, which torch does not know.

    They run on a CPU alone; see `dsp/packed_layers.py`.
    """
    if not has_onednn():
        return {}

    def linear(x: Sequence[int], *_: object, out_shape: Sequence[int], **__: object) -> int:
        return 2 * math.prod(x) * out_shape[-1]

    def convolution(
        x: Sequence[int], weight: Sequence[int], *_: object, out_shape: Sequence[int], **__: object
    ) -> int:
        return 2 * math.prod(out_shape) * math.prod(weight[1:])

    return {
        torch.ops.mkldnn._linear_pointwise: linear,
        torch.ops.mkldnn._convolution_pointwise: convolution,
    }


def rows_of(
    engine: Engine,
    device: torch.device,
    lengths: Sequence[float],
    steps: Sequence[int],
    until: float,
) -> Iterator[GpuRow]:
    """Return the rows of an engine. until: of `time.monotonic`; a row that would end later, by
    what the one before it took, does not begin.
    """
    engine.load()
    rate = flops_a_second(device, DTYPES[engine.precision])
    pace = 0.0  # s that the latest row took for each second of audio and each step
    for seconds in lengths:
        for count in steps:
            began = time.monotonic()
            if began + pace * seconds * count > until:
                print(f"| {seconds:g} s | {count} | not measured: the time is over | | | |")
                continue
            try:
                yield measure_row(
                    engine, device, Generate(seconds=seconds, steps=count, prompt="house"), rate
                )
            except CommandError as error:
                print(f"| {seconds:g} s | {count} | {error.text} | | | |")
            else:
                pace = (time.monotonic() - began) / (seconds * count)


def report_gpu(
    device: str,
    lengths: Sequence[float] = LENGTHS,
    steps: Sequence[int] = STEPS,
    models: Sequence[Path] = (),
    budget: float = BUDGET,
) -> int:
    """Measure mel-flow, with and without CUDA graphs, and the folders of models; print tables."""
    where, until = pick_device(device), time.monotonic() + budget
    name = torch.cuda.get_device_name() if where.type == "cuda" else machine()["cpu"]
    print(f"{name}, torch {torch.__version__}; medians of {ROUNDS}\n")
    settings = EngineSettings(device, name="mel-flow")
    engines: list[tuple[str, Engine]] = [("mel-flow", _one(create_mel_flow(settings)))]
    if where.type == "cuda":
        graphed = _one(create_mel_flow(replace(settings, cuda_graphs=True)))
        engines.insert(0, ("mel-flow with CUDA graphs", graphed))
    for model in models:
        own = replace(settings, name=model.name, weights=model)
        if where.type == "cuda":
            graphed = _one(create_pipeline(replace(own, cuda_graphs=True)))
            engines.append((f"{model.name} with CUDA graphs", graphed))
        engines.append((model.name, _one(create_pipeline(own))))
    for title, engine in engines:
        print_progress(title)
        engine.load()
        print(f"{title}, {engine.precision}\n")
        print("| length | steps | whole, s | first samples, s | limit, s | peak, MiB |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: |")
        for row in rows_of(engine, where, lengths, steps, until):
            print(
                f"| {row.seconds:g} s | {row.steps} | {row.whole:.4f} | {row.first:.4f} | "
                f"{row.limit:.4f} | {row.memory:.0f} |",
                flush=True,
            )
        engine.free()
        print()
    return 0


def _one(made: Engine | Sequence[Engine]) -> Engine:
    return made[0] if isinstance(made, Sequence) else made


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _peak_memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return peak_memory_mb(os.getpid()) or 0.0
