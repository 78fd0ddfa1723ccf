"""From known audio to new audio with the 2023 model: mels, magnitudes, samples.

In the paper's way everything is made anew from its mel, with random phases. In ours, samples that
are known stay as they are and the new ones are fitted to them, by the same projected phase search
as the default engine's (`dsp/vocoding.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import FrameGrid
from msanii_live.dsp.vocoding import Estimate, VocoderSettings, reconstruct_line
from msanii_live.engines.msanii2023.mel_tasks import MENDED, Semantics, Tasks
from msanii_live.engines.msanii2023.model import Msanii2023
from msanii_live.engines.msanii2023.phase import griffin_lim
from msanii_live.engines.msanii2023.samplers import Model

CONTEXT = 529_200  # samples either side of a span that the network is shown, at least: 12 s
FAINT = 1e-2  # level of the noise that the phase search of new samples starts from
FITTING = VocoderSettings(iterations=64, seam_iterations=32)


@dataclass
class Canvas2023:
    """Make audio with one model, reporting progress. One canvas serves one job.

    net: what predicts the noise: the model's own U-Net, or a faster equal. generator: of the CPU;
    draws all noise. progress: takes (step, steps) and may raise to end the work. steps: evaluations
    of a plain pass and levels of an inpainting; 0 for the semantics' own. multiple: that lengths
    in mel frames are rounded up to, beyond the network's own need. Waves are float32,
    (channels, frames).
    """

    model: Msanii2023
    net: Model
    generator: torch.Generator
    progress: Callable[[int, int], None]
    semantics: Semantics = MENDED
    steps: int = 0
    multiple: int = 1
    _done: int = field(default=0, init=False)
    _total: int = field(default=1, init=False)

    def mel_frames(self, frames: int) -> int:
        """Return how many mel frames the network takes for at least so many samples."""
        stride, hop = self.model.unet.config.total_stride, self.model.features.config.hop
        stride = math.lcm(stride, self.multiple)
        needed = max(3, math.ceil(frames / hop) + 1)
        return math.ceil(needed / stride) * stride

    def fresh(self, frames: int, channels: int = 2) -> Tensor:
        """Make audio from nothing."""
        steps = self.steps or self.semantics.steps
        self._plan(len(self.semantics.timesteps(steps)))
        mels = self.model.features.config.mels
        like = torch.zeros(1, channels, mels, self.mel_frames(frames), device=self._device)
        return self._voiced(self._tasks(steps).generate(like), frames)

    def vary(self, wave: Tensor, strength: float) -> Tensor:
        """Make audio anew as far as a strength above 0 says."""
        steps = self.steps or self.semantics.steps
        self._plan(len(self.semantics.timesteps(steps, strength)))
        padded = self._padded(wave)
        mel = self._tasks(steps).vary(self._mel(padded), strength)
        return self._voiced(mel, wave.shape[-1], padded)

    def blend(self, a: Tensor, b: Tensor, mix: float, strength: float) -> Tensor:
        """Make audio between two waves of one shape; mix 0 is all a, strength above 0."""
        steps = self.steps or self.semantics.steps
        self._plan(len(self.semantics.timesteps(steps, strength)))
        first, second = self._padded(a), self._padded(b)
        mel = self._tasks(steps).interpolate(self._mel(first), self._mel(second), mix, strength)
        return self._voiced(mel, a.shape[-1], (1 - mix) * first + mix * second)

    def fill(self, wave: Tensor, start: int, end: int) -> Tensor:
        """Make samples [start, end) anew; what they hold does not count.

        In the paper's way the context is made anew as well, as far as the network is shown any.
        """
        frames = wave.shape[-1]
        first, last = self._shown(start, end, frames)
        part = self._padded(wave[:, first:last]).clone()
        a, b = start - first, (end if end < frames else first + part.shape[-1]) - first
        part[:, a:b] = FAINT * torch.randn(part[:, a:b].shape, generator=self.generator)
        steps = self.steps or self.semantics.inpaint_steps
        self._plan(self.semantics.inpaint_evaluations(steps))
        mel = self._mel(part)
        known = self._known(mel, a, b, last - first)
        made = self._tasks(steps).inpaint(mel, known.to(mel.dtype))
        out = wave.clone()
        if self.semantics.keeps_known:
            part = self._fitted(made, part, a, b)
        else:
            part = self._voiced(made, last - first)
        out[:, first:last] = part[:, : last - first]
        return out

    def resynthesize(self, wave: Tensor, neural: bool = True) -> Tensor:
        """Make audio anew from nothing but its mel; not neural: by the mel's pseudo-inverse."""
        self._plan(0)
        return self._voiced(self._mel(self._padded(wave)), wave.shape[-1], neural=neural)

    # -- parts ---------------------------------------------------------------------------------

    @property
    def _device(self) -> torch.device:
        return self.model.features.window.device

    def _tasks(self, steps: int) -> Tasks:
        return Tasks(self.net, steps, self.generator, self.semantics, self._advance)

    def _shown(self, start: int, end: int, frames: int) -> tuple[int, int]:
        """Return the samples that the network is shown around a span."""
        length = end - start
        if self.semantics.keeps_known:
            reach = max(CONTEXT, length)
        else:  # the paper: all of it, and half known where one side is
            reach = frames if start and end < frames else length
        return max(0, start - reach), min(frames, end + reach)

    def _known(self, mel: Tensor, start: int, end: int, frames: int) -> Tensor:
        """Return which mel frames are known where samples [start, end) are new, bool, (mel_frames).

        frames: of the canvas that hold audio. In the paper's way the mask is stretched to mel
        frames, so that frames which see a little of what is new count as known; in ours not.
        """
        hop, count = self.model.features.config.hop, mel.shape[-1]
        place = torch.arange(count, device=mel.device)
        if self.semantics.keeps_known:
            early, late = place * hop - hop, place * hop + hop
        else:
            early = late = place * (hop * (count - 1)) // count
        return (late <= start) | ((early >= end) & (late <= frames))

    def _padded(self, wave: Tensor) -> Tensor:
        """Return a wave with silence after it, up to a length that the network takes."""
        length = self.model.features.config.hop * (self.mel_frames(wave.shape[-1]) - 1)
        return torch.nn.functional.pad(wave, (0, length - wave.shape[-1]))

    def _mel(self, wave: Tensor) -> Tensor:
        return self.model.features.mel(wave)[None]

    def _magnitude(self, mel: Tensor, neural: bool = True) -> Tensor:
        if not neural:
            return self.model.features.inverse_mel(mel)
        return self.model.vocoder.in_chunks(mel, on_chunk=self._look_up)

    def _voiced(
        self, mel: Tensor, frames: int, source: Tensor | None = None, neural: bool = True
    ) -> Tensor:
        """Return the wave of a mel; where variations follow their source, with its phases."""
        magnitude = self._magnitude(mel, neural)
        self._advance()
        start = source[None] if source is not None and self.semantics.follows_source else None
        wave = griffin_lim(
            magnitude,
            self.semantics.iterations,
            momentum=self.model.features.config.griffin_lim_momentum,
            phases=self.semantics.phases,
            start=start,
            generator=self.generator,
            on_iteration=self._look_up,
        )
        self._advance()
        return wave[0, :, :frames]

    def _fitted(self, mel: Tensor, canvas: Tensor, start: int, end: int) -> Tensor:
        """Return the canvas with [start, end) made from a mel and fitted to the rest."""
        config = self.model.features.config
        magnitude = self._magnitude(mel)[0].transpose(1, 2)  # (channels, mel_frames, bins)
        self._advance()

        def estimate(first: int, grid: FrameGrid) -> Estimate:
            return magnitude[:, first : first + grid.count], None

        made = reconstruct_line(
            estimate,
            canvas,
            start,
            end,
            MelSpec(config.sample_rate, config.n_fft, config.hop, config.mels),
            vocoder=FITTING,
            on_iteration=self._look_up,
            on_span=self._look_up,
        )
        self._advance()
        return made

    def _plan(self, evaluations: int) -> None:
        """Set what the whole is: evaluations, then magnitudes, then samples."""
        self._done, self._total = 0, evaluations + 2
        self.progress(0, self._total)

    def _advance(self) -> None:
        self._done += 1
        self.progress(self._done, self._total)

    def _look_up(self) -> None:
        """Let a cancelled job end between two chunks or iterations."""
        self.progress(self._done, self._total)
