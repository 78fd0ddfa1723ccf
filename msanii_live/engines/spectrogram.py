"""Serve a folder of Spectrogram Diffusion that diffusers wrote: notes to 16 kHz mels to samples.

No weights of it ship: `--engine FOLDER` serves what somebody has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.engines import on_device
from msanii_live.engines.base import Capabilities, Context, at_loudness, notes_of
from msanii_live.engines.note_sound import with_timbre
from msanii_live.errors import Code, CommandError
from msanii_live.models import published_mel, spectrogram_weights
from msanii_live.models.device import pick_device
from msanii_live.models.instruments import NAMES
from msanii_live.models.note_tokens import Grid, tokens
from msanii_live.models.spectrogram_weights import SpectrogramModel
from msanii_live.notes import Score
from msanii_live.protocol.commands import MakingCommand, Render

INDEX = "model_index.json"  # by which such a folder is known
RATE = 44_100
LONGEST = 190.0  # s
STEPS = 100
FADE = 256  # frames; the edges of a clip must not click


class SpectrogramEngine:
    """Render notes, drums too, by the programs that the weights were taught."""

    def __init__(self, device: str, folder: Path) -> None:
        """Take the device's name and the folder, whose name is the engine's."""
        self.name = folder.name
        self.capabilities = Capabilities(
            verbs=(Render.address,),
            sample_rate=RATE,
            channels=2,
            longest=LONGEST,
            steps=STEPS,
            needs_midi=True,
            timbres=NAMES,
            drums=True,
        )
        self._device_name = device
        self._folder = folder
        self._model: SpectrogramModel | None = None

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._model is not None

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where the folder is not whole or is of another pipeline.
        """
        if self._model is None:
            device = pick_device(self._device_name)
            try:
                self._model = spectrogram_weights.load(self._folder, device)
            except (OSError, ValueError, KeyError) as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._folder}: {error}") from None

    def free(self) -> None:
        """Give the memory back."""
        self._model = None
        on_device.give_back()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Take one step, so that the first command is as fast as the next."""
        self.load()
        assert self._model is not None
        self._model.play([[1]], torch.Generator().manual_seed(0), steps=1)

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if not isinstance(command, Render):
            raise CommandError(Code.EENGINE, f"{self.name} cannot {command.address}")
        self.load()
        assert self._model is not None
        score = notes_of(with_timbre(command), context, LONGEST)
        if command.timbre2:
            context.warn(f"{self.name} does not mix timbres: timbre2 was ignored")
        grid = Grid(
            published_mel.RATE / published_mel.HOP,
            self._model.net.config.decoder.targets_length,
            self._model.net.config.max_length,
        )
        windows = tokens(score.notes, score.seconds, grid)
        steps = command.steps or STEPS
        total = len(windows) * steps + published_mel.ITERATIONS
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            context.progress(min(done, total), total)

        context.progress(0, total)
        generator = torch.Generator().manual_seed(context.seed)
        mel = self._model.play(windows, generator, steps, advance)
        with torch.inference_mode():
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
