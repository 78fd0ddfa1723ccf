"""From the mel of played notes to a clip: what the engines that play notes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.base import Context, at_loudness, fade_edges
from msanii_live.engines.notes_engine import NotesEngine
from msanii_live.engines.vocoders import Vocoders
from msanii_live.models.mel import MelSpec
from msanii_live.models.partials import Partials
from msanii_live.models.vocoding import Voice, plan_spans, vocode_line, vocode_loop
from msanii_live.notes import Note, Score

FADE_IN, FADE_OUT = 32, 256  # frames; the edges of a clip must not click
# Of the phase search after the vocoder: more of it undoes what partials have steadied (of a true
# piano's mel basic-pitch then hears 0.88, 0.85 of what it hears of the piano after 1 and 4; without
# partials 0.57 after 12), less of it leaves the mel further off (0.058 nats after none, 0.039).
ITERATIONS = 2
FAINT = 1e-2  # level of the noise that a phase search without a network starts from


class HasSpec(Protocol):
    """Be a network of mels."""

    @property
    def spec(self) -> MelSpec:
        """The features that it speaks."""


V = TypeVar("V", bound=HasSpec)


class VoicedNotes(NotesEngine[V]):
    """Play notes with a network that makes our mels, and one of our vocoders."""

    def __init__(
        self,
        name: str,
        device: str,
        weights: Path,
        vocoder: str,
        reader: Callable[[Path, torch.device], V],
        *,
        longest: float,
        steps: int,
        drums: bool,
        precision: str,
    ) -> None:
        """Take also the vocoder's name, and what reads the weights."""
        super().__init__(
            name, device, weights, longest=longest, steps=steps, drums=drums, precision=precision
        )
        self._reader = reader
        self._vocoders = Vocoders(weights, vocoder, Voice())
        self._voice = Voice()

    def free(self) -> None:
        """Give the memory back."""
        self._voice = Voice()
        self._vocoders.free()
        super().free()

    def _read(self, weights: Path, device: torch.device) -> V:
        net = self._reader(weights, device)
        self._voice = self._vocoders.voice("", net.spec, device)
        return net


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

    def voice(self, voice: Voice, notes: Sequence[Note]) -> Voice:
        """Return a voice that knows the notes that are played; see `models/partials.py`."""
        if voice.net is None:
            return voice
        partials = Partials(self.around(notes), self.spec)
        return replace(voice, partials=partials, iterations=ITERATIONS, loop_iterations=ITERATIONS)

    def around(self, notes: Sequence[Note]) -> tuple[Note, ...]:
        """Return the notes, and of a loop those of the round before: its start hears them."""
        if not self.closes:
            return tuple(notes)
        length = self.frames / self.spec.sample_rate
        before = (replace(n, start=n.start - length, end=n.end - length) for n in notes)
        return (*before, *notes)

    def iterations(self, voice: Voice) -> int:
        """Return how often `sound` calls back."""
        if self.closes:
            return voice.loop_iterations
        return voice.iterations * len(plan_spans(self.frames, 0, self.frames, self.spec.hop))


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


def clip_of(wave: torch.Tensor, score: Score, spec: MelSpec, context: Context) -> Clip:
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
        spec.sample_rate,
        seed=context.seed,
        bpm=round(score.bpm, 4),
        bar_offset=score.bar,
        loops=score.closes,
    )
