"""From the mel of played notes to a clip: what the engines that play notes share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.base import Context, at_loudness, fade_edges
from msanii_live.errors import Code, CommandError
from msanii_live.models.instruments import INSTRUMENTS, NAMES, named
from msanii_live.models.mel import MelSpec
from msanii_live.models.vocoding import Voice, plan_spans, vocode_line, vocode_loop
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render

FADE_IN, FADE_OUT = 32, 256  # frames; the edges of a clip must not click
FAINT = 1e-2  # level of the noise that a phase search without a network starts from


@dataclass(frozen=True)
class Canvas:
    """Say what a score is played on. frames: samples. count: mel frames; those of a loop are spread
    evenly over it, those of a line are a hop apart.
    """

    frames: int
    count: int
    closes: bool
    spec: MelSpec

    @property
    def seconds_a_frame(self) -> float:
        """Seconds from one mel frame to the next."""
        step = self.frames / self.count if self.closes else self.spec.hop
        return step / self.spec.sample_rate

    def iterations(self, voice: Voice) -> int:
        """Return how often `sound` calls back."""
        if self.closes:
            return voice.loop_iterations
        return voice.iterations * len(plan_spans(self.frames, 0, self.frames, self.spec.hop))


def with_timbre(command: Render) -> Render:
    """Have an instrument's name mean its program, for engines that know programs.

    Raises: CommandError: ERANGE, there is no such instrument.
    """
    if not command.timbre:
        return command
    name = named(command.timbre)
    if name is None:
        raise CommandError(
            Code.ERANGE, f"no timbre is called {command.timbre!r}; there are {', '.join(NAMES)}"
        )
    return replace(command, program=INSTRUMENTS[name])


def canvas_for(score: Score, spec: MelSpec) -> Canvas:
    """Return what a score is played on."""
    frames = round(score.seconds * spec.sample_rate)
    count = max(2, round(frames / spec.hop)) if score.closes else spec.mel_frames(frames)
    return Canvas(frames, count, score.closes, spec)


def sound(
    mel: torch.Tensor, canvas: Canvas, voice: Voice, seed: int, on_iteration: Callable[[], None]
) -> torch.Tensor:
    """Return samples, float32, (frames,).

    mel: ln magnitudes, (mels, count). on_iteration: an exception from it ends the work.
    """
    generator = torch.Generator().manual_seed(seed)
    frames, spec = canvas.frames, canvas.spec
    if canvas.closes:
        wave = vocode_loop(
            mel[None], frames, spec, voice=voice, generator=generator, on_iteration=on_iteration
        )
    else:
        noise = (FAINT * torch.randn(1, frames, generator=generator)).to(mel.device)
        wave = vocode_line(
            mel[None], noise, 0, frames, spec,
            voice=voice, on_iteration=on_iteration, on_span=lambda: None,
        )  # fmt: skip
    return wave[0].float()


def clip_of(wave: torch.Tensor, score: Score, sample_rate: int, context: Context) -> Clip:
    """Return the clip of what was played, in the middle, at the common loudness unless raw.

    wave: float32, (frames,).
    """
    samples = np.repeat(wave.cpu().numpy()[:, None], 2, axis=1)
    if not context.raw:
        samples = at_loudness(samples)
    if not score.closes:
        fade_edges(samples, FADE_IN, FADE_OUT)
    return make_clip(
        samples,
        sample_rate,
        seed=context.seed,
        bpm=round(score.bpm, 4),
        bar_offset=score.bar,
        loops=score.closes,
    )
