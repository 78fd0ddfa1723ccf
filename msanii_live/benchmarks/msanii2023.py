"""Time the 2023 engine against the 2023 code's plain path in one run, and compare their results.

Weights are random, of the published configuration: time does not depend on them. The plain path is
`UNet2023` as released, in float32, and torchaudio's Griffin-Lim. Both run on one thread and are
timed by the processor time that they take, so that other programs do not count.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from msanii_live.benchmarks.plain2023 import plain_griffin_lim
from msanii_live.benchmarks.speed import machine, peak_memory_mb, print_progress
from msanii_live.dsp.device import network_dtype
from msanii_live.engines.msanii2023.fast_unet import fast_unet
from msanii_live.engines.msanii2023.features import Features2023, Features2023Config
from msanii_live.engines.msanii2023.mel_tasks import CORRECTED
from msanii_live.engines.msanii2023.model import Msanii2023
from msanii_live.engines.msanii2023.phase import griffin_lim
from msanii_live.engines.msanii2023.pipeline import Msanii2023Pipeline
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config

STEPS = 20
ITERATIONS = 200
PAPER_FRAMES = 8_387_584  # frames of the paper's 190 s


@dataclass(frozen=True)
class Comparison2023:
    """Processor seconds of the plain path and of ours, and their numerical difference.

    error: relative error of ours against plain from the same start; None where they compute
    different things. measured: the runs of which the seconds are the median.
    """

    what: str
    plain: float
    ours: float
    error: float | None
    measured: str

    @property
    def ratio(self) -> float:
        """How many times as fast ours is."""
        return self.plain / self.ours


def random_model(config: UNet2023Config | None = None) -> Msanii2023:
    """Return a model of the published configuration, or another U-Net's, at random weights."""
    torch.manual_seed(0)
    config = config or UNet2023Config()
    parts = (
        UNet2023(config),
        Vocoder2023(Vocoder2023Config(mels=config.mels)),
        Features2023(Features2023Config(mels=config.mels)),
    )
    for part in parts:
        part.requires_grad_(False).eval()
    return Msanii2023(*parts)


def compare(
    frames: int,
    *,
    model: Msanii2023 | None = None,
    rounds: int = 5,
    iterations: int = ITERATIONS,
    measured: int = ITERATIONS,
    compiled: bool = False,
) -> list[Comparison2023]:
    """Measure every stage at a length, plain and ours alternately.

    frames: of stereo audio. iterations: Griffin-Lim iterations that are charged, of which
    `measured` are run. compiled: compile our network as `serve --compile` does.
    """
    model = model or random_model()
    native = network_dtype(torch.device("cpu"))
    pipeline = Msanii2023Pipeline(model, model.unet, torch.Generator(), lambda *_: None)
    mel_frames = pipeline.mel_frames(frames)
    noise = torch.randn(1, 2, model.unet.config.mels, mel_frames)
    timesteps = torch.tensor([500])
    rows = []
    exact = fast_unet(model.unet, torch.float32, compiled)
    native_net = exact if native == torch.float32 else fast_unet(model.unet, native, compiled)
    true = model.unet(noise, timesteps)
    for name, net in (("float32", exact), (str(native).removeprefix("torch."), native_net)):
        if net is model.unet or (net is exact and name != "float32"):
            continue  # the plain path itself, or what was measured already
        error = _error(net(noise, timesteps), true)
        plain, ours = _in_turns(
            rounds,
            lambda: model.unet(noise, timesteps),
            lambda net=net: net(noise, timesteps),  # type: ignore[misc]
        )
        rows.append(
            Comparison2023(f"U-Net step, {name}", plain, ours, error, f"{rounds} steps each")
        )
        print_progress(f"{rows[-1].what}: {plain:.3f} s, {ours:.3f} s")
    if not rows:
        plain, ours = _in_turns(rounds, *[lambda: model.unet(noise, timesteps)] * 2)
        rows.append(
            Comparison2023(
                "U-Net step, float32: the plain one", plain, ours, 0.0, f"{rounds} steps"
            )
        )
    step = rows[-1]
    rows.append(_vocoding(model, noise.clamp(-1, 1), rounds, iterations, measured))
    vocoding = rows[-1]
    rows.append(
        Comparison2023(
            f"{STEPS}-step generation",
            STEPS * step.plain + vocoding.plain,
            STEPS * step.ours + vocoding.ours,
            None,
            "the sum of its parts",
        )
    )
    ours = vocoding.ours * CORRECTED.iterations / iterations
    rows.append(
        Comparison2023(
            f"the same, at our {CORRECTED.iterations} iterations",
            rows[-1].plain,
            STEPS * step.ours + ours,
            None,
            "the sum of its parts",
        )
    )
    return rows


def _vocoding(
    model: Msanii2023, mel: Tensor, rounds: int, iterations: int, measured: int
) -> Comparison2023:
    vocoder = model.vocoder
    magnitude = vocoder(mel)
    few = min(4, measured)
    torch.manual_seed(0)
    true = plain_griffin_lim(magnitude, few)
    torch.manual_seed(0)
    error = _error(griffin_lim(magnitude, few, phases="quadrant"), true)
    error = max(error, _error(vocoder.forward_in_chunks(mel), magnitude))
    times = max(1, rounds // 2)
    networks = _in_turns(times, lambda: vocoder(mel), lambda: vocoder.forward_in_chunks(mel))
    phases = _in_turns(
        times,
        lambda: plain_griffin_lim(magnitude, measured),
        lambda: griffin_lim(magnitude, measured),
    )
    plain, ours = (n + p * iterations / measured for n, p in zip(networks, phases, strict=True))
    runs = f"{measured} of {iterations} iterations, {times} times each"
    row = Comparison2023(f"vocoding, {iterations} iterations", plain, ours, error, runs)
    print_progress(f"{row.what}: {plain:.2f} s, {ours:.2f} s")
    return row


def _in_turns(
    rounds: int, plain: Callable[[], object], ours: Callable[[], object]
) -> tuple[float, float]:
    """Return the median processor seconds of two calls, alternately, after one warm-up each."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for call, times in zip((plain, ours), took, strict=True):
            started = time.process_time()
            call()
            if turn:
                times.append(time.process_time() - started)
    return statistics.median(took[0]), statistics.median(took[1])


def _error(actual: Tensor, expected: Tensor) -> float:
    return float((actual.float() - expected).norm() / expected.norm())


def time_long_take(steps: int = STEPS, frames: int = PAPER_FRAMES) -> dict[str, float]:
    """Generate stereo audio in one pass in a new process; return seconds and peak memory in MiB.

    frames: of audio, at most the paper's.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_take, (steps, frames))


@torch.inference_mode()
def _take(steps: int, frames: int) -> dict[str, float]:
    model = random_model()
    net = fast_unet(model.unet, network_dtype(torch.device("cpu")))
    marks: list[float] = []

    def progress(step: int, of: int) -> None:
        if step > len(marks) - 1:
            marks.append(time.perf_counter())
            print_progress(f"{frames / 44_100:.0f} s: {step} of {of}")

    pipeline = Msanii2023Pipeline(
        model, net, torch.Generator().manual_seed(0), progress, steps=steps
    )
    wave = pipeline.generate(frames)
    assert wave.shape == (2, frames)
    assert bool(wave.isfinite().all())
    return {
        "steps": steps,
        "seconds": marks[-1] - marks[0],
        "a step": statistics.median(b - a for a, b in pairwise(marks[: steps + 1])),
        "magnitudes": marks[-2] - marks[-3],
        "phases": marks[-1] - marks[-2],
        "peak_memory_mb": peak_memory_mb(os.getpid()) or 0.0,
    }


def report_msanii2023(out: Path | None, full: bool, compiled: bool) -> int:
    """Compare at 6 s, and where `full` at 190 s with one whole take; print the tables."""
    figures: dict[str, object] = {"machine": machine(), "compiled": compiled}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    print(f"{figures['machine']}\n")
    with torch.inference_mode():
        figures["6 s"] = _comparison_table(
            "6 s", compare(6 * 44_100, measured=50, compiled=compiled)
        )
        if full:
            rows = compare(PAPER_FRAMES, rounds=1, measured=5, compiled=compiled)
            figures["190 s"] = _comparison_table("190 s", rows)
    torch.set_num_threads(threads)
    if full:
        take = figures["take"] = time_long_take()
        print(
            f"190 s in stereo, one pass, {STEPS} steps, {CORRECTED.iterations} iterations: "
            f"{take['seconds']:.0f} s, of which {take['phases']:.0f} s phases, and "
            f"{take['peak_memory_mb'] / 1024:.2f} GiB at its peak"
        )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "msanii2023.json").write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _comparison_table(length: str, rows: list[Comparison2023]) -> list[dict[str, object]]:
    print(f"| {length}, stereo | 2023 code, plain | ours | ratio | error | measured |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        error = "" if row.error is None else f"{row.error:.0e}"
        print(
            f"| {row.what} | {row.plain:.3f} s | {row.ours:.3f} s | {row.ratio:.2f} | {error} | "
            f"{row.measured} |"
        )
    print()
    return [{**asdict(row), "ratio": row.ratio} for row in rows]
