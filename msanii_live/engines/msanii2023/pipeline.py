"""The pipeline of the 2023 model: from audio to mels, from mels to magnitudes, from these to audio.

As in the paper, all audio is resynthesized from its mel, with random phases. Corrected, known
samples stay as they are and the new ones are fitted to them, by the same projected phase search as
mel-flow's (`dsp/vocoding.py`).
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
from msanii_live.engines.msanii2023.mel_tasks import CORRECTED, MelTasks, TaskSettings
from msanii_live.engines.msanii2023.model import Msanii2023
from msanii_live.engines.msanii2023.phase import griffin_lim
from msanii_live.engines.msanii2023.samplers import Model
from msanii_live.engines.msanii2023.schedule import evaluation_count

MIN_CONTEXT = 529_200  # samples on either side of an inpainted span: 12 s
START_LEVEL = 1e-2  # of the noise that the phase search of new samples starts from
INPAINT_VOCODER = VocoderSettings(iterations=64, seam_iterations=32)


@dataclass
class Msanii2023Pipeline:
    """The pipeline of one job: audio in, audio out, with progress.

    Waves are float32, (channels, frames).

    net: predicts the noise: the model's own U-Net, or a faster equivalent. generator: of the CPU;
    draws all noise. progress: takes (step, steps) and may raise to end the work. steps: evaluations
    of a sampling and levels of an inpainting; 0 for those of the settings. multiple: lengths in mel
    frames are rounded up to a multiple of it, beyond what the network needs.
    """

    model: Msanii2023
    net: Model
    generator: torch.Generator
    progress: Callable[[int, int], None]
    settings: TaskSettings = CORRECTED
    steps: int = 0
    multiple: int = 1
    _done: int = field(default=0, init=False)
    _total: int = field(default=1, init=False)

    def mel_frames(self, frames: int) -> int:
        """Return the mel frames that the network takes for at least so many samples."""
        stride, hop = self.model.unet.config.total_stride, self.model.features.config.hop
        stride = math.lcm(stride, self.multiple)
        needed = max(3, math.ceil(frames / hop) + 1)
        return math.ceil(needed / stride) * stride

    def generate(self, frames: int, channels: int = 2) -> Tensor:
        """Generate audio unconditionally."""
        steps = self.steps or self.settings.steps
        self._plan(evaluation_count(steps))
        mels = self.model.features.config.mels
        like = torch.zeros(1, channels, mels, self.mel_frames(frames), device=self._device)
        return self._synthesize(self._tasks(steps).generate(like), frames)

    def vary(self, wave: Tensor, strength: float) -> Tensor:
        """Return a variation of audio; strength: above 0, at most 1."""
        steps = self.steps or self.settings.steps
        self._plan(evaluation_count(steps, strength))
        padded = self._padded(wave)
        mel = self._tasks(steps).vary(self._mel(padded), strength)
        return self._synthesize(mel, wave.shape[-1], padded)

    def interpolate(self, a: Tensor, b: Tensor, mix: float, strength: float) -> Tensor:
        """Return audio between two waves of one shape; mix 0 is all a. strength: above 0."""
        steps = self.steps or self.settings.steps
        self._plan(evaluation_count(steps, strength))
        first, second = self._padded(a), self._padded(b)
        mel = self._tasks(steps).interpolate(self._mel(first), self._mel(second), mix, strength)
        return self._synthesize(mel, a.shape[-1], (1 - mix) * first + mix * second)

    def inpaint(self, wave: Tensor, start: int, end: int) -> Tensor:
        """Generate samples [start, end) between the others; their values do not count.

        As in the paper, the context that the network sees is resynthesized as well.
        """
        frames = wave.shape[-1]
        first, last = self._context_span(start, end, frames)
        part = self._padded(wave[:, first:last]).clone()
        a, b = start - first, (end if end < frames else first + part.shape[-1]) - first
        part[:, a:b] = START_LEVEL * torch.randn(part[:, a:b].shape, generator=self.generator)
        steps = self.steps or self.settings.inpaint_steps
        self._plan(self.settings.inpaint_evaluations(steps))
        mel = self._mel(part)
        known = self._known_mask(mel, a, b, last - first)
        made = self._tasks(steps).inpaint(mel, known.to(mel.dtype))
        out = wave.clone()
        if self.settings.keeps_known:
            part = self._fit_span(made, part, a, b)
        else:
            part = self._synthesize(made, last - first)
        out[:, first:last] = part[:, : last - first]
        return out

    def resynthesize(self, wave: Tensor, neural: bool = True) -> Tensor:
        """Return audio made from the mel of a wave; neural False: by the mel's pseudo-inverse."""
        self._plan(0)
        return self._synthesize(self._mel(self._padded(wave)), wave.shape[-1], neural=neural)

    # -- parts ---------------------------------------------------------------------------------

    @property
    def _device(self) -> torch.device:
        return self.model.features.window.device

    def _tasks(self, steps: int) -> MelTasks:
        return MelTasks(self.net, steps, self.generator, self.settings, self._advance)

    def _context_span(self, start: int, end: int, frames: int) -> tuple[int, int]:
        """Return the samples around a span that the network sees."""
        length = end - start
        if self.settings.keeps_known:
            reach = max(MIN_CONTEXT, length)
        else:  # as in the paper: everything, and for an outpainting as much known as new
            reach = frames if start and end < frames else length
        return max(0, start - reach), min(frames, end + reach)

    def _known_mask(self, mel: Tensor, start: int, end: int, frames: int) -> Tensor:
        """Return which mel frames are known, bool, (mel_frames,); samples [start, end) are new.

        frames: samples of audio; what follows is padding. As in the paper, the mask is resampled
        to mel frames, so frames which see some new samples count as known. Corrected, they do not.
        """
        hop, count = self.model.features.config.hop, mel.shape[-1]
        position = torch.arange(count, device=mel.device)
        if self.settings.keeps_known:
            early, late = position * hop - hop, position * hop + hop
        else:
            early = late = position * (hop * (count - 1)) // count
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
        return self.model.vocoder.forward_in_chunks(mel, on_chunk=self._check_cancelled)

    def _synthesize(
        self, mel: Tensor, frames: int, source: Tensor | None = None, neural: bool = True
    ) -> Tensor:
        """Return the wave of a mel; source: the wave whose phases a variation starts from."""
        magnitude = self._magnitude(mel, neural)
        self._advance()
        start = source[None] if source is not None and self.settings.keeps_source_phases else None
        wave = griffin_lim(
            magnitude,
            self.settings.iterations,
            momentum=self.model.features.config.griffin_lim_momentum,
            phases=self.settings.phases,
            start=start,
            generator=self.generator,
            on_iteration=self._check_cancelled,
        )
        self._advance()
        return wave[0, :, :frames]

    def _fit_span(self, mel: Tensor, wave: Tensor, start: int, end: int) -> Tensor:
        """Return a wave with samples [start, end) made from a mel and fitted to the others."""
        config = self.model.features.config
        magnitude = self._magnitude(mel)[0].transpose(1, 2)  # (channels, mel_frames, bins)
        self._advance()

        def estimate(first: int, grid: FrameGrid) -> Estimate:
            return magnitude[:, first : first + grid.count], None

        made = reconstruct_line(
            estimate,
            wave,
            start,
            end,
            MelSpec(config.sample_rate, config.n_fft, config.hop, config.mels),
            vocoder=INPAINT_VOCODER,
            on_iteration=self._check_cancelled,
            on_span=self._check_cancelled,
        )
        self._advance()
        return made

    def _plan(self, evaluations: int) -> None:
        """Set the total of the progress: evaluations, then magnitudes, then samples."""
        self._done, self._total = 0, evaluations + 2
        self.progress(0, self._total)

    def _advance(self) -> None:
        self._done += 1
        self.progress(self._done, self._total)

    def _check_cancelled(self) -> None:
        """Repeat the progress, so that a cancelled job ends between two chunks or iterations."""
        self.progress(self._done, self._total)
