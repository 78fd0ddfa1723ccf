"""Serve a folder of Spectrogram Diffusion that diffusers wrote: notes to 16 kHz mels to samples.

No weights of it ship: `--engine FOLDER` serves what somebody has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.base import Context, at_loudness
from msanii_live.engines.notes_engine import NotesEngine, counted
from msanii_live.errors import Code, CommandError
from msanii_live.models import published_mel, spectrogram_weights
from msanii_live.models.note_tokens import Grid, tokens
from msanii_live.models.spectrogram_weights import SpectrogramModel
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render

INDEX = "model_index.json"  # by which such a folder is known
RATE = 44_100
LONGEST = 190.0  # s
STEPS = 100
FADE = 256  # frames; the edges of a clip must not click


class SpectrogramEngine(NotesEngine[SpectrogramModel]):
    """Render notes, drums too, by the programs that the weights were taught."""

    def __init__(self, device: str, folder: Path) -> None:
        """Take the device's name and the folder, whose name is the engine's."""
        super().__init__(folder.name, device, folder, longest=LONGEST, steps=STEPS, drums=True)

    @property
    def precision(self) -> str:
        """fp32: what such weights were published for."""
        return "fp32" if self.loaded else ""

    def warm(self) -> None:
        """Take one step, so that the first command is as fast as the next."""
        self._loaded().play([[1]], torch.Generator().manual_seed(0), steps=1)

    def _read(self, weights: Path, device: torch.device) -> SpectrogramModel:
        return spectrogram_weights.load(weights, device)

    def _play(self, net: SpectrogramModel, command: Render, context: Context) -> Clip:
        score = self._by_programs(command, context)
        config = net.net.config
        rate = published_mel.RATE / published_mel.HOP
        grid = Grid(rate, config.decoder.targets_length, config.max_length)
        windows = tokens(score.notes, score.seconds, grid)
        steps = command.steps or STEPS
        advance = counted(context, len(windows) * steps + published_mel.ITERATIONS)
        generator = torch.Generator().manual_seed(context.seed)
        mel = net.play(windows, generator, steps, advance)
        wave = published_mel.samples_of(mel, generator, advance)
        return self._clip(wave.cpu().numpy(), score, context)

    def _clip(self, wave: np.ndarray, score: Score, context: Context) -> Clip:
        frames = round(score.seconds * RATE)
        heard = soxr.resample(wave, published_mel.RATE, RATE).astype(np.float32)
        heard = np.pad(heard, (0, max(0, frames - len(heard))))[:frames]
        if not np.isfinite(heard).all():
            raise CommandError(Code.EINTERNAL, "the model made values that are no numbers")
        samples = np.repeat(heard[:, None], 2, axis=1)
        if not context.raw:
            samples = at_loudness(samples)
        ramp = np.linspace(0, 1, min(FADE, frames), dtype=np.float32)[:, None]
        samples[: len(ramp)] *= ramp
        samples[len(samples) - len(ramp) :] *= ramp[::-1]
        return make_clip(
            samples, RATE, seed=context.seed, bpm=round(score.bpm, 4), bar_offset=score.bar
        )
