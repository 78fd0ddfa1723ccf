"""The engine that plays bands: Spectrogram Diffusion for the mel, a vocoder for the samples."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.engines.base import Context
from msanii_live.engines.note_sound import VoicedNotes, canvas_for, clip_of, sound
from msanii_live.engines.notes_engine import counted
from msanii_live.engines.vocoders import SHIPPED
from msanii_live.models import note_diffusion
from msanii_live.models.device import precision as at_precision
from msanii_live.models.mel2mel import sharpened
from msanii_live.models.note_diffusion import NoteDiffusion
from msanii_live.protocol.commands import Render

WEIGHTS = "spectrogram.safetensors"
LONGEST = 190.0  # s
STEPS = 12
LEAD = 2.5  # s of a loop that are played before its start


class NoteDiffusionEngine(VoicedNotes[NoteDiffusion]):
    """Render notes of many programs at once, drums too."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED / WEIGHTS,
        name: str = "spectrogram",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, a file of weights, the vocoder's name, and the precision."""
        super().__init__(
            name, device, weights, vocoder, note_diffusion.load,
            longest=LONGEST, steps=STEPS, drums=True, precision=precision,
        )  # fmt: skip

    def _play(self, net: NoteDiffusion, command: Render, context: Context) -> Clip:
        score = self._by_programs(command, context)
        spec, canvas = net.spec, canvas_for(score, net.spec)
        notes, voice = canvas.around(score.notes), canvas.voice(self._voice, score.notes)
        lead = min(LEAD, score.seconds) if canvas.closes else 0.0
        steps = command.steps or STEPS
        total = net.windows(canvas.count, lead) * steps + canvas.iterations(voice) + 1
        advance = counted(context, total)
        generator = torch.Generator().manual_seed(context.seed)
        with at_precision(net.mean.device):
            mel = net.play(
                notes, canvas.count, 1 / canvas.seconds_a_frame, generator, steps, advance, lead
            )
        mel = sharpened(mel).T.clamp_min(math.log(spec.floor))
        wave = sound(mel, canvas, voice, context.seed, advance)
        context.progress(total, total)
        return clip_of(wave, score, spec, context)
