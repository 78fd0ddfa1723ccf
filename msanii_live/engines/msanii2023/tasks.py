"""What each command means to the 2023 system: lengths, levels, and the clip that results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from msanii_live.audio import Clip, Samples, as_stereo, hold_level, limit, make_clip, rms_dbfs
from msanii_live.engines.base import Context, check_span
from msanii_live.engines.loudness import fade_edges
from msanii_live.engines.msanii2023 import Msanii2023
from msanii_live.engines.msanii2023.mel_tasks import TaskSettings
from msanii_live.engines.msanii2023.pipeline import Msanii2023Pipeline
from msanii_live.engines.msanii2023.samplers import Model
from msanii_live.engines.verbs import run_verb
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    Vocode,
)

RATE = 44_100
MAX_GENERATED = 190.0  # seconds generated at once, as in the paper
MAX_TOTAL = 600.0  # seconds of an outpainted clip with its source
MIN_FRAMES = 2_048  # of a source
SEAM = 2_048  # frames next to a seam that may differ from the source
LOUDNESS = -18.0  # dBFS RMS of generated clips
LOOP_CROSSFADE = 8_192  # frames over which the end of a loop fades into its start
FADE_IN, FADE_OUT = 32, 128  # frames; the edges of a generated clip must not click


@dataclass(frozen=True)
class Msanii2023Tasks:
    """The tasks of one command. net, settings, multiple: as in `Msanii2023Pipeline`."""

    model: Msanii2023
    net: Model
    settings: TaskSettings
    command: GenerationCommand
    context: Context
    multiple: int = 1

    def run(self) -> Clip:
        """Run the method of the command."""
        if self.command.prompt:
            self.context.warn("this engine was trained without words: prompt changes nothing")
        return run_verb(self, self.command, "of 2023")

    def generate(self, command: Generate) -> Clip:
        """Generate a clip; whole bars close as a loop."""
        frames = self._frames(command)
        closes = command.bars is not None and command.bars == round(command.bars)
        overhang = min(LOOP_CROSSFADE, frames // 2) if closes else 0
        wave = _samples(self._pipeline().generate(frames + overhang))
        if closes:
            wave = _close_loop(wave, frames)
        else:
            fade_edges(wave, FADE_IN, FADE_OUT)
        gain = 10 ** (float(np.clip(LOUDNESS - rms_dbfs(wave), -60, 60)) / 20)
        bpm = command.bpm or self.context.tempo if command.bars is not None else 0.0
        return self._clip(limit(wave * np.float32(gain)), bpm, loops=closes)

    def outpaint(self, command: Outpaint) -> Clip:
        """Extend a clip to the right or to the left."""
        source = self._source(command.src)
        new = self._frames(command)
        old = as_stereo(source.samples)
        self._check_length(len(old) + new, MAX_TOTAL)
        silence = np.zeros((new, 2), np.float32)
        leftwards = command.side == "left"
        joined = np.concatenate([silence, old] if leftwards else [old, silence])
        start, end = (0, new) if leftwards else (len(old), len(joined))
        wave = self._inpaint(joined, start, end, source)
        moved = -new if leftwards else 0
        if not command.keep:
            wave, moved = wave[start:end], start if not leftwards else -new
        return self._clip(wave, source.info.bpm, (source,), moved)

    def inpaint(self, command: Inpaint) -> Clip:
        """Replace a span of a clip."""
        source = self._source(command.src)
        check_span(command, source.info.seconds)
        start, end = round(command.start * RATE), round(command.end * RATE)
        samples = as_stereo(source.samples)
        wave = self._inpaint(samples, start, min(end, len(samples)), source)
        return self._clip(wave, source.info.bpm, (source,))

    def audio_to_audio(self, command: AudioToAudio) -> Clip:
        """Return a variation of a clip; at strength 0 the clip itself."""
        source = self._source(command.src)
        samples = as_stereo(source.samples)
        if command.strength < 1e-3:
            self.context.progress(1, 1)
            return self._clip(samples, source.info.bpm, (source,))
        made = self._pipeline().vary(self._tensor(samples), command.strength)
        return self._clip(limit(_samples(made)), source.info.bpm, (source,))

    def interpolate(self, command: Interpolate) -> Clip:
        """Return a clip between two; corrected, mix 0 is a and mix 1 is b, to the sample."""
        a, b = self._source(command.a), self._source(command.b)
        frames = min(a.info.frames, b.info.frames)
        first, second = as_stereo(a.samples)[:frames], as_stereo(b.samples)[:frames]
        strength = command.strength
        if self.settings.keeps_known:
            strength *= 4 * command.mix * (1 - command.mix)
        nearer = a if command.mix < 0.5 else b
        if strength < 1e-3:
            self.context.progress(1, 1)
            blend = np.asarray((1 - command.mix) * first + command.mix * second, dtype=np.float32)
            return self._clip(blend, nearer.info.bpm, (a, b))
        made = self._pipeline().interpolate(
            self._tensor(first), self._tensor(second), command.mix, strength
        )
        return self._clip(limit(_samples(made)), nearer.info.bpm, (a, b))

    def vocode(self, command: Vocode) -> Clip:
        """Resynthesize a clip from its mel alone."""
        if command.vocoder not in ("", "griffin-lim"):
            raise CommandError(
                Code.EENGINE,
                f"this engine's mels are not those of {command.vocoder}: leave vocoder out, or "
                "take griffin-lim",
            )
        source = self._source(command.src)
        wave = self._tensor(as_stereo(source.samples))
        made = self._pipeline().resynthesize(wave, neural=command.vocoder != "griffin-lim")
        return self._clip(limit(_samples(made)), source.info.bpm, (source,))

    # -- parts ---------------------------------------------------------------------------------

    def _pipeline(self) -> Msanii2023Pipeline:
        return Msanii2023Pipeline(
            self.model,
            self.net,
            torch.Generator().manual_seed(self.context.seed),
            self.context.progress,
            self.settings,
            self.command.steps or 0,
            self.multiple,
        )

    def _frames(self, command: Generate | Outpaint) -> int:
        seconds = command.seconds
        if command.bars is not None:
            bpm = command.bpm or self._bpm_of(command) or self.context.tempo
            seconds = command.bars * self.context.beats * 60.0 / bpm
        frames = round(seconds * RATE)
        self._check_length(frames, MAX_GENERATED)
        return frames

    def _bpm_of(self, command: Generate | Outpaint) -> float:
        return self.context.clip(command.src).info.bpm if isinstance(command, Outpaint) else 0.0

    def _check_length(self, frames: int, max_seconds: float) -> None:
        if not MIN_FRAMES <= frames <= max_seconds * RATE:
            raise CommandError(
                Code.ERANGE,
                f"the clip would last {frames / RATE:.2f} s: it must be 0.05 to {max_seconds:g} s",
            )

    def _source(self, name: str) -> Clip:
        clip = self.context.clip(name)
        if clip.info.sample_rate != RATE:
            raise CommandError(
                Code.EENGINE, f"{name} is at {clip.info.sample_rate} Hz, the engine at {RATE}"
            )
        self._check_length(clip.info.frames, MAX_TOTAL)
        return clip

    def _tensor(self, samples: Samples) -> torch.Tensor:
        return torch.from_numpy(samples.T.copy()).to(self.model.features.window.device)

    def _inpaint(self, samples: Samples, start: int, end: int, source: Clip) -> Samples:
        """Generate frames [start, end), no louder than the source."""
        made = _samples(self._pipeline().inpaint(self._tensor(samples), start, end))
        if not self.settings.keeps_known:
            return limit(made)
        level = rms_dbfs(source.samples)
        made = hold_level(made, start, end, level)
        first, last = max(0, start - SEAM), min(len(samples), end + SEAM)
        out = samples.copy()
        out[first:last] = limit(made[first:last])
        return out

    def _clip(
        self,
        wave: Samples,
        bpm: float,
        parents: tuple[Clip, ...] = (),
        moved: int = 0,
        loops: bool = False,
    ) -> Clip:
        """Return the clip. moved: where it begins, in frames of the first parent."""
        if not np.isfinite(wave).all():
            raise CommandError(Code.EINTERNAL, "the model made values that are no numbers")
        offset = parents[0].info.bar_offset if parents else 0.0
        offset += moved / RATE * bpm / 60.0 / self.context.beats
        return make_clip(
            np.array(wave, dtype=np.float32, order="C"),
            RATE,
            seed=self.context.seed,
            bpm=round(bpm, 4),
            bar_offset=round(offset, 9) % 1.0,
            loops=loops,
            style=parents[0].info.style if parents else "",
            key=parents[0].info.key if parents else "",
            parents=tuple(parent.info.name for parent in parents),
        )


def _samples(wave: torch.Tensor) -> Samples:
    """Return a wave, (channels, frames), as the samples of a clip: float32, (frames, 2)."""
    return as_stereo(np.ascontiguousarray(wave.T.float().cpu().numpy()))


def _close_loop(wave: Samples, frames: int) -> Samples:
    """Return the first `frames` as a loop: the samples after them fade into its start."""
    beyond = wave[frames:]
    angle = (np.arange(len(beyond), dtype=np.float32) + 0.5)[:, None] / len(beyond) * np.pi / 2
    out = wave[:frames].copy()
    out[: len(beyond)] = np.cos(angle) * beyond + np.sin(angle) * out[: len(beyond)]
    return out
