"""The player of the composer's notes: it adds measured mels of notes up; a vocoder follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp.device import pick_device
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Context
from msanii_live.engines.note_spectra import spectra as note_spectra
from msanii_live.engines.note_spectra.spans import (
    SpanPlayer,
    TonalParts,
    plain_edges,
    plan_edges,
    play_in_spans,
    with_partials_of_all_rounds,
)
from msanii_live.engines.note_spectra.spectra import NoteSpectra
from msanii_live.engines.notes.base import progress_counter
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.engines.notes.part_player import PartPlayerEngine
from msanii_live.engines.notes.played_parts import PlayedParts, finish_parts
from msanii_live.engines.notes.stereo import PLACEMENTS, PartPlacement, PlacedWave, place_parts
from msanii_live.engines.notes.synthesis import (
    LEVEL_SECONDS,
    increase_contrast,
    keep_power,
    mel_grid,
    vocode_parts,
)
from msanii_live.notes import Note, Score, part_of, usual_program
from msanii_live.protocol.commands import Render

WEIGHTS = "note-spectra.npz"
MAX_SECONDS = 600.0
CONTRAST = 0.3  # of the tones; chosen as the tonal share of true notes
# dB. Chorus and reverb make some of FluidR3 wider, but then channels are in antiphase, and little
# is left in mono: at WIDEST a sum of both channels loses 2.7 dB. A room is never narrower.
WIDEST, NARROWEST = -0.7, -8.0
WIDER = 2.0  # dB that whole pieces in FluidSynth's room are wider than their single notes
WIDE_FROM = 100.0  # Hz, below which the side fades


class NoteSpectraEngine(PartPlayerEngine[NoteSpectra]):
    """A player without a network of its own: it is the same for each seed and number of steps."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED_WEIGHTS / WEIGHTS,
        name: str = "note-spectra",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, a file of spectra, the vocoder's name, and its precision."""
        super().__init__(
            name, device, weights, vocoder, lambda path, _: note_spectra.load(path),
            max_seconds=MAX_SECONDS, steps=1, drums=True, precision=precision,
        )  # fmt: skip

    def _render(self, net: NoteSpectra, command: Render, context: Context) -> Clip:
        score = self._by_programs(command, context)
        return self._play(net, score, command, context, with_stems=False).clip

    def _play(
        self, net: NoteSpectra, score: Score, command: Render, context: Context, with_stems: bool
    ) -> PlayedParts:
        spec, grid, device = net.spec, mel_grid(score, net.spec), pick_device(self._device_name)
        parts = notes_by_part(grid.with_previous_round(score.notes))
        drums = parts.pop("drums", [])  # which are waveforms, and need no vocoder
        vocoders = self._part_vocoders(grid, replace(score, notes=_tones(score)))
        edges = [0, *plan_edges(grid, vocoders)]
        if len(edges) > 2 and context.skip_normalization:
            edges = plain_edges(grid, round(context.unheard * spec.sample_rate))
        in_spans = len(edges) > 2 or edges[0] > 0
        if in_spans:
            spans = len(edges) - 1
            total = 2 + spans * sum(vocoder.iterations for vocoder in vocoders.values())
        else:
            total = 2 + sum(grid.iterations(vocoder) for vocoder in vocoders.values())
        advance = progress_counter(context, total)
        mels = net.mels(parts, grid.count, grid.seconds_per_frame)
        advance()
        slow = round(LEVEL_SECONDS / grid.seconds_per_frame)
        lows = {}
        for part, mel in zip(vocoders, mels, strict=True):
            mel = keep_power(increase_contrast(mel, CONTRAST), mel, slow, grid.is_loop)
            lows[part] = mel.T.clamp_min(math.log(spec.floor)).to(device)
        placements = {part: _placement(net, part, notes) for part, notes in parts.items()}
        hits = None
        if drums:
            struck = [note for note in score.notes if part_of(note) == "drums"]
            hits = torch.from_numpy(net.hits.play(struck, grid.frames, grid.is_loop)).to(device)
        if in_spans:
            own = notes_by_part(score.notes)
            rounds = {
                part: with_partials_of_all_rounds(grid, vocoder, own[part])
                for part, vocoder in vocoders.items()
            }
            tones = TonalParts(lows, rounds, placements, parts)
            player = SpanPlayer(grid, tones, hits, device, context.seed, advance)
            if context.skip_normalization:
                played = finish_parts(
                    player.raw(edges, with_stems), score, spec.sample_rate, context
                )
            else:
                played = play_in_spans(player, edges, score, context, with_stems)
            context.progress(total, total)
            return played
        waves = vocode_parts(lows, grid, vocoders, context.seed, advance)
        placed = place_parts(waves, parts, grid.frame_grid(device), spec, placements)
        if hits is not None:
            placed = PlacedWave(placed.mix + hits, {"drums": hits, **placed.stems})
        context.progress(total, total)
        if not with_stems:
            placed = replace(placed, stems={})
        return finish_parts(placed, score, spec.sample_rate, context)


def _tones(score: Score) -> tuple[Note, ...]:
    return tuple(note for note in score.notes if part_of(note) != "drums")


def _placement(spectra: NoteSpectra, part: str, notes: Sequence[Note]) -> PartPlacement:
    """Return where a part sounds: about as wide as its program was in FluidSynth's room."""
    usual = PLACEMENTS[part]
    if not notes:
        return usual
    program = usual_program(notes)
    width = spectra.width(program)
    if part != "bass":  # a bass stays in the middle
        width = max(width + WIDER, NARROWEST)
    return PartPlacement(usual.pan, min(width, WIDEST), WIDE_FROM)
