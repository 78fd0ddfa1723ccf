"""The steps from conditions and known audio to new audio: plan windows, inpaint mels, vocode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from msanii_live.dsp.mel import left_right, mid_side
from msanii_live.dsp.samplers import noise_level
from msanii_live.dsp.vocoding import (
    CONTEXT_SAMPLES,
    VocoderSettings,
    continue_phase,
    plan_spans,
    vocode_line,
)
from msanii_live.engines.mel_flow.conditions import Conditions, bar_phase_features
from msanii_live.engines.mel_flow.inpainting import (
    InpaintingWindow,
    SamplingOptions,
    context_tokens,
    fill_windows,
    plan_left,
    plan_line,
)
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.vocabulary import BEATS_PER_BAR

NOISE_LEVEL = 1e-2  # of the noise that a phase search starts from


@dataclass(frozen=True)
class BarPhase:
    """A position in the bar that moves with the samples.

    bar: bars from a downbeat to sample 0. rate: bars per sample.
    """

    bar: float
    rate: float

    @classmethod
    def at(cls, bpm: float, bar: float, sample_rate: int) -> BarPhase:
        """Return the phase at a tempo, bpm, with sample 0 `bar` bars after a downbeat."""
        return cls(bar, bpm / 60 / BEATS_PER_BAR / sample_rate)

    def moved(self, samples: float) -> BarPhase:
        """Return the phase with sample 0 moved later by some samples, earlier if negative."""
        return BarPhase(self.bar + samples * self.rate, self.rate)


@dataclass
class MelFlowPipeline:
    """The generation of audio for one job with one model.

    steps: denoising steps per window. guidance: see `SamplingOptions`. progress: takes
    (step, steps); an exception from it ends the work.
    """

    model: FlowModel
    conditions: Conditions
    generator: torch.Generator
    steps: int
    vocoder: VocoderSettings
    guidance: float
    progress: Callable[[int, int], None]
    _done: int = field(default=0, init=False)
    _total: int = field(default=1, init=False)

    @property
    def token(self) -> int:
        """Samples per token of the network."""
        return self.model.spec.hop * self.model.net.config.patch

    def heard_around(self, start: int, end: int, frames: int) -> tuple[int, int]:
        """Return the samples that decide on samples [start, end) of a clip, as (first, last).

        A network's window reaches no further, so a continuation costs the same however long its
        source is. The first is on the same token grid as sample 0.
        """
        seen = (context_tokens(self.window) + 2) * self.token
        margin = seen + CONTEXT_SAMPLES + self.model.spec.n_fft
        return max(0, start - margin) // self.token * self.token, min(frames, end + margin)

    def inpaint(
        self, wave: torch.Tensor, start: int, end: int, beat: BarPhase | None, leftwards: bool
    ) -> torch.Tensor:
        """Generate samples [start, end) so that they join what lies before and after.

        wave: float32, (2, frames), with any values inside the span. leftwards: work from right to
        left. Returns the same shape; outside the span only samples next to a seam change.
        """
        frames = wave.shape[-1]
        # Padded at the start so that the seam lies on the token grid, and by a token at the end.
        lead = -(end if leftwards else start) % self.token + self.token
        tokens = -(-(lead + frames) // self.token) + 1
        whole = torch.zeros(2, tokens * self.token, device=wave.device)
        whole[:, lead : lead + frames] = wave
        a = lead + start if start else 0
        b = lead + end if end < frames else whole.shape[-1]
        if self.vocoder.net is None:
            whole[:, a:b] = self.noise(b - a)
        # A token is known if the analysis windows of all its mel frames are known.
        half = self.model.spec.n_fft // 2
        first = max(0, (a - half) // self.token) if a else 0
        last = min(tokens, -(-(b + half) // self.token))
        known = [not first <= token < last for token in range(tokens)]
        windows = (plan_left if leftwards else plan_line)(tokens, first, last, self.window)
        self.plan_steps(len(windows), self._spans(whole.shape[-1], a, b))
        mel = self._analyse_known(whole, first, last, a)
        mel = self._inpaint(mel, known, windows, beat.moved(-lead) if beat else None)
        return self._vocode(mel, mid_side(whole), a, b)[:, lead : lead + frames]

    def audio_to_audio(
        self,
        blend: torch.Tensor,
        sources: Sequence[torch.Tensor],
        weights: Sequence[float],
        strength: float,
        beat: BarPhase | None,
    ) -> torch.Tensor:
        """Mix the mels of sources in power, add noise up to a level, and denoise them.

        blend: audio that the phase search starts from; it and each source float32, (2, frames).
        weights: of the sources' power. strength: above 0; 1 keeps nothing. Returns the same shape.
        """
        frames = blend.shape[-1]
        tokens = -(-frames // self.token) + 1
        length = tokens * self.token
        pad = (0, length - frames)
        mels = [self.model.analyse(torch.nn.functional.pad(source, pad)) for source in sources]
        mel = self.model.interpolate(mels, weights)
        windows = plan_line(tokens, 0, tokens, self.window)
        self.plan_steps(len(windows), self._spans(length, 0, length))
        mel = self._inpaint(mel, [False] * tokens, windows, beat, noise_level(strength))
        start = mid_side(torch.nn.functional.pad(blend, pad))
        return self._vocode(mel, start, 0, length, continue_phase(self.vocoder))[:, :frames]

    def resynthesize(self, wave: torch.Tensor) -> torch.Tensor:
        """Return audio made again from its mel alone; float32, (2, frames), as is `wave`."""
        frames = wave.shape[-1]
        padded = torch.nn.functional.pad(wave, (0, -frames % self.token))
        length = padded.shape[-1]
        self.plan_steps(0, self._spans(length, 0, length))
        return self._vocode(self.model.analyse(padded), self.noise(length), 0, length)[:, :frames]

    # -- parts ---------------------------------------------------------------------------------

    @property
    def patch(self) -> int:
        """Mel frames per token of the network."""
        return self.model.net.config.patch

    @property
    def window(self) -> int:
        """Tokens that the network sees in one pass."""
        return self.model.net.config.window // self.model.net.config.patch

    def blank(self, tokens: int) -> torch.Tensor:
        """Return a normalised mel of which nothing is known, (channels, mels, mel_frames)."""
        config = self.model.net.config
        shape = (config.channels, config.mels, tokens * config.patch)
        return torch.zeros(shape, device=self.model.mean.device)

    def noise(self, frames: int) -> torch.Tensor:
        """Return what a phase search without a network starts from, (2, frames)."""
        noise = torch.randn(2, frames, generator=self.generator)
        return NOISE_LEVEL * noise.to(self.model.mean.device)

    def _analyse_known(
        self, whole: torch.Tensor, first: int, last: int, start: int
    ) -> torch.Tensor:
        """Return the normalised mel of tokens before `first` and from `last` on, and zeros between.

        whole: (2, frames), whole tokens, with values that nobody knows from sample `start` on.
        """
        tokens = whole.shape[-1] // self.token
        mel = self.blank(tokens)
        if first:
            end = first * self.patch
            mel[:, :, :end] = self.model.analyse(whole[:, :start])[:, :, :end]
        if last < tokens:
            margin = -(-self.model.spec.n_fft // 2 // self.token)
            mel[:, :, last * self.patch :] = self.model.analyse(
                whole[:, (last - margin) * self.token :]
            )[:, :, margin * self.patch :]
        return mel

    def _inpaint(
        self,
        mel: torch.Tensor,
        known: Sequence[bool],
        windows: Sequence[InpaintingWindow],
        beat: BarPhase | None,
        level: float = 1.0,
    ) -> torch.Tensor:
        out = mel
        for filled in self.fill(mel, known, windows, beat, level):
            out = filled
        return out

    def fill(
        self,
        mel: torch.Tensor,
        known: Sequence[bool],
        windows: Sequence[InpaintingWindow],
        beat: BarPhase | None,
        level: float = 1.0,
    ) -> Iterator[torch.Tensor]:
        """Fill windows of a normalised mel, and yield it after each; see `fill_windows`."""
        hop = self.model.spec.hop

        def phase(mel_frames: torch.Tensor) -> torch.Tensor:
            bars = None if beat is None else beat.bar + mel_frames * hop * beat.rate
            return bar_phase_features(bars, len(mel_frames))

        options = SamplingOptions(self.conditions, phase, self.steps, level, self.guidance)
        whole = mel[:, :, : len(known) * self.patch]
        return fill_windows(
            self.model.net, whole, known, windows, options, self.generator, self._on_denoise,
            self.model.cpu_net,
        )  # fmt: skip

    def _vocode(
        self,
        mel: torch.Tensor,
        canvas: torch.Tensor,
        start: int,
        end: int,
        vocoder: VocoderSettings | None = None,
    ) -> torch.Tensor:
        wave = vocode_line(
            self.model.denormalise(mel),
            canvas,
            start,
            end,
            self.model.spec,
            vocoder=vocoder or self.vocoder,
            on_iteration=self.check_cancelled,
            on_span=self.on_span,
        )
        return left_right(wave)

    def _spans(self, frames: int, start: int, end: int) -> int:
        return len(plan_spans(frames, start, end, self.model.spec.hop))

    def plan_steps(self, windows: int, spans: int) -> None:
        """Count the steps of the whole job, and report its start."""
        self._total = windows * self.steps + spans
        self.progress(0, self._total)

    def _on_denoise(self, step: int) -> None:
        self._done = step
        self.progress(step, self._total)

    def on_span(self) -> None:
        """Count a span as vocoded."""
        self._done = min(self._done + 1, self._total)
        self.progress(self._done, self._total)

    def check_cancelled(self) -> None:
        """Let a job be cancelled between two iterations of the phase search."""
        self.progress(self._done, self._total)
