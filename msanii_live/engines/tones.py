"""An engine of sine tones, without PyTorch, to try patches and for tests."""

from __future__ import annotations

import time

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo, make_clip
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    WeightlessEngine,
    engine_factory,
    unsupported_verb,
)
from msanii_live.engines.scores import requested_score
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
)

RATE = 44_100


class Tones(WeightlessEngine):
    """An engine that answers every verb with quiet chords, whose notes depend on the seed."""

    name = "tones"
    capabilities = Capabilities(
        verbs=tuple(
            c.address for c in (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Render)
        ),
        sample_rate=RATE,
        channels=2,
        max_seconds=190.0,
        steps=4,
        drums=True,
        follows=(),
    )

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out, taking 10 ms per step."""
        steps = command.steps or self.capabilities.steps
        samples, parents, bpm = self._make(command, context)
        for step in range(steps):
            context.progress(step, steps)
            time.sleep(0.01)
        context.progress(steps, steps)
        return make_clip(
            samples, RATE, seed=context.seed, bpm=bpm, parents=tuple(p.info.name for p in parents)
        )

    def _make(
        self, command: GenerationCommand, context: Context
    ) -> tuple[Samples, list[Clip], float]:
        bpm = command.bpm or context.tempo
        if isinstance(command, Outpaint):
            bpm = command.bpm or context.clip(command.src).info.bpm or context.tempo
        if isinstance(command, Generate | Outpaint):
            seconds = command.seconds
            if command.bars is not None:
                seconds = command.bars * context.beats * 60 / bpm
            new = chord(round(seconds * RATE), context.seed)
        if isinstance(command, Generate):
            return new, [], bpm
        if isinstance(command, Render):
            score = requested_score(command, context, self.capabilities.max_seconds)
            return sines(score), [], score.bpm or bpm
        if isinstance(command, Interpolate):
            a, b = context.clip(command.a), context.clip(command.b)
            frames = min(a.info.frames, b.info.frames)
            first, second = as_stereo(a.samples)[:frames], as_stereo(b.samples)[:frames]
            mixed = (1 - command.mix) * first + command.mix * second
            return mixed.astype(np.float32), [a, b], bpm
        if isinstance(command, Outpaint):
            source = context.clip(command.src)
            old = as_stereo(source.samples)
            parts = [old, new] if command.side == "right" else [new, old]
            return np.concatenate(parts) if command.keep else new, [source], bpm
        if isinstance(command, Inpaint):
            source = context.clip(command.src)
            out = as_stereo(source.samples).copy()
            a_frame, b_frame = round(command.start * RATE), round(command.end * RATE)
            if not a_frame < b_frame or a_frame >= len(out):
                raise CommandError(Code.ERANGE, "start and end must lie in this order in the clip")
            out[a_frame:b_frame] = chord(len(out[a_frame:b_frame]), context.seed)
            return out, [source], bpm
        if isinstance(command, AudioToAudio):
            source = context.clip(command.src)
            old = as_stereo(source.samples)
            made = chord(len(old), context.seed)
            mixed = (1 - command.strength) * old + command.strength * made
            return mixed.astype(np.float32), [source], bpm
        raise unsupported_verb(self.name, command)


def chord(frames: int, seed: int) -> Samples:
    """Return a quiet chord, float32, (frames, 2)."""
    rng = np.random.default_rng(seed)
    delay = 40  # frames between the channels, for a little width
    t = np.arange(frames + delay) / RATE
    notes = 110 * 2 ** (rng.choice(24, 3, replace=False) / 12)
    tones = sum((np.sin(2 * np.pi * f * t + rng.random()) for f in notes), np.zeros(len(t))) * 0.08
    return np.stack([tones[delay:], tones[:frames]], axis=1).astype(np.float32)


def sines(score: Score) -> Samples:
    """Return a score as sine tones, float32, (frames, 2)."""
    out = np.zeros(round(score.seconds * RATE))
    for note in score.notes:
        first, last = round(note.start * RATE), min(round(note.end * RATE), len(out))
        if last > first:
            out[first:last] += _sine(note, last - first)
    out *= 0.5 / max(0.5, np.abs(out).max(initial=0.0))
    return np.stack([out, out], axis=1).astype(np.float32)


def _sine(note: Note, frames: int) -> np.ndarray:
    """Return the tone of a note, with fades of at most 5 ms."""
    edge = np.minimum(np.arange(frames), np.arange(frames)[::-1]) / (0.005 * RATE)
    pitch = 440.0 * 2 ** ((note.pitch - 69) / 12)
    tone = np.sin(2 * np.pi * pitch * np.arange(frames) / RATE)
    return np.asarray(0.1 * note.velocity / 127 * np.minimum(edge, 1.0) * tone)


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> Tones:
    """Make the engine; no setting changes it."""
    return Tones()
