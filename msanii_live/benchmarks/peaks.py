"""The true peaks of what engines make: every verb, with and without effects, and the stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import soxr

from msanii_live.audio import Clip, Samples
from msanii_live.benchmarks.stream_speed import MeasuredStream
from msanii_live.engines.base import Engine, standalone_context
from msanii_live.engines.effects import with_drive_and_space
from msanii_live.engines.registry import EngineRegistry
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
)

CEILING = -1.0  # dBTP
OVERSAMPLING = 4
STYLES = ("techno", "pop", "hiphop", "ambient", "jazz", "house")
STREAM_CHUNKS = 6


def true_peak(samples: Samples, rate: int = 44_100) -> float:
    """Return the true peak, dBTP, -120 for silence. samples: float32, (frames, channels).

    By soxr's steepest filter at 4 times the rate, so that it shares nothing with the limiter.
    Source: ITU-R BS.1770-5, annex 2.
    """
    if not len(samples):
        return -120.0
    padded = np.pad(samples, ((512, 512), (0, 0)))
    fine = soxr.resample(padded, rate, OVERSAMPLING * rate, quality="VHQ")
    peak = max(float(np.abs(fine).max()), float(np.abs(samples).max()))
    return 20 * float(np.log10(max(peak, 1e-6)))


def report_peaks(engines: Sequence[str], rounds: int) -> int:
    """Print the highest true peak of each verb. Returns 0 if none is above the ceiling, else 1.

    Raises: CommandError: an engine is not there, or its weights cannot be read.
    """
    registry = EngineRegistry("cpu", engines[0])
    print(f"true peaks, {OVERSAMPLING} times oversampled; the ceiling is {CEILING:g} dBTP\n")
    print("| engine | what | clips | highest, dBTP | above |\n|---|---|---:|---:|---:|")
    above = 0
    for name in engines:
        engine = registry.get(name)
        found: dict[str, list[float]] = {}
        for number in range(rounds):
            for what, clip in _clips(engine, number):
                found.setdefault(what, []).append(true_peak(clip.samples))
        found["stream"] = [true_peak(_streamed(engine))]
        for what, peaks in found.items():
            over = sum(peak > CEILING for peak in peaks)
            above += over
            print(f"| {name} | {what} | {len(peaks)} | {max(peaks):.2f} | {over} |", flush=True)
    return int(above > 0)


def _clips(engine: Engine, number: int) -> Iterator[tuple[str, Clip]]:
    """Yield a clip of each verb, by what it is called in the table."""
    style = STYLES[number % len(STYLES)]
    a = _made(engine, Generate(bars=2, bpm=110.0, style=style, stems=1), number)
    b = _made(engine, Generate(bars=2, bpm=110.0, style="house", stems=1), number + 100)
    clips = {"a": a, "b": b}
    yield "generate", a
    yield "generate, drive 1", _made(engine, Generate(bars=2, style=style, drive=1.0), number)
    yield "generate, space 1", _made(engine, Generate(bars=2, style=style, space=1.0), number)
    commands: dict[str, GenerationCommand] = {
        "outpaint": Outpaint(src="a", bars=2, keep=1),
        "inpaint": Inpaint(src="a", start=1.0, end=3.0),
        "inpaint, drums": Inpaint(src="a", start=1.0, end=3.0, parts="drums", stems=1),
        "audio2audio": AudioToAudio(src="a", strength=0.6),
        "audio2audio, bass": AudioToAudio(src="a", strength=0.9, parts="bass", stems=1),
        "interpolate": Interpolate(a="a", b="b", mix=0.5),
    }
    for what, command in commands.items():
        yield what, _made(engine, command, number, clips)


def _made(
    engine: Engine, command: GenerationCommand, seed: int, clips: Mapping[str, Clip] | None = None
) -> Clip:
    context = replace(standalone_context(), seed=seed)
    if clips is not None:
        context = replace(context, clip=clips.__getitem__)
    clip = with_drive_and_space(engine, command, context, engine.run(command, context))
    return replace(clip, info=replace(clip.info, engine=engine.name, name=clip.info.name or "a"))


def _streamed(engine: Engine) -> Samples:
    """Return some chunks of a stream, joined as they are played."""
    stream = MeasuredStream(engine, 4)
    for _ in range(STREAM_CHUNKS):
        stream.advance()
    return stream.samples
