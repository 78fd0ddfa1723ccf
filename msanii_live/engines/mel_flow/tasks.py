"""The verbs of the flow engine: from a command to samples, bar phase, conditions and a clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from msanii_live.audio import (
    Clip,
    Samples,
    as_mono,
    as_stereo,
    hold_level,
    is_mono,
    limit,
    make_clip,
    rms_dbfs,
)
from msanii_live.audio.slow_gain import equal_power, match_power
from msanii_live.dsp.beats import estimate_beat
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import Context, check_span
from msanii_live.engines.early_source import SEAM, EarlySource
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.fresh_clips import hand_over
from msanii_live.engines.mel_flow.fresh_spans import FreshLine, FreshLoop
from msanii_live.engines.mel_flow.model_level import model_gain
from msanii_live.engines.mel_flow.pipeline import BarPhase, MelFlowPipeline
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.prompt_parser import PromptConditions, key_name, parse_key, parse_style
from msanii_live.engines.verbs import run_verb
from msanii_live.engines.vocabulary import BEATS_PER_BAR, STYLES
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
MAX_DROP = 12.0  # dB that the level next to a seam may lie under the whole source
MAX_SECONDS = 600.0  # of a clip together with its source
MIN_FRAMES = 2_048  # of a clip or a source
TEMPO_TOLERANCE = 0.03  # relative difference between the estimated tempo and the given one


@dataclass(frozen=True)
class MelFlowTasks:
    """One command of the flow engine, with the model and the vocoder that carry it out.

    conditions: style and key of the command.
    """

    model: FlowModel
    vocoder: VocoderSettings
    command: GenerationCommand
    context: Context
    conditions: PromptConditions

    @property
    def rate(self) -> int:
        """The sample rate, Hz."""
        return self.model.spec.sample_rate

    def run(self) -> Clip:
        """Run the method of the command's verb."""
        return run_verb(self, self.command, "mel-flow")

    def generate(self, command: Generate) -> Clip:
        """Generate a clip from noise, as a loop if it has whole bars."""
        bpm = command.bpm or self.context.tempo
        frames = self._frames(command, bpm)
        beat = BarPhase.at(bpm, 0.0, self.rate)
        bars = frames * beat.rate
        is_loop = command.bars is not None and abs(bars - round(bars)) < 1e-3
        pipeline = self._pipeline(bpm, None)
        fresh = (
            FreshLoop(pipeline, frames, round(bars))
            if is_loop
            else FreshLine(pipeline, frames, beat)
        )
        return self._clip(hand_over(fresh, self.context.spans), bpm, beat, loops=is_loop)

    def outpaint(self, command: Outpaint) -> Clip:
        """Continue a clip at either end, keeping it bit for bit up to the seam."""
        source = self._source(command.src)
        bpm, bar = self._find_beat(source)
        new = self._frames(command, bpm or self.context.tempo)
        old = as_stereo(source.samples)
        self._check_length(len(old) * command.keep + new)
        silence = np.zeros((new, 2), np.float32)
        leftwards = command.side == "left"
        joined = np.concatenate([silence, old] if leftwards else [old, silence])
        start, end = (0, new) if leftwards else (len(old), len(joined))
        beat = BarPhase.at(bpm, bar, self.rate).moved(-new if leftwards else 0)
        is_first = bool(command.keep) and not leftwards
        early = EarlySource(self.context.spans, source, len(old), len(joined), is_first)
        wave = self._inpaint(joined, start, end, beat if bpm else None, source, leftwards)
        early.add_rest(wave)
        if not command.keep:
            wave, beat = wave[start:end], beat.moved(start)
        return self._clip(wave, bpm, beat, (source,))

    def inpaint(self, command: Inpaint) -> Clip:
        """Replace a span of a clip."""
        source = self._source(command.src)
        check_span(command, source.info.seconds)
        start = round(command.start * self.rate)
        end = min(round(command.end * self.rate), source.info.frames)
        bpm, bar = self._find_beat(source)
        beat = BarPhase.at(bpm, bar, self.rate)
        samples = as_stereo(source.samples)
        wave = self._inpaint(samples, start, end, beat if bpm else None, source, leftwards=False)
        return self._clip(wave, bpm, beat, (source,))

    def audio_to_audio(self, command: AudioToAudio) -> Clip:
        """Generate a variation of a clip at its level; at strength 0 it is the clip itself."""
        source = self._source(command.src)
        samples = as_stereo(source.samples)
        return self._denoise_blend(samples, [samples], [1.0], command.strength, source, (source,))

    def interpolate(self, command: Interpolate) -> Clip:
        """Generate a clip between two: a at mix 0, b at mix 1, their denoised blend in between.

        Its level goes from that of a to that of b along the equal-power line.
        """
        a, b = self._source(command.a), self._source(command.b)
        frames = min(a.info.frames, b.info.frames)
        first, second = as_stereo(a.samples)[:frames], as_stereo(b.samples)[:frames]
        mix = command.mix
        weights = [1 - mix, mix]
        blend = np.asarray(weights[0] * first + weights[1] * second, dtype=np.float32)
        if 0 < mix < 1:
            blend = match_power(blend, equal_power([first, second], weights))
        # No noise at either end, most in the middle.
        strength = command.strength * 4 * mix * (1 - mix)
        nearer = a if mix < 0.5 else b
        return self._denoise_blend(blend, [first, second], weights, strength, nearer, (a, b))

    def vocode(self, command: Vocode) -> Clip:
        """Make a clip again from its mel alone, so that a vocoder can be heard."""
        source = self._source(command.src)
        gain = model_gain(source.samples)
        bpm, bar = source.info.bpm, source.info.bar_offset
        wave = self._tensor(as_stereo(source.samples), gain)
        made = _samples(self._pipeline(bpm, source).resynthesize(wave)) / np.float32(gain)
        beat = BarPhase.at(bpm, bar, self.rate)
        made = as_mono(made) if is_mono(as_stereo(source.samples)) else made
        return self._clip(limit(made), bpm, beat, (source,))

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
        if not MIN_FRAMES <= frames <= MAX_SECONDS * self.rate:
            raise CommandError(
                Code.ERANGE,
                f"the clip would last {seconds:.2f} s: it must be 0.05 to {MAX_SECONDS:g} s",
            )

    def _source(self, name: str) -> Clip:
        clip = self.context.clip(name)
        if clip.info.sample_rate != self.rate:
            raise CommandError(
                Code.EENGINE, f"{name} is at {clip.info.sample_rate} Hz, the engine at {self.rate}"
            )
        self._check_length(clip.info.frames)
        return clip

    def _find_beat(self, source: Clip) -> tuple[float, float]:
        """Return the tempo, bpm or 0 if unknown, and the bars from a downbeat to the first sample.

        They are those of the clip if it has them, and are estimated otherwise. The tempo of the
        command replaces either.
        """
        info = source.info
        if info.bpm:
            return self.command.bpm or info.bpm, info.bar_offset
        found = estimate_beat(source.samples, info.sample_rate, BEATS_PER_BAR)
        if self.command.bpm:
            near = found is not None and abs(found.bpm / self.command.bpm - 1) < TEMPO_TOLERANCE
            return self.command.bpm, found.bar if found is not None and near else 0.0
        return (found.bpm, found.bar) if found is not None else (0.0, 0.0)

    def _pipeline(self, bpm: float, source: Clip | None) -> MelFlowPipeline:
        style, key = self.conditions.style, self.conditions.key
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

    def _inpaint(
        self,
        samples: Samples,
        start: int,
        end: int,
        beat: BarPhase | None,
        source: Clip,
        leftwards: bool,
    ) -> Samples:
        """Generate frames [start, end) at the source's level; the rest stays bit for bit."""
        gain = model_gain(source.samples)
        pipeline = self._pipeline(beat.rate * 240 * self.rate if beat else 0.0, source)
        low, high = pipeline.heard_around(start, end, len(samples))
        heard = self._tensor(samples[low:high], gain)
        here = beat.moved(low) if beat else None
        wave = pipeline.inpaint(heard, start - low, end - low, here, leftwards)
        # A continuation is a little quieter than its source, and chained ones lose more; for a
        # source unlike its training data the model may fade out. So the level is held.
        near = 6 * self.rate
        around = np.concatenate([samples[max(0, start - near) : start], samples[end : end + near]])
        drop = MAX_DROP if len(around) >= self.rate // 2 else 0.0  # less tells no level
        level = max(rms_dbfs(around), rms_dbfs(source.samples) - drop)
        made = _samples(wave) / np.float32(gain)
        if is_mono(samples):  # the network may give it a side channel
            made = as_mono(made)
        made = hold_level(made, start - low, end - low, level, even=True)
        first, last = max(0, start - SEAM), min(len(samples), end + SEAM)
        limited = limit(made[first - low : last - low])
        fresh = slice(start - first, end - first)
        taken = rms_dbfs(made[start - low : end - low]) - rms_dbfs(limited[fresh])
        if taken > 0.1:  # dB, by the limiter; chained continuations would lose it each time
            level = rms_dbfs(limited[fresh]) + taken
            limited = limit(hold_level(limited, fresh.start, fresh.stop, level))
        out = samples.copy()
        out[first:last] = limited
        return out

    def _denoise_blend(
        self,
        blend: Samples,
        sources: list[Samples],
        weights: list[float],
        strength: float,
        nearer: Clip,
        parents: tuple[Clip, ...],
    ) -> Clip:
        bpm, bar = self._find_beat(nearer)
        beat = BarPhase.at(bpm, bar, self.rate)
        if strength < 1e-3:
            self.context.progress(1, 1)
            return self._clip(blend, bpm, beat, parents)
        gain = model_gain(blend)
        made = self._pipeline(bpm, nearer).audio_to_audio(
            self._tensor(blend, gain),
            [self._tensor(samples, gain) for samples in sources],
            weights,
            strength,
            beat if bpm else None,
        )
        wave = _samples(made) / np.float32(gain)
        if all(is_mono(samples) for samples in sources):
            wave = as_mono(wave)
        wave = match_power(wave, equal_power(sources, weights))
        return self._clip(wave, bpm, beat, parents)

    def _clip(
        self,
        wave: Samples,
        bpm: float,
        beat: BarPhase,
        parents: tuple[Clip, ...] = (),
        loops: bool = False,
    ) -> Clip:
        if not np.isfinite(wave).all():
            raise CommandError(Code.EINTERNAL, "the model returned values that are not finite")
        style, key = self.conditions.style, self.conditions.key
        parent = parents[0].info if parents else None
        return make_clip(
            np.array(wave, dtype=np.float32, order="C"),
            self.rate,
            seed=self.context.seed,
            bpm=round(bpm, 4),
            bar_offset=round(beat.bar, 9) % 1.0,
            loops=loops,
            style=STYLES[style] if style is not None else parent.style if parent else "",
            key=key_name(key) if key is not None else parent.key if parent else "",
            parents=tuple(parent.info.name for parent in parents),
        )


def _samples(wave: torch.Tensor) -> Samples:
    """Return the samples of a wave, (2, frames), as float32, (frames, 2)."""
    return np.ascontiguousarray(wave.T.float().cpu().numpy())
