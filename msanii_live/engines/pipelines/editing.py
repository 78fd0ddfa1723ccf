"""From audio to latents and back: generate, fill a span, vary, mix, in as many passes as needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoding import CONTEXT_SAMPLES
from msanii_live.engines.pipelines.family import Family, LatentTask
from msanii_live.engines.pipelines.join import join
from msanii_live.engines.pipelines.windows import (
    PassWindow,
    plan_windows,
    plan_windows_leftwards,
)
from msanii_live.engines.pipelines.words import PromptWords

N_FFT, HOP = 2_048, 512  # of the seams
EDGE = 1  # latents next to a span that its silence may have reached; they are made anew


@dataclass
class PipelineEditor:
    """The making of audio for one job with one model.

    words: what it is to be. steps: of each pass. seed: of the first pass. progress: takes (step,
    steps); an exception from it ends the work.
    """

    family: Family
    words: PromptWords
    steps: int
    seed: int
    progress: Callable[[int, int], None]
    _done: int = field(default=0, init=False)
    _total: int = field(default=1, init=False)
    _pass: int = field(default=0, init=False)

    @property
    def longest(self) -> int:
        """The most samples of one pass."""
        return self.family.max_latents * self.family.hop

    def expect(self, *passes: Sequence[PassWindow]) -> None:
        """Say which passes will follow, so that progress counts them all."""
        self._total = max(1, sum(len(each) for each in passes) * self.steps)
        self.progress(0, self._total)

    def begin(self, seed: int, *passes: Sequence[PassWindow], after: int = 0) -> None:
        """Begin anew with a seed; see `expect`. after: passes of this seed made before."""
        self.seed, self._pass = seed, after
        self._total = self._done + max(1, sum(len(each) for each in passes) * self.steps)
        self.progress(self._done, self._total)

    def line(self, frames: int) -> list[PassWindow]:
        """Return the passes of new audio or of a variation of so many samples."""
        return plan_windows(frames, 0, frames, self.longest)

    def span(self, frames: int, start: int, end: int, leftwards: bool) -> list[PassWindow]:
        """Return the passes that fill [start, end)."""
        plan = plan_windows_leftwards if leftwards else plan_windows
        return plan(frames, start, end, self.longest)

    def generate(self, frames: int, windows: Sequence[PassWindow]) -> torch.Tensor:
        """Make new audio, float32, (2, frames)."""
        out = torch.zeros(2, frames, device=self.family.device)
        first, *others = windows
        count = self.family.count(first.last)
        out[:, : first.last] = self.family.decode(self._denoise(count, first.last))[:, : first.last]
        return self.fill(out, others)

    def generate_several(self, frames: int, seeds: Sequence[int]) -> list[torch.Tensor]:
        """Make new audio for each seed in one pass, each float32, (2, frames).

        frames: at most `longest`. Memory is needed for all latents, and for the audio of one.
        """
        self.begin(seeds[0], self.line(frames))
        latents = self._denoise(self.family.count(frames), frames, more_seeds=tuple(seeds[1:]))
        return [self.family.decode(one[None])[:, :frames] for one in latents]

    def fill(self, wave: torch.Tensor, windows: Sequence[PassWindow]) -> torch.Tensor:
        """Make the spans of passes so that they join what is known; (2, frames), as `wave`."""
        for window in windows:
            wave = self._fill_window(wave, window)
        return wave

    def vary(
        self,
        sources: Sequence[torch.Tensor],
        mix: float,
        level: float,
        windows: Sequence[PassWindow],
    ) -> torch.Tensor:
        """Add noise up to a level to audio, or to a mix of two, and denoise it; (2, frames).

        sources: one or two, float32, (2, frames). mix: 0 is only the first. level: above 0, at
        most 1. Later passes join what the earlier ones made.
        """
        out = torch.zeros_like(sources[0])
        for window in windows:
            size = window.last - window.first
            encoded = [self._encode(source[:, window.first : window.last]) for source in sources]
            mixed = encoded[0] if len(encoded) == 1 else slerp(encoded[0], encoded[1], mix)
            known = None
            if window.start > window.first:
                done = self._encode(out[:, window.first : window.last])
                known = self._known(window)
                known &= torch.arange(len(known)) * self.family.hop < window.start - window.first
                mixed = torch.where(known.to(mixed.device), done, mixed)
            latents = self._denoise(mixed.shape[-1], size, mixed, known, level)
            made = self.family.decode(latents)[:, :size]
            out = self._put(out, made, window)
        return out

    def _fill_window(self, wave: torch.Tensor, window: PassWindow) -> torch.Tensor:
        part = wave[:, window.first : window.last].clone()
        part[:, window.start - window.first : window.end - window.first] = 0
        source = self._encode(part)
        latents = self._denoise(source.shape[-1], part.shape[-1], source, self._known(window))
        return self._put(wave, self._decode_near(latents, window)[:, : part.shape[-1]], window)

    def _decode_near(self, latents: torch.Tensor, window: PassWindow) -> torch.Tensor:
        """Return the audio of a pass, (2, latents * hop), of which only its span is decoded.

        And what its seams look at, and what the autoencoder needs around both; zeros elsewhere.
        """
        hop, overlap, count = self.family.hop, self.family.overlap, latents.shape[-1]
        if overlap is None:
            return self.family.decode(latents)
        near = CONTEXT_SAMPLES + HOP  # that `join` looks at
        first = max(0, (window.start - window.first - near) // hop)
        last = min(count, -((window.first - window.end - near) // hop))
        begin, end = max(0, first - overlap), min(count, last + overlap)
        made = self.family.decode(latents[..., begin:end])
        out = torch.zeros(2, count * hop, device=made.device)
        out[:, first * hop : last * hop] = made[:, (first - begin) * hop : (last - begin) * hop]
        return out

    def _put(self, wave: torch.Tensor, made: torch.Tensor, window: PassWindow) -> torch.Tensor:
        """Join the span of a pass to what lies around it. made: (2, last - first)."""
        out = wave.clone()
        a, b = window.start - window.first, window.end - window.first
        spec = MelSpec(sample_rate=self.family.rate, n_fft=N_FFT, hop=HOP)
        part = join(wave[:, window.first : window.last], made, a, b, spec, self._check_cancelled)
        out[:, window.first : window.last] = part
        return out

    def _known(self, window: PassWindow) -> torch.Tensor:
        """Return which latents of a pass hold only known audio, bool, (latents,)."""
        hop, size = self.family.hop, window.last - window.first
        place = torch.arange(self.family.count(size)) * hop
        a, b = window.start - window.first, window.end - window.first
        before = place + (1 + EDGE) * hop <= a
        behind = (place - EDGE * hop >= b) & (place + hop <= size)
        return before | behind

    def _encode(self, wave: torch.Tensor) -> torch.Tensor:
        short = -wave.shape[-1] % self.family.hop
        whole = torch.nn.functional.pad(wave, (0, short))
        return self.family.cache.encode(whole, self.family.encode)

    def _denoise(
        self,
        latents: int,
        frames: int,
        source: torch.Tensor | None = None,
        known: torch.Tensor | None = None,
        level: float = 1.0,
        more_seeds: tuple[int, ...] = (),
    ) -> torch.Tensor:
        before = self._done

        def on_step(step: int, steps: int) -> None:
            self._done = before + round(step / steps * self.steps)
            self.progress(min(self._done, self._total), self._total)

        task = LatentTask(
            words=self.words,
            latents=latents,
            frames=frames,
            steps=self.steps,
            seed=(self.seed + self._pass) % 2**31,
            on_step=on_step,
            source=source,
            known=known,
            level=level,
            more_seeds=more_seeds,
        )
        self._pass += 1
        made = self.family.denoise(task)
        self._done = before + self.steps
        return made

    def _check_cancelled(self) -> None:
        self.progress(min(self._done, self._total), self._total)


def slerp(first: torch.Tensor, second: torch.Tensor, mix: float) -> torch.Tensor:
    """Return latents between two along the arc, each latent for itself; (1, dimensions, latents).

    mix: 0 is the first, 1 the second. Latents that nearly point the same way are mixed linearly.
    Source: Shoemake 1985, "Animating rotation with quaternion curves", section 3.3.
    """
    a, b = first.float(), second.float()
    lengths = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    directions = [
        each / length.clamp_min(1e-8) for each, length in zip((a, b), lengths, strict=True)
    ]
    angle = (directions[0] * directions[1]).sum(1, keepdim=True).clamp(-1, 1).acos()
    sine = angle.sin()
    arc = (((1 - mix) * angle).sin() * a + (mix * angle).sin() * b) / sine.clamp_min(1e-4)
    line = (1 - mix) * a + mix * b
    return torch.where((sine < 1e-3), line, arc).to(first.dtype)
