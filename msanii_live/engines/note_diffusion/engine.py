"""The note-diffusion engine: a diffusion network for the mel, a vocoder for the samples."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp.device import precision as at_precision
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Context, EngineSettings, engine_factory
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.network import NoteDiffusion
from msanii_live.engines.note_diffusion.separate_parts import generate_parts
from msanii_live.engines.notes.base import progress_counter
from msanii_live.engines.notes.dynamics import level_dynamics
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.engines.notes.part_player import PartPlayerEngine
from msanii_live.engines.notes.played_parts import PlayedParts, finish_parts
from msanii_live.engines.notes.stereo import place_parts
from msanii_live.engines.notes.synthesis import (
    LEVEL_SECONDS,
    increase_contrast,
    keep_power,
    mel_grid,
    vocode_parts,
)
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render

WEIGHTS = "note-diffusion.safetensors"
MAX_SECONDS = 190.0
STEPS = 4  # of more, the band sounds no more like music: `msanii-live bench playing`
FOLLOWED = ("stems",)
LEAD = 2.5  # s of a loop that are rendered before its start


class NoteDiffusionEngine(PartPlayerEngine[NoteDiffusion]):
    """An engine that renders notes of many programs together, with drums."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED_WEIGHTS / WEIGHTS,
        name: str = "note-diffusion",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, a file of weights, the vocoder's name, and the precision."""
        super().__init__(
            name, device, weights, vocoder, note_diffusion.load,
            max_seconds=MAX_SECONDS, steps=STEPS, drums=True, precision=precision,
        )  # fmt: skip
        self.capabilities = replace(self.capabilities, follows=FOLLOWED)

    def _render(self, net: NoteDiffusion, command: Render, context: Context) -> Clip:
        score = self._by_programs(command, context)
        played = self._play(net, score, command, context, bool(command.stems))
        return replace(played.clip, stems=played.stems) if command.stems else played.clip

    def _play(
        self, net: NoteDiffusion, score: Score, command: Render, context: Context, with_stems: bool
    ) -> PlayedParts:
        spec, grid = net.spec, mel_grid(score, net.spec)
        parts = notes_by_part(grid.with_previous_round(score.notes))
        vocoders = self._part_vocoders(grid, score)
        lead = min(LEAD, score.seconds) if grid.is_loop else 0.0
        steps = command.steps or STEPS
        total = net.windows(grid.count, lead) * steps + 1
        total += sum(grid.iterations(vocoder) for vocoder in vocoders.values())
        advance = progress_counter(context, total)
        levelled = level_dynamics(parts, grid.count, grid.seconds_per_frame)
        with at_precision(net.mean.device):
            mels = generate_parts(
                net,
                list(notes_by_part(levelled.notes).values()),
                grid.count,
                1 / grid.seconds_per_frame,
                torch.Generator().manual_seed(context.seed),
                steps,
                advance,
                lead,
            )
        slow = round(LEVEL_SECONDS / grid.seconds_per_frame)
        lows = {}
        for part, mel, gain in zip(parts, mels, levelled.gains.to(mels.device), strict=True):
            sharp = keep_power(increase_contrast(mel), mel, slow, grid.is_loop) + gain[:, None]
            lows[part] = sharp.T.clamp_min(math.log(spec.floor))
        waves = vocode_parts(lows, grid, vocoders, context.seed, advance)
        placed = place_parts(waves, parts, grid.frame_grid(net.mean.device), spec)
        context.progress(total, total)
        if not with_stems:
            placed = replace(placed, stems={})
        return finish_parts(placed, score, spec.sample_rate, context)


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> NoteDiffusionEngine:
    """Make the engine, with the shipped weights unless the settings name others."""
    weights = settings.weights or SHIPPED_WEIGHTS / WEIGHTS
    return NoteDiffusionEngine(
        settings.device, weights, settings.name, settings.vocoder, settings.precision
    )
