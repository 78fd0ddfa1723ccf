"""The default engine: one mask-conditioned mel flow that serves every verb."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from msanii_live.audio import Clip, Samples, as_stereo, limit, make_clip, rms_dbfs
from msanii_live.engines.base import Capabilities, Context
from msanii_live.errors import Code, CommandError
from msanii_live.models.conditions import BEATS_A_BAR, STYLES, Conditions, bar_phase_features
from msanii_live.models.device import pick_device, precision
from msanii_live.models.flow_weights import FlowModel, load
from msanii_live.models.mel import left_right, mid_side
from msanii_live.models.music_words import Steering, key_name, read_key, read_style, read_words
from msanii_live.models.painting import Brush, Window, paint, plan_left, plan_line, plan_loop
from msanii_live.models.vocoding import plan_spans, vocode_line, vocode_loop
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    MakingCommand,
    Outpaint,
)

DEFAULT_WEIGHTS = Path(__file__).parent.parent / "weights" / "mel-flow.safetensors"
DEFAULT_STEPS = 16
LOUDNESS = -18.0  # dBFS RMS that fresh clips and contexts are brought to
FADE_IN = 32  # frames; the edge of a fresh clip must not click


@dataclass(frozen=True)
class Beat:
    """Say where the bar is: bars at sample 0 of a canvas, and bars a sample."""

    bar: float
    rate: float

    def features(self, spec_hop: int, mel_frames: torch.Tensor) -> torch.Tensor:
        """Return phase features of mel frames, float32, (PHASE_CHANNELS, n)."""
        return bar_phase_features(self.bar + mel_frames * spec_hop * self.rate, len(mel_frames))


class MelFlow:
    """Serve generate, outpaint, inpaint, interpolate and audio2audio with one network."""

    def __init__(self, device: str, weights: Path = DEFAULT_WEIGHTS, name: str = "mel-flow") -> None:
        self.name = name
        self.capabilities = Capabilities(
            verbs=tuple(
                c.address for c in (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio)
            ),
            sample_rate=44_100,
            channels=2,
            longest=190.0,
            steps=DEFAULT_STEPS,
            styles=STYLES,
        )
        self.iterations = 48
        self.guidance = 1.0
        self._device_name = device
        self._weights = weights
        self._model: FlowModel | None = None

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._model is not None

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where the file is missing or is none of ours.
        """
        if self._model is None:
            try:
                self._model = load(self._weights, pick_device(self._device_name))
            except (OSError, ValueError) as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None

    def free(self) -> None:
        """Give the memory back."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch.cuda.memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        quiet = Context(
            clip=_no_clip,
            progress=lambda step, steps: None,
            warn=lambda text: None,
            tempo=120.0,
            beats=4,
            seed=0,
        )
        self.run(Generate(seconds=6.0, steps=2), quiet)

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        self.load()
        assert self._model is not None
        steering = read_words(command.prompt, command.style, command.key)
        if steering.unknown:
            context.warn(
                f"unknown words: {' '.join(steering.unknown)}; styles are {', '.join(STYLES)}, "
                "keys such as C, F#m, Bb major"
            )
        work = _Work(self._model, command, context, steering, self.iterations, self.guidance)
        try:
            with torch.inference_mode(), precision(self._model.mean.device):
                return work.carry_out()
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            raise CommandError(
                Code.EOOM, "the GPU is out of memory: ask for a shorter clip, or free an engine"
            ) from None


def _no_clip(name: str) -> Clip:
    raise CommandError(Code.ENOCLIP, f"no clip {name}")


class _Work:
    """Carry out one command; everything here lives as long as the job."""

    def __init__(
        self,
        model: FlowModel,
        command: MakingCommand,
        context: Context,
        steering: Steering,
        iterations: int,
        guidance: float,
    ) -> None:
        self.model = model
        self.command = command
        self.context = context
        self.steering = steering
        self.iterations = iterations
        self.guidance = guidance
        self.steps = command.steps or DEFAULT_STEPS
        self.device = model.mean.device
        self.generator = torch.Generator().manual_seed(context.seed)
        self.rate = model.spec.sample_rate
        self.token = model.spec.hop * model.net.config.patch  # samples a token
        self._done = 0
        self._total = 1

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
        raise CommandError(Code.EENGINE, f"mel-flow cannot {self.command.address}")

    # -- verbs ---------------------------------------------------------------------------------

    def generate(self, command: Generate) -> Clip:
        """Make a clip from noise."""
        bpm = command.bpm or self.context.tempo
        frames = self.length(command, bpm)
        if command.bars is not None and float(command.bars * self.context.beats / 4).is_integer():
            wave = self._fresh_loop(frames, bpm)
        else:
            wave = self._fresh_line(frames, bpm)
        wave = _at_loudness(wave)
        if command.bars is None:
            ramp = np.linspace(0, 1, FADE_IN, dtype=np.float32)[:, None]
            wave[:FADE_IN] *= ramp
            wave[-4 * FADE_IN :] *= np.linspace(1, 0, 4 * FADE_IN, dtype=np.float32)[:, None]
        return self._clip(wave, bpm=bpm, bar_offset=0.0, loops=command.bars is not None)

    def outpaint(self, command: Outpaint) -> Clip:
        """Go on from a clip, keeping it bit for bit up to the seam."""
        source = self._source(command.src)
        bpm = command.bpm or source.info.bpm or 0.0
        frames = self.length(command, bpm or self.context.tempo)
        old = as_stereo(source.samples)
        self._check_length(len(old) + frames)
        silence = np.zeros((frames, 2), np.float32)
        right = command.side == "right"
        joined = np.concatenate([old, silence] if right else [silence, old])
        span = (len(old), len(joined)) if right else (0, frames)
        offset = source.info.bar_offset - (0 if right else frames * bpm / 60 / BEATS_A_BAR / self.rate)
        wave = self._fill(joined, *span, self._beat(bpm, offset), source, leftwards=not right)
        if not command.keep:
            wave = wave[span[0] : span[1]]
            offset += (span[0] * bpm / 60 / BEATS_A_BAR / self.rate) if right else 0.0
        return self._clip(wave, bpm=bpm, bar_offset=offset % 1.0, parents=(source,))

    def inpaint(self, command: Inpaint) -> Clip:
        """Make a span of a clip anew."""
        source = self._source(command.src)
        length = source.info.seconds
        if not 0 <= command.start < command.end or command.start >= length:
            raise CommandError(
                Code.ERANGE,
                f"start {command.start:g} and end {command.end:g} must lie in this order within "
                f"the clip's {length:.3f} s",
            )
        start = round(command.start * self.rate)
        end = min(round(command.end * self.rate), source.info.frames)
        bpm = command.bpm or source.info.bpm
        beat = self._beat(bpm, source.info.bar_offset)
        wave = self._fill(as_stereo(source.samples), start, end, beat, source)
        return self._clip(
            wave, bpm=bpm, bar_offset=source.info.bar_offset, parents=(source,)
        )

    def audio_to_audio(self, command: AudioToAudio) -> Clip:
        """Make a variation of a clip."""
        source = self._source(command.src)
        bpm = command.bpm or source.info.bpm
        old = as_stereo(source.samples)
        wave = self._remake(old, [old], [1.0], command.strength, bpm, source)
        return self._clip(
            wave, bpm=bpm, bar_offset=source.info.bar_offset, parents=(source,)
        )

    def interpolate(self, command: Interpolate) -> Clip:
        """Make a clip between two: a at mix 0, b at mix 1, the blend made anew in between."""
        a, b = self._source(command.a), self._source(command.b)
        frames = min(a.info.frames, b.info.frames)
        first, second = as_stereo(a.samples)[:frames], as_stereo(b.samples)[:frames]
        nearer = a if command.mix < 0.5 else b
        bpm = command.bpm or nearer.info.bpm
        mix = command.mix
        # At either end there is nothing to make anew; the noise grows towards the middle.
        strength = command.strength * 4 * mix * (1 - mix)
        blend = np.asarray((1 - mix) * first + mix * second, dtype=np.float32)
        weights = [1 - mix, mix]
        wave = self._remake(blend, [first, second], weights, strength, bpm, nearer)
        return self._clip(wave, bpm=bpm, bar_offset=nearer.info.bar_offset, parents=(a, b))

    # -- parts ---------------------------------------------------------------------------------

    def length(self, command: Generate | Outpaint, bpm: float) -> int:
        """Return the frames a command asks for."""
        seconds = command.seconds
        if command.bars is not None:
            seconds = command.bars * self.context.beats * 60.0 / bpm
        frames = round(seconds * self.rate)
        self._check_length(frames)
        return frames

    def _check_length(self, frames: int) -> None:
        if frames > 600 * self.rate or frames < 0.05 * self.rate:
            raise CommandError(
                Code.ERANGE, f"the clip would last {frames / self.rate:.2f} s: 0.05 to 600 s"
            )

    def _source(self, name: str) -> Clip:
        clip = self.context.clip(name)
        if clip.info.sample_rate != self.rate:
            raise CommandError(
                Code.EENGINE, f"{name} is at {clip.info.sample_rate} Hz, the engine at {self.rate}"
            )
        if clip.info.frames < self.token:
            raise CommandError(
                Code.ERANGE, f"{name} lasts {clip.info.frames} frames: at least {self.token}"
            )
        return clip

    def _beat(self, bpm: float, bar: float) -> Beat | None:
        return Beat(bar, bpm / 60 / BEATS_A_BAR / self.rate) if bpm else None

    def _conditions(self, bpm: float, source: Clip | None) -> Conditions:
        style, key = self.steering.style, self.steering.key
        if source is not None:
            style = read_style(source.info.style) if style is None else style
            key = read_key(source.info.key) if key is None else key
        density = self.command.density
        return Conditions(
            style=torch.tensor([-1 if style is None else style]),
            key=torch.tensor([-1 if key is None else key]),
            tempo=torch.tensor([bpm], dtype=torch.float32),
            density=torch.tensor([-1.0 if density is None else density]),
            phase=torch.zeros(1, 0, 0),
        ).to(self.device)

    def _brush(
        self, beat: Beat | None, bpm: float, source: Clip | None, strength: float = 1.0
    ) -> Brush:
        hop = self.model.spec.hop

        def phase(mel_frames: torch.Tensor) -> torch.Tensor:
            if beat is None:
                return bar_phase_features(None, len(mel_frames))
            return beat.features(hop, mel_frames)

        return Brush(
            self._conditions(bpm, source), phase, self.steps, strength, guidance=self.guidance
        )

    def _plan(self, windows: int, vocoder_passes: int) -> None:
        """Set what whole progress is: a vocoder pass counts as one step for eight iterations."""
        self._total = windows * self.steps + vocoder_passes * (-(-self.iterations // 8))
        self.context.progress(0, self._total)

    def _on_paint(self, step: int) -> None:
        self._done = step
        self.context.progress(step, self._total)

    def _on_vocode(self, iteration: int) -> None:
        if iteration % 8 == 0 or iteration == self.iterations:
            self._done = min(self._done + 1, self._total)
        self.context.progress(self._done, self._total)

    def _fresh_line(self, frames: int, bpm: float) -> Samples:
        """Generate with one token of lead-in and one of lead-out, which are dropped."""
        tokens = -(-(frames + self.token) // self.token) + 1
        beat = Beat(-self.token * bpm / 60 / BEATS_A_BAR / self.rate, bpm / 60 / BEATS_A_BAR / self.rate)
        windows = plan_line(tokens, 0, tokens, self._window)
        length = tokens * self.token
        self._plan(len(windows), len(plan_spans(length, 0, length, self.model.spec.hop)))
        mel = self._paint(tokens, windows, self._brush(beat, bpm, None))
        noise = torch.randn(2, length, generator=self.generator).to(self.device) * 1e-2
        wave = self._vocode(mel, noise, 0, length)
        return wave[self.token : self.token + frames]

    def _fresh_loop(self, frames: int, bpm: float) -> Samples:
        """Generate a loop whose end flows into its start, spread over whole tokens."""
        tokens = max(8, round(frames / self.token))
        bars = frames * bpm / 60 / BEATS_A_BAR / self.rate
        beat = Beat(0.0, bars / (tokens * self.token))
        windows = plan_loop(tokens, self._window)
        self._plan(len(windows), 1)
        mel = self._paint(tokens, windows, self._brush(beat, bpm, None))
        wave = vocode_loop(
            self.model.denormalise(mel),
            frames,
            self.model.spec,
            iterations=self.iterations,
            generator=self.generator,
            on_step=self._on_vocode,
        )
        return left_right(wave).T.float().cpu().numpy()

    @property
    def _window(self) -> int:
        return self.model.net.config.window // self.model.net.config.patch

    def _paint(self, tokens: int, windows: list[Window], brush: Brush) -> torch.Tensor:
        config = self.model.net.config
        blank = torch.zeros(
            config.channels, config.mels, tokens * config.patch, device=self.device
        )
        return paint(
            self.model.net, blank, [False] * tokens, windows, brush, self.generator, self._on_paint
        )

    def _vocode(self, mel: torch.Tensor, canvas: torch.Tensor, start: int, end: int) -> Samples:
        wave = vocode_line(
            self.model.denormalise(mel),
            canvas,
            start,
            end,
            self.model.spec,
            iterations=self.iterations,
            on_step=self._on_vocode,
        )
        return left_right(wave).T.float().cpu().numpy()

    def _fill(
        self,
        samples: Samples,
        start: int,
        end: int,
        beat: Beat | None,
        source: Clip,
        leftwards: bool = False,
    ) -> Samples:
        """Make frames [start, end) of `samples` anew; frames further off than a seam are kept.

        samples: float32, (frames, 2), with anything inside the span.
        """
        spec, patch = self.model.spec, self.model.net.config.patch
        gain = _gain_to(source.samples)
        # The canvas starts so that the seam lies on the token grid, and ends a token late.
        lead = -(end if leftwards else start) % self.token + self.token
        tokens = -(-(lead + len(samples)) // self.token) + 1
        canvas = torch.zeros(2, tokens * self.token, device=self.device)
        canvas[:, lead : lead + len(samples)] = torch.from_numpy(samples.T * gain).to(self.device)
        a, b = lead + start, lead + end
        if end == len(samples):
            b = canvas.shape[-1]
        if start == 0:
            a = 0
        canvas[:, a:b] = torch.randn(2, b - a, generator=self.generator).to(self.device) * 1e-2
        mel = self.model.analyse(canvas)
        # A token is known when nothing that its mel frames see is unknown.
        first = max(0, (a - spec.n_fft // 2) // self.token) if a else 0
        last = min(tokens, -(-(b + spec.n_fft // 2) // self.token))
        known = [not first <= token < last for token in range(tokens)]
        plan = plan_left if leftwards else plan_line
        windows = plan(tokens, first, last, self._window)
        if beat is not None:
            beat = Beat(beat.bar - lead * beat.rate, beat.rate)
        bpm = (beat.rate * 60 * BEATS_A_BAR * self.rate) if beat else 0.0
        self._plan(len(windows), len(plan_spans(canvas.shape[-1], a, b, spec.hop)))
        mel = paint(
            self.model.net,
            mel[:, :, : tokens * patch],
            known,
            windows,
            self._brush(beat, bpm, source),
            self.generator,
            self._on_paint,
        )
        wave = self._vocode(mel, mid_side(canvas), a, b)[lead : lead + len(samples)] / gain
        made = slice(max(0, start - self.token), min(len(samples), end + self.token))
        out = samples.copy()
        seam = limit(np.ascontiguousarray(wave[made]))
        out[made] = seam
        return _keep_known(out, samples, start, end)

    def _remake(
        self,
        blend: Samples,
        sources: list[Samples],
        weights: list[float],
        strength: float,
        bpm: float,
        source: Clip,
    ) -> Samples:
        """Noise the weighted mels of the sources to `strength` and make them anew.

        blend: what the phase search starts from, float32, (frames, 2); returned as it is where the
        strength is 0.
        """
        if strength <= 1e-3:
            self.context.progress(1, 1)
            return blend
        patch = self.model.net.config.patch
        tokens = -(-len(blend) // self.token) + 1
        gain = _gain_to(blend)

        def canvas_of(samples: Samples) -> torch.Tensor:
            canvas = torch.zeros(2, tokens * self.token, device=self.device)
            canvas[:, : len(samples)] = torch.from_numpy(samples.T * gain).to(self.device)
            return canvas

        mels = [self.model.analyse(canvas_of(samples)) for samples in sources]
        mixed = sum((w * mel for w, mel in zip(weights, mels, strict=True)), torch.zeros(()))
        windows = plan_line(tokens, 0, tokens, self._window)
        self._plan(len(windows), len(plan_spans(tokens * self.token, 0, len(blend), 512)))
        beat = self._beat(bpm, source.info.bar_offset)
        mel = paint(
            self.model.net,
            mixed[:, :, : tokens * patch],
            [False] * tokens,
            windows,
            self._brush(beat, bpm, source, strength),
            self.generator,
            self._on_paint,
        )
        canvas = mid_side(canvas_of(blend))
        wave = self._vocode(mel, canvas, 0, canvas.shape[-1])[: len(blend)]
        return limit(np.ascontiguousarray(wave / gain))

    def _clip(
        self,
        wave: Samples,
        *,
        bpm: float,
        bar_offset: float,
        loops: bool = False,
        parents: tuple[Clip, ...] = (),
    ) -> Clip:
        style, key = self.steering.style, self.steering.key
        inherited = parents[0].info if parents else None
        return make_clip(
            np.ascontiguousarray(wave, dtype=np.float32),
            self.rate,
            seed=self.context.seed,
            bpm=round(bpm, 4),
            bar_offset=bar_offset,
            loops=loops,
            style=STYLES[style] if style is not None else inherited.style if inherited else "",
            key=key_name(key) if key is not None else inherited.key if inherited else "",
            parents=tuple(parent.info.name for parent in parents),
        )


def _gain_to(samples: Samples) -> float:
    """Return the gain that brings audio to the loudness that the network knows, within 40 dB."""
    return float(10 ** (np.clip(LOUDNESS - rms_dbfs(samples), -40, 40) / 20))


def _at_loudness(wave: Samples) -> Samples:
    """Bring fresh audio to the common loudness and under the ceiling."""
    if not math.isfinite(float(np.abs(wave).max(initial=0.0))):
        raise CommandError(Code.EINTERNAL, "the model made values that are no numbers")
    return limit(np.asarray(wave * _gain_to(wave), dtype=np.float32)).copy()


def _keep_known(out: Samples, samples: Samples, start: int, end: int, reach: int = 2_048) -> Samples:
    """Put every source frame back that lies further than `reach` from the span made anew."""
    out[: max(0, start - reach)] = samples[: max(0, start - reach)]
    out[end + reach :] = samples[end + reach :]
    return out
