"""The default engine: one mask-conditioned mel flow that serves every verb."""

from __future__ import annotations

from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.engines import on_device
from msanii_live.engines.base import Capabilities, Context, quiet_context
from msanii_live.engines.flow_verbs import DEFAULT_STEPS, Work
from msanii_live.engines.vocoders import SHIPPED, Vocoders
from msanii_live.errors import Code, CommandError
from msanii_live.models import flow_weights
from msanii_live.models.conditions import STYLES
from msanii_live.models.device import name_of, network_dtype, pick_device
from msanii_live.models.music_words import read_words
from msanii_live.models.vocoding import Voice
from msanii_live.models.weights_file import BROKEN
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    MakingCommand,
    Outpaint,
    Vocode,
)

WEIGHTS = "mel-flow.safetensors"
VERBS = (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Vocode)


class MelFlow:
    """Serve every verb but render with one network and one vocoder."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED / WEIGHTS,
        name: str = "mel-flow",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, weights, the vocoder where none is named, and the precision."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=tuple(verb.address for verb in VERBS),
            sample_rate=44_100,
            channels=2,
            longest=190.0,
            steps=DEFAULT_STEPS,
            styles=STYLES,
        )
        self._device_name, self._asked = device, precision
        self._dtype = torch.float32  # until it is loaded
        self._weights = weights
        self._vocoders = Vocoders(weights, vocoder, Voice(iterations=4, loop_iterations=16))
        self._model: flow_weights.FlowModel | None = None

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._model is not None

    @property
    def precision(self) -> str:
        """The precision of its networks, "" before they are loaded."""
        return name_of(self._dtype) if self._model is not None else ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of weights: the network's, and its vocoder's where that has one."""
        vocoder = self._vocoders.file()
        return (self._weights, vocoder) if vocoder else (self._weights,)

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where a file is missing, none of ours, or for other features;
        ConfigError: the device or its precision is not to be had here.
        """
        if self._model is None:
            device = pick_device(self._device_name)
            self._dtype = network_dtype(device, self._asked)
            try:
                model = flow_weights.load(self._weights, device)
            except BROKEN as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
            self._vocoders.voice("", model.spec, device)  # read now, not in the first job
            self._model = model

    def free(self) -> None:
        """Give the memory back."""
        self._model = None
        self._vocoders.free()
        on_device.give_back()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        quiet = quiet_context()
        self.run(Generate(seconds=6.0, steps=2), quiet)

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        self.load()
        assert self._model is not None
        steering = read_words(command.prompt, command.style, command.key)
        if steering.unknown:
            context.warn(
                f"unknown words: {' '.join(steering.unknown)}; styles are {', '.join(STYLES)}, "
                "keys such as C, F#m, Bb major"
            )
        voice = self.voice(command.vocoder if isinstance(command, Vocode) else "")
        work = Work(self._model, voice, command, context, steering)
        with on_device.inference(self._dtype):
            return work.carry_out()

    def voice(self, name: str = "") -> Voice:
        """Return how this engine turns mels into samples; `name` is a vocoder, "" its own.

        Raises: CommandError: EENGINE, as `load`.
        """
        self.load()
        assert self._model is not None
        return self._vocoders.voice(name, self._model.spec, self._model.mean.device)
