"""The engine that plays bands: Spectrogram Diffusion for the mel, a vocoder for the samples."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.engines import on_device
from msanii_live.engines.base import Capabilities, Context, notes_of, quiet_context
from msanii_live.engines.note_sound import canvas_for, clip_of, sound, with_timbre
from msanii_live.engines.vocoders import SHIPPED, Vocoders
from msanii_live.errors import Code, CommandError
from msanii_live.models import note_diffusion
from msanii_live.models.device import pick_device, precision
from msanii_live.models.instruments import NAMES
from msanii_live.models.note_diffusion import NoteDiffusion
from msanii_live.models.vocoding import Voice
from msanii_live.models.weights_file import BROKEN
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import MakingCommand, Render

WEIGHTS = "spectrogram.safetensors"
LONGEST = 190.0  # s
STEPS = 8
LEAD = 2.5  # s of a loop that are played before its start
ITERATIONS, LOOP_ITERATIONS = 12, 16  # of the phase search after the vocoder


class NoteDiffusionEngine:
    """Render notes of many programs at once, drums too."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED / WEIGHTS,
        name: str = "spectrogram",
        vocoder: str = "vocos",
    ) -> None:
        """Take the device's name, a file of weights, and the vocoder's name."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=(Render.address,),
            sample_rate=44_100,
            channels=2,
            longest=LONGEST,
            steps=STEPS,
            needs_midi=True,
            timbres=NAMES,
            drums=True,
        )
        self._device_name = device
        self._weights = weights
        refined = Voice(iterations=ITERATIONS, loop_iterations=LOOP_ITERATIONS)
        self._vocoders = Vocoders(weights, vocoder, refined)
        self._net: NoteDiffusion | None = None
        self._voice = Voice()

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._net is not None

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where a file is missing, none of ours, or for other features.
        """
        if self._net is not None:
            return
        device = pick_device(self._device_name)
        try:
            net = note_diffusion.load(self._weights, device)
        except BROKEN as error:
            raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
        self._voice = self._vocoders.voice("", net.spec, device)
        self._net = net

    def free(self) -> None:
        """Give the memory back."""
        self._net = None
        self._voice = Voice()
        self._vocoders.free()
        on_device.give_back()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Play one note, so that the first command is as fast as the next."""
        score = Score((Note(0.0, 0.5, 60, 80),), 1.0)
        self.run(Render(midi="warm", steps=1), quiet_context(score=lambda name: score))

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if not isinstance(command, Render):
            raise CommandError(Code.EENGINE, f"{self.name} cannot {command.address}")
        self.load()
        assert self._net is not None
        score = notes_of(with_timbre(command), context, LONGEST)
        if command.timbre2:
            context.warn(f"{self.name} does not mix timbres: timbre2 was ignored")
        net, spec = self._net, self._net.spec
        canvas = canvas_for(score, spec)
        notes, lead = score.notes, 0.0
        if canvas.closes:  # what rings at the end is heard at the start
            early = (
                replace(n, start=n.start - score.seconds, end=n.end - score.seconds) for n in notes
            )
            notes, lead = (*early, *notes), min(LEAD, score.seconds)
        steps = command.steps or STEPS
        total = net.windows(canvas.count, lead) * steps + canvas.iterations(self._voice) + 1
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            context.progress(min(done, total), total)

        context.progress(0, total)
        generator = torch.Generator().manual_seed(context.seed)
        with torch.inference_mode():
            with precision(net.mean.device):
                mel = net.play(
                    notes, canvas.count, 1 / canvas.seconds_a_frame, generator, steps, advance, lead
                )
            wave = sound(
                mel.T.clamp_min(math.log(spec.floor)), canvas, self._voice, context.seed, advance
            )
        context.progress(total, total)
        return clip_of(wave, score, spec.sample_rate, context)
