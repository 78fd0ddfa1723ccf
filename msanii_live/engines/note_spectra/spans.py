"""The player's sound span by span: the first second is there long before the last note is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.audio import Samples, last_stem, make_clip
from msanii_live.audio.span_limiter import SpanLimiter
from msanii_live.dsp.mel import hann_window
from msanii_live.dsp.mel_power import mel_powers
from msanii_live.dsp.parallel import Relay, run_parts
from msanii_live.dsp.partials import Partials
from msanii_live.dsp.phase import FrameGrid, linear_grid
from msanii_live.dsp.span_vocoding import (
    ArcGrid,
    context_samples,
    vocode_loop_span,
    vocode_span,
)
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import Context
from msanii_live.engines.loudness import gain_between, loudness_of_blocks
from msanii_live.engines.notes.part_masks import PartNotes
from msanii_live.engines.notes.played_parts import FADE_IN, FADE_OUT, PlayedParts
from msanii_live.engines.notes.stereo import (
    PartPlacement,
    PlacedWave,
    place_parts,
    side_filter,
)
from msanii_live.engines.notes.synthesis import MelGrid
from msanii_live.engines.spans import (
    LONGEST_SECONDS,
    HandedSpans,
    SpanPlan,
    span_edges_with_context,
)
from msanii_live.notes import Note, Score

BLOCK = 4  # mel frames over which loudness is measured
# dB by which tones are louder than their mel tells: in the mean of ten pieces, to 0.6 dB.
BIAS = 1.1


@dataclass(frozen=True)
class TonalParts:
    """What the parts of tones are made of. All by part.

    mels: ln magnitudes, (mels, mel_frames). vocoders: with the partials of the notes. placements:
    in stereo. notes: those that sound, with those of the round before in a loop.
    """

    mels: Mapping[str, torch.Tensor]
    vocoders: Mapping[str, VocoderSettings]
    placements: Mapping[str, PartPlacement]
    notes: PartNotes


def plan_edges(grid: MelGrid, vocoders: Mapping[str, VocoderSettings]) -> list[int]:
    """Return where the spans of a clip end, frames; one that cannot be made in spans has one."""
    settings = next(iter(vocoders.values()), None)
    if settings is None or settings.net is None:
        return [grid.frames]
    context = 2 * context_samples(settings, grid.spec, grid.is_loop) + 4 * grid.spec.n_fft
    return span_edges_with_context(grid.frames, grid.spec.sample_rate, context)


def plain_edges(grid: MelGrid, first: int) -> list[int]:
    """Return the edges of equal spans of frames from `first` on, where nobody waits for sound."""
    count = max(1, round((grid.frames - first) / (LONGEST_SECONDS * grid.spec.sample_rate)))
    return [first + (grid.frames - first) * number // count for number in range(count + 1)]


@dataclass(frozen=True)
class SpanPlayer:
    """A player of one clip in spans.

    hits: the sound of the drums, float32, (2, frames); None without any. seed, advance: of the job.
    """

    grid: MelGrid
    parts: TonalParts
    hits: torch.Tensor | None
    device: torch.device
    seed: int
    advance: Callable[[], None]

    def placed(self, start: int, end: int) -> PlacedWave:
        """Return frames [start, end) of all parts in stereo, before any gain."""
        spec, grid = self.grid.spec, self.grid
        first = (start - spec.n_fft) // spec.hop * spec.hop  # what the side signals depend on
        last = end + spec.n_fft
        if not grid.is_loop:
            first, last = max(0, first), min(grid.frames, last)
        waves = run_parts(
            {
                part: partial(self._wave, mel[None], first, last, self.parts.vocoders[part])
                for part, mel in self.parts.mels.items()
            },
            self.device,
        )
        placed = place_parts(
            waves, self.parts.notes, self._frames(first, last), spec, self.parts.placements
        )
        inside = slice(start - first, end - first)
        mix, stems = placed.mix[:, inside], {p: s[:, inside] for p, s in placed.stems.items()}
        if self.hits is None:
            return PlacedWave(mix, stems)
        hits = self.hits[:, start:end]
        return PlacedWave(mix + hits, {"drums": hits, **stems})

    def raw(self, edges: Sequence[int], with_stems: bool) -> PlacedWave:
        """Return all frames in stereo, before any gain; those before the first edge are silent."""
        mix = torch.zeros(2, self.grid.frames, device=self.device)
        stems: dict[str, torch.Tensor] = {}
        for start, end in pairwise(edges):
            placed = self.placed(start, end)
            mix[:, start:end] = placed.mix
            for part, stem in placed.stems.items() if with_stems else ():
                stems.setdefault(part, torch.zeros_like(mix))[:, start:end] = stem
        return PlacedWave(mix, stems)

    def gain(self) -> np.float32:
        """Return the gain that brings the clip to the usual loudness, as its mels tell it."""
        grid = self.grid
        powers = np.zeros(grid.count)
        for part, mel in self.parts.mels.items():
            side = side_filter(self.parts.placements[part], grid.spec).to(mel.device)
            powers += mel_powers(mel[None], grid.spec, 1 + side.abs().square())
        blocks = powers[: len(powers) // BLOCK * BLOCK].reshape(-1, BLOCK).mean(1)
        blocks = blocks * 10 ** (BIAS / 10)
        if self.hits is not None:
            blocks = blocks + _block_powers(self.hits.cpu().numpy(), len(blocks))
        return gain_between(loudness_of_blocks(blocks))

    def _wave(
        self, mel: torch.Tensor, first: int, last: int, vocoder: VocoderSettings, relay: Relay
    ) -> torch.Tensor:
        frames, spec = self.grid.frames, self.grid.spec
        if not self.grid.is_loop:
            wave = vocode_span(
                mel, first, last, frames, spec, vocoder=vocoder,
                on_iteration=relay(self.advance),
            )  # fmt: skip
        else:
            wave = vocode_loop_span(
                mel, first, last, frames, spec, vocoder=vocoder,
                generator=torch.Generator().manual_seed(self.seed),
                on_iteration=relay(self.advance),
            )  # fmt: skip
        return wave[0].float()

    def _frames(self, first: int, last: int) -> FrameGrid:
        spec, grid = self.grid.spec, self.grid
        if grid.is_loop:
            return ArcGrid(
                hann_window(spec.n_fft, self.device), first, last, grid.frames, grid.count
            )
        return linear_grid(spec, last - first, spec.mel_frames(last - first), self.device)


def play_in_spans(
    player: SpanPlayer, edges: Sequence[int], score: Score, context: Context, with_stems: bool
) -> PlayedParts:
    """Return a clip at about the usual loudness, whose samples are handed over as they are made.

    edges: of the spans, frames, from 0 on. with_stems: return them too, which takes their memory.
    """
    frames, rate = player.grid.frames, player.grid.spec.sample_rate
    sizes = tuple(end - start for start, end in pairwise(edges))
    handed = HandedSpans(context.spans, SpanPlan(frames, rate, sizes, score.is_loop))
    gain, limiter = player.gain(), SpanLimiter()
    gains: list[NDArray[np.float32]] = []
    done = 0
    stems: list[dict[str, Samples]] = []
    for start, end in pairwise(edges):
        placed = player.placed(start, end)
        settled, moving = limiter.settle(_samples(placed.mix) * gain, is_last=end == frames)
        if not score.is_loop:
            moving = moving * _edges_faded(done, len(moving), frames)
        handed.add(settled * moving[:, None])
        done += len(moving)
        if with_stems:
            gains.append(moving)
            stems.append({part: _samples(stem) * gain for part, stem in placed.stems.items()})
    mix, parts = handed.whole(), dict[str, Samples]()
    if stems and stems[0]:
        moving = np.concatenate(gains)[:, None]
        parts = {part: np.concatenate([span[part] for span in stems]) * moving for part in stems[0]}
        last, rest = last_stem(mix, parts)
        parts[last] = rest
    clip = make_clip(
        mix, rate, seed=context.seed, bpm=round(score.bpm, 4), bar_offset=score.bar,
        loops=score.is_loop,
    )  # fmt: skip
    return PlayedParts(clip, parts)


def with_partials_of_all_rounds(
    grid: MelGrid, vocoder: VocoderSettings, notes: Sequence[Note]
) -> VocoderSettings:
    """Return a vocoder of a loop with the partials of the rounds before and after, too."""
    if not grid.is_loop or vocoder.partials is None:
        return vocoder
    length = grid.frames / grid.spec.sample_rate
    rounds = [
        replace(note, start=note.start + turn * length, end=note.end + turn * length)
        for turn in (-1, 0, 1)
        for note in notes
    ]
    return replace(vocoder, partials=Partials(rounds, grid.spec))


def _edges_faded(first: int, count: int, frames: int) -> NDArray[np.float32]:
    """Return the fades at a clip's edges for `count` frames from `first` on, (count,)."""
    at = np.arange(first, first + count)
    rise, fall = at / (FADE_IN - 1), (frames - 1 - at) / (FADE_OUT - 1)
    return np.minimum(np.minimum(rise, fall), 1.0).astype(np.float32)


def _block_powers(wave: NDArray[np.float32], blocks: int) -> NDArray[np.float64]:
    """Return the mean square in so many blocks of equal length. wave: (2, frames)."""
    edges = np.linspace(0, wave.shape[1], blocks + 1).astype(int)
    means = np.zeros(blocks)
    for number, (first, last) in enumerate(pairwise(edges)):
        piece = wave[:, first:last].astype(np.float64).ravel()
        means[number] = piece @ piece / max(piece.size, 1)
    return means


def _samples(wave: torch.Tensor) -> Samples:
    return np.ascontiguousarray(wave.cpu().numpy().T)
