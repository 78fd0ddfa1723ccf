"""How fast the stream is made, how steady its level is, and whether it follows its density."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msanii_live.audio import Clip, Samples
from msanii_live.engines.base import Engine, is_composing, no_clip, no_score, standalone_context
from msanii_live.engines.loudness import measure_loudness
from msanii_live.engines.registry import EngineRegistry
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, GenerationCommand, StreamStart
from msanii_live.streaming.request import ChunkRequest
from msanii_live.streaming.state import Steering, StreamState
from msanii_live.streaming.step import next_chunk

CHUNK = 4.0  # s
DENSITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
_BPM, _BEATS = 120.0, 4


@dataclass(frozen=True)
class MadeChunk:
    """A chunk of the measured stream.

    seconds: its length. took, cpu: s that making it lasted, by the clock and of processors.
    loudness: LUFS. notes: a bar, 0 where it is not composed.
    """

    seconds: float
    took: float
    cpu: float
    loudness: float
    notes: float


class MeasuredStream:
    """A stream that is made as fast as it can be, by one engine on the CPU, and not played."""

    def __init__(self, engine: Engine, steps: int | None, seed: int = 1) -> None:
        """Take the engine, its denoising steps (None for its own number), and the first seed."""
        self._engine, self._steps, self._seed = engine, steps, seed
        self._state = StreamState()

    @property
    def samples(self) -> Samples:
        """The last seconds of the stream, float32, (frames, 2)."""
        return self._state.samples

    def advance(self, steering: Steering | None = None) -> MadeChunk:
        """Make the next chunk."""
        request = ChunkRequest(
            StreamStart(engine=self._engine.name, chunk=CHUNK),
            self._seed + self._state.index,
            _BPM,
            _BEATS,
            steps=self._steps,
            steering=steering or Steering(),
            composer=self._engine.name if is_composing(self._engine) else "",
        )
        before, began, cpu = self._state, time.perf_counter(), time.process_time()
        _, self._state = next_chunk(before, request, self._render, self._compose)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        frames = self._state.frames - before.frames
        loudness = measure_loudness(self._state.samples[-frames:])
        seconds = frames / SAMPLE_RATE
        return MadeChunk(seconds, took, cpu, loudness, self._notes_a_bar(seconds))

    def _notes_a_bar(self, seconds: float) -> float:
        composed = self._state.composed
        if composed is None:
            return 0.0
        begins = composed.end - seconds
        notes = [n for n in composed.score.notes if begins - 1e-6 <= n.start < composed.end - 1e-6]
        return len(notes) / (seconds / composed.bar)

    def _render(
        self,
        command: GenerationCommand,
        clips: Mapping[str, Clip] | None = None,
        score: Score | None = None,
    ) -> Clip:
        context = replace(
            standalone_context(no_score if score is None else lambda name: score),
            clip=no_clip if clips is None else clips.__getitem__,
            seed=command.seed or 0,
            skip_normalization=True,
        )
        return self._engine.run(command, context)

    def _compose(self, command: Generate, before: Score | None, bars: float) -> Score:
        assert is_composing(self._engine)
        context = replace(standalone_context(), seed=command.seed or 0)
        if before is None:
            return self._engine.compose(command, context)
        return self._engine.continue_score(before, bars, command, context)


def report_streams(engines: Sequence[str], chunks: int) -> int:
    """Print tables: speed and level of streams, and notes by density. Returns the exit status.

    Raises: CommandError: an engine is not there, or its weights cannot be read.
    """
    registry = EngineRegistry("cpu", engines[0])
    print(f"Chunks of about {CHUNK:g} s at {_BPM:g} bpm, {chunks} of each stream, on the CPU.\n")
    print(
        "| engine | steps | took, s (median) | times real time | CPU s | slowest | LUFS | spread |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in engines:
        engine = registry.get(name)
        engine.load()
        for steps in (4, None):
            print(_speed_row(engine, steps, chunks), flush=True)
    for name in engines:
        if is_composing(engine := registry.get(name)):
            print(f"\nNotes a bar of {name}'s next chunk, by stream.density:\n")
            print("| seed | " + " | ".join(f"{density:g}" for density in DENSITIES) + " |")
            print("|---|" + "---|" * len(DENSITIES))
            for seed in (1, 2, 3):
                print(_density_row(engine, seed), flush=True)
    return 0


def _speed_row(engine: Engine, steps: int | None, chunks: int) -> str:
    stream = MeasuredStream(engine, steps)
    stream.advance()
    made = [stream.advance() for _ in range(chunks)]
    took, cpu, levels = (
        np.array([getattr(each, name) for each in made]) for name in ("took", "cpu", "loudness")
    )
    ratio = np.median([each.seconds / each.took for each in made])
    spread = np.percentile(levels, 95) - np.percentile(levels, 5)
    return (
        f"| {engine.name} | {steps or engine.capabilities.steps} | {np.median(took):.2f} | "
        f"{ratio:.1f} | {np.median(cpu):.2f} | {took.max():.2f} | {np.median(levels):.1f} | "
        f"{spread:.1f} |"
    )


def _density_row(engine: Engine, seed: int) -> str:
    counts = []
    for density in DENSITIES:
        stream = MeasuredStream(engine, 4, 1_000 * seed)
        stream.advance()
        counts.append(stream.advance(Steering(density=density)).notes)
    return f"| {seed} | " + " | ".join(f"{count:.1f}" for count in counts) + " |"
