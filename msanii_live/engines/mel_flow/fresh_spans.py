"""Audio without a source, span by span, so that the first is there before the last is begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from msanii_live.dsp.mel import left_right
from msanii_live.dsp.mel_power import MelPowers
from msanii_live.dsp.span_vocoding import (
    context_samples,
    lookahead_samples,
    vocode_loop_span,
    vocode_span,
)
from msanii_live.dsp.vocoding import vocode_line
from msanii_live.engines.mel_flow.inpainting import plan_line, plan_loop
from msanii_live.engines.mel_flow.mel_level import clip_powers
from msanii_live.engines.mel_flow.pipeline import BarPhase, MelFlowPipeline
from msanii_live.engines.spans import span_edges, span_edges_with_context


@dataclass(frozen=True)
class FreshSpan:
    """The next span of a clip without a source.

    wave: float32, (2, frames), left and right. powers: the mean square of each mel frame that is
    known by now, from the start of the clip, as the mel tells it. is_all: no more will follow.
    """

    wave: torch.Tensor
    powers: MelPowers
    is_all: bool


@dataclass(frozen=True)
class FreshLine:
    """A clip of so many frames that is no loop. beat: of its first sample.

    One more token is generated at either end and dropped, so that the model sees no edge.
    """

    pipeline: MelFlowPipeline
    frames: int
    beat: BarPhase

    @property
    def hop(self) -> float:
        """Frames from one mel frame to the next."""
        return self.pipeline.model.spec.hop

    def edges(self) -> list[int]:
        """Return where its spans end, frames."""
        line, rate = self.pipeline, self.pipeline.model.spec.sample_rate
        if line.vocoder.net is None:  # its phase search looks too far
            return [self.frames]
        windows = plan_line(self._tokens, 0, self._tokens, line.window)
        ends = [self._ready(window.fill_to) for window in windows[:-1]]
        return span_edges([*(end for end in ends if end > 0), self.frames], rate)

    def spans(self) -> Iterator[FreshSpan]:
        """Make the spans one after another."""
        line, tokens, edges = self.pipeline, self._tokens, self.edges()
        length, lead = tokens * line.token, line.token
        windows = plan_line(tokens, 0, tokens, line.window)
        line.plan_steps(len(windows), len(edges))
        mels = line.fill(line.blank(tokens), [False] * tokens, windows, self.beat.moved(-lead))
        made, powers, start = line.blank(tokens), np.empty(0), 0
        for window, mel in zip(windows, mels, strict=True):
            is_all = window is windows[-1]
            new = slice(window.fill_from * line.patch, window.fill_to * line.patch)
            made[:, :, new] = line.model.denormalise(mel[:, :, new])
            powers = np.concatenate([powers, clip_powers(made[:, :, new], line.model.spec)])
            while edges and (is_all or edges[0] <= self._ready(window.fill_to)):
                end = edges.pop(0)
                known = made[:, :, : new.stop]
                wave = self._vocode(known, lead + start, lead + end, length)
                line.on_span()
                yield FreshSpan(left_right(wave), powers[line.patch :], is_all)
                start = end

    @property
    def _tokens(self) -> int:
        token = self.pipeline.token
        return -(-(self.frames + token) // token) + 1

    def _ready(self, token: int) -> int:
        """Return up to which frame the clip can be vocoded once tokens up to one are known."""
        line = self.pipeline
        if line.vocoder.net is None:
            return 0
        ahead = lookahead_samples(line.vocoder, line.model.spec)
        return min(self.frames, (token - 1) * line.token - ahead)

    def _vocode(self, mel: torch.Tensor, start: int, end: int, length: int) -> torch.Tensor:
        """Return samples [start, end) of a canvas, mid and side."""
        line, spec = self.pipeline, self.pipeline.model.spec
        if line.vocoder.net is not None:
            return vocode_span(
                mel, start, end, length, spec,
                vocoder=line.vocoder, on_iteration=line.check_cancelled,
            )  # fmt: skip
        wave = vocode_line(
            mel, line.noise(length), 0, length, spec,
            vocoder=line.vocoder, on_iteration=line.check_cancelled, on_span=lambda: None,
        )  # fmt: skip
        return wave[:, start:end]


@dataclass(frozen=True)
class FreshLoop:
    """A loop of so many frames and whole bars, whose end continues into its start.

    The mel frames are spread evenly over the loop, so that it may have any length in samples. Its
    start depends on its end, so the first span comes when the whole mel is known.
    """

    pipeline: MelFlowPipeline
    frames: int
    bars: float

    @property
    def hop(self) -> float:
        """Frames from one mel frame to the next."""
        return self.frames / (self._tokens * self.pipeline.patch)

    def edges(self) -> list[int]:
        """Return where its spans end, frames."""
        loop = self.pipeline
        if loop.vocoder.net is None:
            return [self.frames]
        context = 2 * context_samples(loop.vocoder, loop.model.spec, is_loop=True)
        return span_edges_with_context(self.frames, loop.model.spec.sample_rate, context)

    def spans(self) -> Iterator[FreshSpan]:
        """Make the spans one after another."""
        loop, edges = self.pipeline, self.edges()
        tokens = self._tokens
        windows = plan_loop(tokens, loop.window)
        loop.plan_steps(len(windows), len(edges))
        mel, beat = loop.blank(tokens), BarPhase(0.0, self.bars / (tokens * loop.token))
        for filled in loop.fill(mel, [False] * tokens, windows, beat):
            mel = filled
        made = loop.model.denormalise(mel)
        powers = clip_powers(made, loop.model.spec)
        for start, end in pairwise([0, *edges]):
            wave = vocode_loop_span(
                made, start, end, self.frames, loop.model.spec,
                vocoder=loop.vocoder, generator=loop.generator, on_iteration=loop.check_cancelled,
            )  # fmt: skip
            loop.on_span()
            yield FreshSpan(left_right(wave), powers, True)

    @property
    def _tokens(self) -> int:
        return max(8, round(self.frames / self.pipeline.token))
