"""From the mel of rendered notes to a clip: what the engines of notes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import torch
import torch.nn.functional as F

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.parallel import Relay, run_parts
from msanii_live.dsp.partials import Partials
from msanii_live.dsp.phase import FrameGrid, circular_grid, linear_grid
from msanii_live.dsp.vocoders.registry import VocoderRegistry
from msanii_live.dsp.vocoding import VocoderSettings, plan_spans, vocode_line, vocode_loop
from msanii_live.engines.notes.base import NotesEngine
from msanii_live.notes import Note, Score

# Iterations of the phase search after the vocoder. More undo what the partials have steadied: of a
# true piano's mel, basic-pitch finds 0.88 of the piano's notes after 1 and 0.85 after 4 (without
# partials 0.57 after 12). Fewer leave the mel further off: 0.058 nats after 0, 0.039 after 2.
ITERATIONS = 2
NOISE_LEVEL = 1e-2  # level of the noise that a phase search without a network starts from
BLUR, CONTRAST = 7, 0.6  # bands of the mean, and the weight of the difference from it
LEVEL_SECONDS = 1.0  # over which contrast keeps the power


class HasSpec(Protocol):
    """A network that predicts mels."""

    @property
    def spec(self) -> MelSpec:
        """The mel features that it was trained on."""


V = TypeVar("V", bound=HasSpec)


class VocodedNotesEngine(NotesEngine[V]):
    """An engine of a network that predicts mels of 44.1 kHz, and a vocoder."""

    def __init__(
        self,
        name: str,
        device: str,
        weights: Path,
        vocoder: str,
        reader: Callable[[Path, torch.device], V],
        *,
        max_seconds: float,
        steps: int,
        drums: bool,
        precision: str,
    ) -> None:
        """Take also the vocoder's name, and the function that reads the weights."""
        super().__init__(
            name,
            device,
            weights,
            max_seconds=max_seconds,
            steps=steps,
            drums=drums,
            precision=precision,
        )
        self._reader = reader
        self._vocoders = VocoderRegistry(weights, vocoder, VocoderSettings())
        self._vocoder = VocoderSettings()

    def free(self) -> None:
        """Give the memory back."""
        self._vocoder = VocoderSettings()
        self._vocoders.free()
        super().free()

    def use(self, net: V, vocoder: VocoderSettings) -> None:
        """Take a network and a vocoder that were read elsewhere, in float32."""
        self._net, self._vocoder = net, vocoder

    def _read(self, weights: Path, device: torch.device) -> V:
        net = self._reader(weights, device)
        self._vocoder = self._vocoders.vocoder("", net.spec, device)
        return net


@dataclass(frozen=True)
class MelGrid:
    """The mel frames and samples of a rendered score.

    frames: samples. count: mel frames, a hop apart, or in a loop spread evenly over it.
    """

    frames: int
    count: int
    is_loop: bool
    spec: MelSpec

    @property
    def seconds_per_frame(self) -> float:
        """Seconds from one mel frame to the next."""
        step = self.frames / self.count if self.is_loop else self.spec.hop
        return step / self.spec.sample_rate

    def vocoder(self, vocoder: VocoderSettings, notes: Sequence[Note]) -> VocoderSettings:
        """Return vocoder settings with the partials of the notes; see `dsp/partials.py`."""
        if vocoder.net is None:
            return vocoder
        partials = Partials(self.with_previous_round(notes), self.spec)
        return replace(
            vocoder, partials=partials, iterations=ITERATIONS, loop_iterations=ITERATIONS
        )

    def with_previous_round(self, notes: Sequence[Note]) -> tuple[Note, ...]:
        """Return the notes, and for a loop those of the round before, which ring into its start."""
        if not self.is_loop:
            return tuple(notes)
        length = self.frames / self.spec.sample_rate
        before = (replace(n, start=n.start - length, end=n.end - length) for n in notes)
        return (*before, *notes)

    def frame_grid(self, device: torch.device) -> FrameGrid:
        """Return the frames of an STFT on which the mel frames lie."""
        lay = circular_grid if self.is_loop else linear_grid
        return lay(self.spec, self.frames, self.count, device)

    def iterations(self, vocoder: VocoderSettings) -> int:
        """Return how often `vocode_grid` calls `on_iteration`."""
        if self.is_loop:
            return vocoder.loop_iterations
        return vocoder.iterations * len(plan_spans(self.frames, 0, self.frames, self.spec.hop))


def mel_grid(score: Score, spec: MelSpec) -> MelGrid:
    """Return the grid of a score."""
    frames = round(score.seconds * spec.sample_rate)
    count = max(2, round(frames / spec.hop)) if score.is_loop else spec.mel_frames(frames)
    return MelGrid(frames, count, score.is_loop, spec)


def increase_contrast(mel: torch.Tensor, weight: float = CONTRAST) -> torch.Tensor:
    """Increase the contrast between neighbouring bands, which a prediction of means has blurred.

    mel: ln magnitudes, (..., mels). weight: of the difference from their mean. CONTRAST was chosen
    on generated pieces: basic-pitch finds a fifth more of a piano's onsets than in the prediction
    itself, and fewer with more contrast.
    """
    mean = F.avg_pool1d(
        mel.reshape(-1, 1, mel.shape[-1]), BLUR, 1, BLUR // 2, count_include_pad=False
    )
    return mel + weight * (mel - mean.reshape(mel.shape))


def keep_power(
    changed: torch.Tensor, mel: torch.Tensor, mel_frames: int, is_loop: bool
) -> torch.Tensor:
    """Return a changed mel with the slow level of `mel`, and its own fast one.

    Contrast alone makes sound louder, by up to 20 dB the clearer its tones are, so that the level
    would swing and rise with the number of steps.
    changed, mel: ln magnitudes, (count, mels). mel_frames: over which the power is kept.
    """
    half = min(mel_frames, len(mel)) // 2
    powers = torch.stack([(2 * each.float()).exp().sum(-1) for each in (mel, changed)])
    around = F.pad(powers, (half, half), mode="circular") if is_loop else powers
    before, after = F.avg_pool1d(
        around, 2 * half + 1, 1, 0 if is_loop else half, count_include_pad=False
    ).clamp_min(1e-12)
    kept: torch.Tensor = changed + 0.5 * (before / after).log()[:, None]
    return kept


def vocode_grid(
    mel: torch.Tensor,
    grid: MelGrid,
    vocoder: VocoderSettings,
    seed: int,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Return samples, float32, (frames,).

    mel: ln magnitudes, (mels, count). on_iteration: an exception from it ends the work.
    """
    generator = torch.Generator().manual_seed(seed)
    frames, spec = grid.frames, grid.spec
    if grid.is_loop:
        wave = vocode_loop(
            mel[None], frames, spec, vocoder=vocoder, generator=generator, on_iteration=on_iteration
        )
    else:
        noise = (NOISE_LEVEL * torch.randn(1, frames, generator=generator)).to(mel.device)
        wave = vocode_line(
            mel[None], noise, 0, frames, spec,
            vocoder=vocoder, on_iteration=on_iteration, on_span=lambda: None,
        )  # fmt: skip
    return wave[0].float()


def vocode_parts(
    mels: Mapping[str, torch.Tensor],
    grid: MelGrid,
    vocoders: Mapping[str, VocoderSettings],
    seed: int,
    on_iteration: Callable[[], None],
) -> dict[str, torch.Tensor]:
    """Return the samples of each part, at the same time on several cores; see `vocode_grid`."""

    def work(part: str, relay: Relay) -> torch.Tensor:
        return vocode_grid(mels[part], grid, vocoders[part], seed, relay(on_iteration))

    pieces = {part: partial(work, part) for part in mels}
    return run_parts(pieces, next(iter(mels.values())).device) if mels else {}
