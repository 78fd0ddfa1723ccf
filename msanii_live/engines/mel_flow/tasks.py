"""What each verb means to the default engine: samples, beats, conditions, and the clip made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from msanii_live.audio import Clip, Samples, as_stereo, hold_level, limit, make_clip, rms_dbfs
from msanii_live.dsp.beats import estimate_beat
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import Context, check_span
from msanii_live.engines.loudness import fade_edges
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.pipeline import BarPhase, MelFlowPipeline
from msanii_live.engines.mel_flow.vocabulary import BEATS_PER_BAR, STYLES
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.prompt_parser import PromptConditions, key_name, parse_key, parse_style
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

DEFAULT_STEPS = 16
GUIDANCE = 1.0
LOUDNESS = -18.0  # dBFS RMS that fresh clips, and what the network is shown, are brought to
QUIETEST = 12.0  # dB under its source that the part next to a seam counts for at least
LONGEST = 600.0  # seconds of a clip with all that it was gone on from
SHORTEST = 2_048  # frames of a source
SEAM = 2_048  # frames next to a seam that may differ from the source
SAME_TEMPO = 0.03  # relative difference below which a tempo found is the tempo told
FADE_IN, FADE_OUT = 32, 128  # frames; the edges of a fresh clip must not click


@dataclass(frozen=True)
class MelFlowTasks:
    """Carry out one command: what its words mean in samples, beats and conditions.

    voice: how mels become samples, unless the command names a vocoder.
    """

    model: FlowModel
    vocoder: VocoderSettings
    command: GenerationCommand
    context: Context
    steering: PromptConditions

    @property
    def rate(self) -> int:
        """Frames a second."""
        return self.model.spec.sample_rate

    def carry_out(self) -> Clip:
        """Run the method of the command's verb."""
        match self.command:
            case Generate():
                return self.generate(self.command)
            case Outpaint():
                return self.outpaint(self.command)
            case Inpaint():
                return self.inpaint(self.command)
            case Interpolate():
                return self.interpolate(self.command)
            case AudioToAudio():
                return self.audio_to_audio(self.command)
            case Vocode():
                return self.vocode(self.command)
        raise CommandError(Code.EENGINE, f"mel-flow cannot {self.command.address}")

    def generate(self, command: Generate) -> Clip:
        """Make a clip from noise."""
        bpm = command.bpm or self.context.tempo
        frames = self._frames(command, bpm)
        beat = BarPhase.at(bpm, 0.0, self.rate)
        bars = frames * beat.rate
        closes = command.bars is not None and abs(bars - round(bars)) < 1e-3
        canvas = self._canvas(bpm, None)
        if closes:
            wave = _at_loudness(_samples(canvas.fresh_loop(frames, round(bars))))
        else:
            wave = _at_loudness(_samples(canvas.fresh_line(frames, beat)))
            fade_edges(wave, FADE_IN, FADE_OUT)
        return self._clip(wave, bpm, BarPhase.at(bpm, 0.0, self.rate), loops=closes)

    def outpaint(self, command: Outpaint) -> Clip:
        """Go on from a clip, or lead up to it, keeping it bit for bit up to the seam."""
        source = self._source(command.src)
        bpm, bar = self._pulse(source)
        new = self._frames(command, bpm or self.context.tempo)
        old = as_stereo(source.samples)
        self._check_length(len(old) + new)
        silence = np.zeros((new, 2), np.float32)
        leftwards = command.side == "left"
        joined = np.concatenate([silence, old] if leftwards else [old, silence])
        start, end = (0, new) if leftwards else (len(old), len(joined))
        beat = BarPhase.at(bpm, bar, self.rate).moved(-new if leftwards else 0)
        wave = self._fill(joined, start, end, beat if bpm else None, source, leftwards)
        if not command.keep:
            wave, beat = wave[start:end], beat.moved(start)
        return self._clip(wave, bpm, beat, (source,))

    def inpaint(self, command: Inpaint) -> Clip:
        """Make a span of a clip anew."""
        source = self._source(command.src)
        check_span(command, source.info.seconds)
        start = round(command.start * self.rate)
        end = min(round(command.end * self.rate), source.info.frames)
        bpm, bar = self._pulse(source)
        beat = BarPhase.at(bpm, bar, self.rate)
        samples = as_stereo(source.samples)
        wave = self._fill(samples, start, end, beat if bpm else None, source, leftwards=False)
        return self._clip(wave, bpm, beat, (source,))

    def audio_to_audio(self, command: AudioToAudio) -> Clip:
        """Make a variation of a clip; at strength 0 the clip itself."""
        source = self._source(command.src)
        samples = as_stereo(source.samples)
        return self._remake(samples, [samples], [1.0], command.strength, source, (source,))

    def interpolate(self, command: Interpolate) -> Clip:
        """Make a clip between two: a at mix 0, b at mix 1, the blend made anew in between."""
        a, b = self._source(command.a), self._source(command.b)
        frames = min(a.info.frames, b.info.frames)
        first, second = as_stereo(a.samples)[:frames], as_stereo(b.samples)[:frames]
        mix = command.mix
        weights = [1 - mix, mix]
        blend = np.asarray(weights[0] * first + weights[1] * second, dtype=np.float32)
        # At either end there is nothing to make anew; the noise grows towards the middle.
        strength = command.strength * 4 * mix * (1 - mix)
        nearer = a if mix < 0.5 else b
        return self._remake(blend, [first, second], weights, strength, nearer, (a, b))

    def vocode(self, command: Vocode) -> Clip:
        """Make a clip anew from nothing but its mel, to hear what a vocoder does to it."""
        source = self._source(command.src)
        gain = _gain_to_loudness(source.samples)
        bpm, bar = source.info.bpm, source.info.bar_offset
        made = self._canvas(bpm, source).resynthesize(self._tensor(as_stereo(source.samples), gain))
        beat = BarPhase.at(bpm, bar, self.rate)
        return self._clip(limit(_samples(made) / np.float32(gain)), bpm, beat, (source,))

    # -- parts ---------------------------------------------------------------------------------

    def _frames(self, command: Generate | Outpaint, bpm: float) -> int:
        seconds = command.seconds
        if command.bars is not None:
            seconds = command.bars * self.context.beats * 60.0 / bpm
        frames = round(seconds * self.rate)
        self._check_length(frames)
        return frames

    def _check_length(self, frames: int) -> None:
        seconds = frames / self.rate
        if not SHORTEST <= frames <= LONGEST * self.rate:
            raise CommandError(
                Code.ERANGE,
                f"the clip would last {seconds:.2f} s: it must be 0.05 to {LONGEST:g} s",
            )

    def _source(self, name: str) -> Clip:
        clip = self.context.clip(name)
        if clip.info.sample_rate != self.rate:
            raise CommandError(
                Code.EENGINE, f"{name} is at {clip.info.sample_rate} Hz, the engine at {self.rate}"
            )
        self._check_length(clip.info.frames)
        return clip

    def _pulse(self, source: Clip) -> tuple[float, float]:
        """Return tempo, bpm, and bars from a downbeat to the first sample; bpm 0 where unknown.

        What the clip knows of itself counts; else its beat is looked for. A tempo in the command
        wins over either.
        """
        info = source.info
        if info.bpm:
            return self.command.bpm or info.bpm, info.bar_offset
        found = estimate_beat(source.samples, info.sample_rate, BEATS_PER_BAR)
        if self.command.bpm:
            near = found is not None and abs(found.bpm / self.command.bpm - 1) < SAME_TEMPO
            return self.command.bpm, found.bar if found is not None and near else 0.0
        return (found.bpm, found.bar) if found is not None else (0.0, 0.0)

    def _canvas(self, bpm: float, source: Clip | None) -> MelFlowPipeline:
        style, key = self.steering.style, self.steering.key
        if source is not None:
            style = parse_style(source.info.style) if style is None else style
            key = parse_key(source.info.key) if key is None else key
        density = self.command.density
        conditions = Conditions(
            style=torch.tensor([-1 if style is None else style]),
            key=torch.tensor([-1 if key is None else key]),
            tempo=torch.tensor([bpm], dtype=torch.float32),
            density=torch.tensor([-1.0 if density is None else density]),
            phase=torch.zeros(1, 0, 0),
        )
        return MelFlowPipeline(
            model=self.model,
            conditions=conditions.to(self.model.mean.device),
            generator=torch.Generator().manual_seed(self.context.seed),
            steps=self.command.steps or DEFAULT_STEPS,
            vocoder=self.vocoder,
            guidance=GUIDANCE,
            progress=self.context.progress,
        )

    def _tensor(self, samples: Samples, gain: float) -> torch.Tensor:
        return torch.from_numpy(samples.T * np.float32(gain)).to(self.model.mean.device)

    def _fill(
        self,
        samples: Samples,
        start: int,
        end: int,
        beat: BarPhase | None,
        source: Clip,
        leftwards: bool,
    ) -> Samples:
        """Make frames [start, end) anew at the source's own level; the rest stays bit for bit."""
        gain = _gain_to_loudness(source.samples)
        canvas = self._canvas(beat.rate * 240 * self.rate if beat else 0.0, source)
        wave = canvas.fill(self._tensor(samples, gain), start, end, beat, leftwards)
        # Each continuation is a little quieter than what it was shown, and chained ones more so;
        # shown what is unlike all it knows, the model may fade away: a stage must not go silent.
        near = 6 * self.rate
        around = np.concatenate([samples[max(0, start - near) : start], samples[end : end + near]])
        level = max(rms_dbfs(around), rms_dbfs(source.samples) - QUIETEST)
        made = hold_level(_samples(wave) / np.float32(gain), start, end, level)
        first, last = max(0, start - SEAM), min(len(samples), end + SEAM)
        out = samples.copy()
        out[first:last] = limit(made[first:last])
        return out

    def _remake(
        self,
        blend: Samples,
        sources: list[Samples],
        weights: list[float],
        strength: float,
        nearer: Clip,
        parents: tuple[Clip, ...],
    ) -> Clip:
        bpm, bar = self._pulse(nearer)
        beat = BarPhase.at(bpm, bar, self.rate)
        if strength < 1e-3:
            self.context.progress(1, 1)
            return self._clip(blend, bpm, beat, parents)
        gain = _gain_to_loudness(blend)
        made = self._canvas(bpm, nearer).remake(
            self._tensor(blend, gain),
            [self._tensor(samples, gain) for samples in sources],
            weights,
            strength,
            beat if bpm else None,
        )
        return self._clip(limit(_samples(made) / np.float32(gain)), bpm, beat, parents)

    def _clip(
        self,
        wave: Samples,
        bpm: float,
        beat: BarPhase,
        parents: tuple[Clip, ...] = (),
        loops: bool = False,
    ) -> Clip:
        if not np.isfinite(wave).all():
            raise CommandError(Code.EINTERNAL, "the model made values that are no numbers")
        style, key = self.steering.style, self.steering.key
        before = parents[0].info if parents else None
        return make_clip(
            np.array(wave, dtype=np.float32, order="C"),
            self.rate,
            seed=self.context.seed,
            bpm=round(bpm, 4),
            bar_offset=round(beat.bar, 9) % 1.0,
            loops=loops,
            style=STYLES[style] if style is not None else before.style if before else "",
            key=key_name(key) if key is not None else before.key if before else "",
            parents=tuple(parent.info.name for parent in parents),
        )


def _samples(wave: torch.Tensor) -> Samples:
    """Return a wave, (2, frames), as clips hold it: float32, (frames, 2)."""
    return np.ascontiguousarray(wave.T.float().cpu().numpy())


def _gain_to_loudness(samples: Samples) -> float:
    """Return the gain that brings audio to the loudness that the network knows, within 40 dB."""
    return float(10 ** (np.clip(LOUDNESS - rms_dbfs(samples), -40, 40) / 20))


def _at_loudness(wave: Samples) -> Samples:
    """Bring fresh audio to the common loudness and under the ceiling."""
    return limit(np.asarray(wave * _gain_to_loudness(wave), dtype=np.float32)).copy()
