"""`msanii-live bench precision`: the time of a clip in fp32 and in bf16, measured alternately."""

from __future__ import annotations

import statistics
import time

from msanii_live.dsp import cpu_precision
from msanii_live.engines.base import standalone_context
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.protocol.commands import Generate

STEPS = (4, 16)


def report_precision(rounds: int = 5) -> int:
    """Time mel-flow on the CPU in both precisions, and print the table.

    Returns the exit status: 1 if the CPU has no bf16.
    """
    if not cpu_precision.has_bf16():
        print(f"{cpu_precision.cpu_name()} has no bf16: networks run in fp32")
        return 1
    blocks = cpu_precision.measure_both()
    print(f"{cpu_precision.machine_key()}; medians of {rounds}, fp32 and bf16 by turns.\n")
    print("| | fp32 | bf16 | bf16 / fp32 |\n| --- | ---: | ---: | ---: |")
    print(
        f"| blocks that decide `auto` | {blocks.fp32_ms:.1f} ms | {blocks.bf16_ms:.1f} ms | "
        f"{blocks.ratio:.2f} |"
    )
    engines = {name: MelFlowEngine("cpu", precision=name) for name in ("fp32", "bf16")}
    for steps in STEPS:
        took: dict[str, list[float]] = {name: [] for name in engines}
        for turn in range(rounds + 1):  # the first is the warm-up
            for name, engine in engines.items():
                began = time.perf_counter()
                engine.run(Generate(seconds=6.0, steps=steps), standalone_context())
                if turn:
                    took[name].append(time.perf_counter() - began)
        fp32, bf16 = (statistics.median(times) for times in took.values())
        what = f"generate 6 s, {steps} steps"
        print(f"| {what} | {fp32:.2f} s | {bf16:.2f} s | {bf16 / fp32:.2f} |", flush=True)
    return 0
