"""What the engine adds to a published model's own time: seams, levels, tempo, exact lengths."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.benchmarks.random_models import PUBLISHED, save_random
from msanii_live.dsp.device import pick_device
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.pipelines.engine import PipelineEngine
from msanii_live.engines.pipelines.engine import create as create_engine
from msanii_live.engines.pipelines.family import Family
from msanii_live.engines.pipelines.latent_cache import LatentCache
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Outpaint,
)

ROUNDS = 3


@dataclass(frozen=True)
class AddedTime:
    """Medians of one command, s. model: within the model's own calls. total: of the command."""

    command: str
    model: float
    total: float

    @property
    def share(self) -> float:
        """The engine's own time as a share of the model's."""
        return (self.total - self.model) / max(self.model, 1e-9)


class ModelClock:
    """The time that a family spends in its model: text, denoising, encoding, decoding."""

    def __init__(self, family: Family) -> None:
        """Put a clock around the calls of a family."""
        self.seconds = 0.0
        for name in ("denoise", "encode", "decode"):
            setattr(family, name, self._timed(getattr(family, name)))

    def _timed(self, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def timed(given: Any) -> Any:
            synchronize()
            start = now()
            made = call(given)
            synchronize()
            self.seconds += now() - start
            return made

        return timed


def now() -> float:
    """Return seconds: of the wall with a GPU, else of the processor, which others may use."""
    return time.perf_counter() if torch.cuda.is_available() else time.process_time()


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def commands_of(seconds: float, steps: int | None) -> dict[str, GenerationCommand]:
    """Return the commands that are measured, for a clip and a source of so many seconds."""
    bars = max(1.0, round(seconds / 2))  # of 2 s at the standalone tempo
    made = (
        Generate(seconds=seconds),
        Generate(bars=bars),
        Outpaint(src="a", seconds=seconds),
        Inpaint(src="a", start=seconds / 3, end=seconds / 2),
        AudioToAudio(src="a"),
    )
    names = ("generate", "generate a loop", "outpaint", "inpaint", "audio2audio")
    return {
        name: replace(command, steps=steps, prompt="dark techno")
        for name, command in zip(names, made, strict=True)
    }


def source(rate: int, seconds: float) -> Clip:
    """Return a clip of noise that beats twice a second."""
    place = np.arange(round(seconds * rate))
    beat = np.exp(-(place % (rate // 2)) / (0.05 * rate))[:, None]
    noise = np.random.default_rng(0).standard_normal((len(place), 2))
    return make_clip((0.1 * beat * noise).astype(np.float32), rate, name="a", bpm=120.0)


def measure(
    engine: PipelineEngine,
    commands: Mapping[str, GenerationCommand],
    clip: Clip,
    rounds: int = ROUNDS,
) -> Iterator[AddedTime]:
    """Run each command several times; the first one is not counted. clip: their source."""
    family = engine.family()
    clock = ModelClock(family)
    for name, command in commands.items():
        times = []
        for number in range(rounds + 1):
            family.cache = LatentCache()  # what is measured is the first time
            clock.seconds = 0.0
            context = replace(standalone_context(), clip=lambda name: clip, seed=number)
            start = now()
            engine.run(command, context)
            times.append((clock.seconds, now() - start))
        model, total = np.median(times[1:], axis=0)
        yield AddedTime(name, float(model), float(total))


def report_pipelines(
    model: Path | None,
    name: str,
    seconds: float,
    steps: int | None,
    device: str,
    rounds: int = ROUNDS,
) -> int:
    """Measure a folder, or the published model of a name with random weights; print the table.

    Returns the status.
    """
    if model is not None:
        print_added(model, seconds, steps, device, rounds)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        where, folder = pick_device(device), Path(scratch, name)
        dtype = torch.float16 if where.type == "cuda" else torch.float32
        save_random(PUBLISHED[name], folder, where, dtype)
        print_added(folder, seconds, steps, device, rounds)
    return 0


def print_added(
    model: Path,
    seconds: float,
    steps: int | None,
    device: str,
    rounds: int = ROUNDS,
    until: float = math.inf,
) -> None:
    """Measure a folder, and print what is added to the time of the model's own calls.

    until: of `time.monotonic`, after which no command begins.
    """
    engine = create_engine(EngineSettings(device, name=model.name, weights=model))
    kind = "wall clock" if torch.cuda.is_available() else "processor time"
    print(f"{model.name}: clips of {seconds:g} s, medians of {rounds}, {kind}")
    print("| command | in the model, s | the engine adds, s | share |\n|---|---:|---:|---:|")
    clip = source(engine.capabilities.sample_rate, seconds)
    for row in measure(engine, commands_of(seconds, steps), clip, rounds):
        added = row.total - row.model
        print(
            f"| {row.command} | {row.model:.3f} | {added:.3f} | {100 * row.share:.1f} % |",
            flush=True,
        )
        if time.monotonic() > until:
            print("The time is over: what is missing was not measured.")
            break
    engine.free()
