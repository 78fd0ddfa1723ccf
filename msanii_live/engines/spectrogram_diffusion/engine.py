"""The published Spectrogram Diffusion as an engine: notes to 16 kHz mels to samples.

Its weights do not ship: `--engine FOLDER` serves a folder that diffusers wrote.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.base import Context, EngineSettings, engine_factory
from msanii_live.engines.loudness import normalize_loudness
from msanii_live.engines.notes.base import NotesEngine, progress_counter
from msanii_live.engines.spectrogram_diffusion import log_mel
from msanii_live.engines.spectrogram_diffusion.pipeline import SpectrogramDiffusionPipeline
from msanii_live.engines.spectrogram_diffusion.tokens import TokenWindows, tokens
from msanii_live.engines.spectrogram_diffusion.weights import INDEX as INDEX
from msanii_live.engines.spectrogram_diffusion.weights import load
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render

RATE = 44_100
LONGEST = 190.0  # s
STEPS = 100
FADE = 256  # frames; the edges of a clip must not click


class SpectrogramDiffusionEngine(NotesEngine[SpectrogramDiffusionPipeline]):
    """An engine that renders notes and drums, for the programs its weights were trained on."""

    def __init__(self, device: str, folder: Path) -> None:
        """Take the device's name and the folder, whose name is the engine's."""
        super().__init__(folder.name, device, folder, max_seconds=LONGEST, steps=STEPS, drums=True)

    @property
    def precision(self) -> str:
        """The precision that such weights were published for, "" before they are loaded."""
        return "fp32" if self.loaded else ""

    def warm(self) -> None:
        """Run one step, so that the first command is as fast as the next."""
        self._load_network().generate([[1]], torch.Generator().manual_seed(0), steps=1)

    def _read(self, weights: Path, device: torch.device) -> SpectrogramDiffusionPipeline:
        return load(weights, device)

    def _render(self, net: SpectrogramDiffusionPipeline, command: Render, context: Context) -> Clip:
        score = self._by_programs(command, context)
        frame_rate = log_mel.SAMPLE_RATE / log_mel.HOP
        layout = TokenWindows(frame_rate, net.window, net.notes_encoder.max_length)
        windows = tokens(score.notes, score.seconds, layout)
        steps = command.steps or STEPS
        advance = progress_counter(context, len(windows) * steps + log_mel.PHASE_ITERATIONS)
        generator = torch.Generator().manual_seed(context.seed)
        mel = net.generate(windows, generator, steps, advance)
        wave = log_mel.invert_log_mel(mel, generator, advance)
        return self._clip(wave.cpu().numpy(), score, context)

    def _clip(self, wave: np.ndarray, score: Score, context: Context) -> Clip:
        frames = round(score.seconds * RATE)
        mono = soxr.resample(wave, log_mel.SAMPLE_RATE, RATE).astype(np.float32)
        mono = np.pad(mono, (0, max(0, frames - len(mono))))[:frames]
        if not np.isfinite(mono).all():
            raise CommandError(Code.EINTERNAL, "the model made values that are no numbers")
        samples = np.repeat(mono[:, None], 2, axis=1)
        if not context.skip_normalization:
            samples = normalize_loudness(samples)
        ramp = np.linspace(0, 1, min(FADE, frames), dtype=np.float32)[:, None]
        samples[: len(ramp)] *= ramp
        samples[len(samples) - len(ramp) :] *= ramp[::-1]
        return make_clip(
            samples, RATE, seed=context.seed, bpm=round(score.bpm, 4), bar_offset=score.bar
        )


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> SpectrogramDiffusionEngine:
    """Make the engine of the folder that the settings name."""
    assert settings.weights is not None
    return SpectrogramDiffusionEngine(settings.device, settings.weights)
