"""The note-diffusion engine: a diffusion network for the mel, a vocoder for the samples."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp.device import precision as at_precision
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Context, EngineSettings, engine_factory
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.network import NoteDiffusion
from msanii_live.engines.notes.base import progress_counter
from msanii_live.engines.notes.synthesis import (
    VocodedNotesEngine,
    increase_contrast,
    make_note_clip,
    mel_grid,
    vocode_grid,
)
from msanii_live.protocol.commands import Render

WEIGHTS = "note-diffusion.safetensors"
MAX_SECONDS = 190.0
STEPS = 12
LEAD = 2.5  # s of a loop that are rendered before its start


class NoteDiffusionEngine(VocodedNotesEngine[NoteDiffusion]):
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

    def _render(self, net: NoteDiffusion, command: Render, context: Context) -> Clip:
        score = self._by_programs(command, context)
        spec, grid = net.spec, mel_grid(score, net.spec)
        notes, vocoder = (
            grid.with_previous_round(score.notes),
            grid.vocoder(self._vocoder, score.notes),
        )
        lead = min(LEAD, score.seconds) if grid.is_loop else 0.0
        steps = command.steps or STEPS
        total = net.windows(grid.count, lead) * steps + grid.iterations(vocoder) + 1
        advance = progress_counter(context, total)
        generator = torch.Generator().manual_seed(context.seed)
        with at_precision(net.mean.device):
            mel = net.generate(
                notes, grid.count, 1 / grid.seconds_per_frame, generator, steps, advance, lead
            )
        mel = increase_contrast(mel).T.clamp_min(math.log(spec.floor))
        wave = vocode_grid(mel, grid, vocoder, context.seed, advance)
        context.progress(total, total)
        return make_note_clip(wave, score, spec, context)


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> NoteDiffusionEngine:
    """Make the engine, with the shipped weights unless the settings name others."""
    weights = settings.weights or SHIPPED_WEIGHTS / WEIGHTS
    return NoteDiffusionEngine(
        settings.device, weights, settings.name, settings.vocoder, settings.precision
    )
