"""`msanii-live bench levels`: how far clips are from the level of what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Clip, Samples, as_stereo, limit, make_clip, rms_dbfs
from msanii_live.engines.base import Context, Engine, standalone_context
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.notes import Score
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    StreamStart,
    Vocode,
)
from msanii_live.streaming.request import ChunkRequest, MorphTarget
from msanii_live.streaming.state import StreamState
from msanii_live.streaming.step import next_chunk

RATE = 44_100
SECONDS = 6.0
STEPS = 4
MIXES = (0.25, 0.5, 0.75)
STRENGTHS = (0.3, 0.7)
PAIRS = (
    ("drums", "pad"), ("drums", "bass"), ("drums", "speech"), ("bass", "noise"), ("pad", "speech"),
    ("band", "drums"),
)  # fmt: skip
QUIET = 1e-5  # power, -50 dBFS, under which the level of a second does not count

Signal = NDArray[np.float64]


def synthetic_sources(seconds: float = SECONDS) -> dict[str, Samples]:
    """Return synthesised mono sources by name, float32, (frames, 2): the same at every call."""
    rng = np.random.default_rng(0)
    frames = round(seconds * RATE)
    time = np.arange(frames) / RATE
    noise = rng.standard_normal(frames)
    signals = {
        "drums": _drums(time, noise),
        "bass": 0.3 * np.sin(2 * np.pi * 55 * time) + 0.1 * np.sin(2 * np.pi * 110 * time),
        "pad": sum(
            0.04 * np.sin(2 * np.pi * (f * time + 0.002 * np.sin(2 * np.pi * 0.3 * time)) + f)
            for f in (220.0, 261.6, 329.6, 440.0, 523.3)
        ),
        "noise": 0.05 * noise,
        "speech": _speech(time, noise),
    }
    return {
        name: np.repeat(np.asarray(signal, dtype=np.float32)[:, None], 2, axis=1)
        for name, signal in signals.items()
    }


def local_powers(samples: Samples) -> Signal:
    """Return the mean powers of consecutive seconds."""
    spans = (samples[at : at + RATE] for at in range(0, max(1, len(samples) - RATE // 2), RATE))
    return np.array([np.mean(span.astype(np.float64) ** 2) for span in spans])


def level_errors(made: Samples, target: Signal) -> tuple[float, float]:
    """Return the error of the level of the whole, and the greatest of a second, dB.

    target: powers of seconds; those below -50 dBFS do not count.
    """
    found = local_powers(made)
    whole = 10 * np.log10(found.mean() / target.mean())
    counts = target > QUIET
    off = 10 * np.log10(found[counts] / target[counts])
    return float(whole), float(off[np.abs(off).argmax()])


def run_on(engine: Engine, command: GenerationCommand, clips: Mapping[str, Clip]) -> Samples:
    """Return the stereo samples that an engine makes of clips."""
    context: Context = replace(standalone_context(), clip=lambda name: clips[name], seed=1)
    return as_stereo(engine.run(command, context).samples)


def report_levels(steps: int = STEPS) -> int:
    """Measure the shipped mel-flow engine on the CPU, and print tables. Returns the exit status."""
    engine = MelFlowEngine("cpu", precision="fp32")
    clips = {
        name: make_clip(samples, RATE, name=name, bpm=120.0)
        for name, samples in synthetic_sources().items()
    }
    band = engine.run(
        Generate(seconds=SECONDS, style="pop", bpm=120.0, steps=steps), standalone_context()
    )
    clips["band"] = band.renamed("band")
    _report_interpolation(engine, clips, steps)
    _report_audio_to_audio(engine, clips, steps)
    _report_mono(engine, clips, steps)
    _report_stream(engine, clips, steps)
    _report_long(engine, steps)
    return 0


def _report_interpolation(engine: Engine, clips: Mapping[str, Clip], steps: int) -> None:
    print(
        "| interpolate, from the equal-power line | " + " | ".join(f"{m:g}" for m in MIXES) + " |"
    )
    print("| --- |" + " ---: |" * len(MIXES))
    for a, b in PAIRS:
        cells = []
        for mix in MIXES:
            made = run_on(engine, Interpolate(a=a, b=b, mix=mix, steps=steps), clips)
            first, second = (local_powers(clips[n].samples) for n in (a, b))
            cells.append(_cell(*level_errors(made, (1 - mix) * first + mix * second)))
        print(f"| {a} to {b} | " + " | ".join(cells) + " |", flush=True)


def _report_audio_to_audio(engine: Engine, clips: Mapping[str, Clip], steps: int) -> None:
    print("\n| audio2audio, strength | " + " | ".join(f"{s:g}" for s in STRENGTHS) + " |")
    print("| --- |" + " ---: |" * len(STRENGTHS))
    for name, clip in clips.items():
        cells = []
        for strength in STRENGTHS:
            command = AudioToAudio(src=name, strength=strength, steps=steps)
            made = run_on(engine, command, clips)
            cells.append(_cell(*level_errors(made, local_powers(clip.samples))))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def _report_mono(engine: Engine, clips: Mapping[str, Clip], steps: int) -> None:
    print("\n| mono source | side under mid (dB) |\n| --- | ---: |")
    for command in (
        Outpaint(src="pad", seconds=2.0, steps=steps),
        Inpaint(src="drums", start=2.0, end=4.0, steps=steps),
        AudioToAudio(src="drums", strength=0.6, steps=steps),
        Vocode(src="speech"),
        Interpolate(a="drums", b="pad", steps=steps),
    ):
        made = run_on(engine, command, clips)
        side = rms_dbfs(made[:, :1] - made[:, 1:]) - rms_dbfs(made[:, :1] + made[:, 1:])
        text = "none" if np.array_equal(made[:, 0], made[:, 1]) else f"{side:+.1f}"
        print(f"| {type(command).__name__} | {text} |", flush=True)


def _report_stream(engine: Engine, clips: Mapping[str, Clip], steps: int) -> None:
    """Stream from the band: 2 chunks, 4 with a target, 2 without; levels are to the first two."""
    print("\n| stream towards | " + " | ".join(str(n) for n in range(1, 9)) + " |")
    print("| --- |" + " ---: |" * 8)

    def render(
        command: GenerationCommand,
        clips: Mapping[str, Clip] | None = None,
        score: Score | None = None,
    ) -> Clip:
        sources = clips or {}
        context = replace(
            standalone_context(), clip=lambda name: sources[name], seed=command.seed or 0
        )
        return engine.run(command, context)

    for name in ("drums", "speech"):
        state = StreamState.from_clip(clips["band"], 4)
        target = MorphTarget(np.asarray(limit(2 * clips[name].samples)), 0.6, 0.5, True)
        levels = []
        for index in range(8):
            request = ChunkRequest(
                StreamStart(chunk=3.0), seed=index, bpm=120.0, beats=4, steps=steps,
                target=target if 2 <= index < 6 else None,
            )  # fmt: skip
            chunk, state = next_chunk(state, request, render)
            levels.append(rms_dbfs(chunk.clip.samples[chunk.overlap :]))
        start = rms_dbfs(clips["band"].samples)
        print(f"| {name} | " + " | ".join(f"{x - start:+.1f}" for x in levels) + " |", flush=True)


def _report_long(engine: Engine, steps: int) -> None:
    print("\n| generate 60 s | last 10 s to the first (dB) | range of 10 s (dB) |")
    print("| --- | ---: | ---: |")
    for style in ("lofi", "ambient"):
        made = run_on(engine, Generate(seconds=60.0, style=style, bpm=90.0, steps=steps), {})
        tens = [rms_dbfs(span) for span in np.array_split(made, 6)]
        print(f"| {style} | {tens[-1] - tens[0]:+.1f} | {max(tens) - min(tens):.1f} |", flush=True)


def _cell(whole: float, local: float) -> str:
    return f"{whole:+.1f} ({local:+.1f})"


def _drums(time: Signal, noise: Signal) -> Signal:
    """Return a kick on each beat, a snare on every other, and hats on the eighths, at 120 bpm."""
    beat, bar_half, eighth = time % 0.5, (time + 0.5) % 1.0, time % 0.25
    pitch = 50 * beat + 6 * (1 - np.exp(-beat / 0.03))
    kick = 0.7 * np.sin(2 * np.pi * pitch) * np.exp(-beat / 0.12)
    return np.asarray(
        kick + 0.2 * noise * np.exp(-bar_half / 0.07) + 0.06 * noise * np.exp(-eighth / 0.02)
    )


def _speech(time: Signal, noise: Signal) -> Signal:
    """Return vowels of a gliding pitch in syllables, with hiss between them."""
    pitch = 120 * time - 3 * np.cos(2 * np.pi * 0.7 * time)
    voice = np.zeros(len(time))
    for harmonic in range(1, 25):
        frequency = 120.0 * harmonic
        formants = sum(np.exp(-(((frequency - f) / 180) ** 2)) for f in (600, 1_200, 2_500))
        voice += (0.05 + formants) / harmonic**0.5 * np.sin(2 * np.pi * harmonic * pitch)
    syllable = np.clip(np.sin(2 * np.pi * 2.2 * time), 0, 1) ** 0.7
    return np.asarray(0.12 * voice * syllable + 0.01 * noise * (1 - syllable))
