"""The 2023 system as an engine, in our way and in the paper's."""

from __future__ import annotations

import threading
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.engines import on_device
from msanii_live.engines.base import Capabilities, Context, quiet_context
from msanii_live.engines.verbs2023 import LONGEST, Work2023
from msanii_live.errors import Code, CommandError
from msanii_live.models.device import name_of, network_dtype, pick_device
from msanii_live.models.msanii2023 import Msanii2023, load
from msanii_live.models.msanii2023.checkpoint import WEIGHTS as WEIGHTS
from msanii_live.models.msanii2023.fast import BUCKET, fast_unet
from msanii_live.models.msanii2023.sampling import Model
from msanii_live.models.msanii2023.tasks import MENDED, PAPER, Semantics
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    MakingCommand,
    Outpaint,
    Vocode,
)

VERBS = (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Vocode)
AS_IN_THE_PAPER = "-as-in-the-paper"  # after the name of the engine that does it so


class Weights2023:
    """Hold one model for the engines that share it; read when first asked for."""

    def __init__(
        self, device: str, path: Path, compiled: bool = False, precision: str = "auto"
    ) -> None:
        """Take the device's name, a folder, `.pt` or `.safetensors` file, and the precision."""
        self.path = path
        self.multiple = BUCKET if compiled else 1  # of mel frames: each length is compiled anew
        self._device = device
        self._compiled = compiled
        self._asked = precision
        self.dtype = torch.float32  # until it is loaded
        self._held: tuple[Msanii2023, Model] | None = None
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._held is not None

    def get(self) -> tuple[Msanii2023, Model]:
        """Return the model and what predicts noise with it, fast.

        Raises: CommandError: EENGINE where the file cannot be read or is refused.
        """
        with self._lock:
            if self._held is None:
                device = pick_device(self._device)
                self.dtype = network_dtype(device, self._asked)
                try:
                    model = load(self.path, device)
                except (OSError, ValueError) as error:
                    raise CommandError(Code.EENGINE, f"cannot load {self.path}: {error}") from None
                net = fast_unet(model.unet, self.dtype, compiled=self._compiled)
                self._held = model, net
            return self._held

    def free(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._held = None
        on_device.give_back()


class Engine2023:
    """Serve every verb but render with a 2023 checkpoint."""

    def __init__(self, weights: Weights2023, name: str, semantics: Semantics = MENDED) -> None:
        """Take weights that may be shared, and the way in which tasks are carried out."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=tuple(verb.address for verb in VERBS),
            sample_rate=44_100,
            channels=2,
            longest=LONGEST,
            steps=semantics.steps,
        )
        self._weights = weights
        self._semantics = semantics

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._weights.loaded

    @property
    def precision(self) -> str:
        """The precision of its networks, "" before they are loaded."""
        return name_of(self._weights.dtype) if self.loaded else ""

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where the file cannot be read or is refused.
        """
        model, _ = self._weights.get()
        if (rate := model.features.config.sample_rate) != self.capabilities.sample_rate:
            self.free()
            raise CommandError(
                Code.EENGINE, f"{self._weights.path} was trained at {rate} Hz, not at 44100"
            )

    def free(self) -> None:
        """Give the memory back, of the engine that shares it too."""
        self._weights.free()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        quiet = quiet_context()
        self.run(Generate(seconds=1.0, steps=2), quiet)

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        self.load()
        model, net = self._weights.get()
        with on_device.inference(self._weights.dtype):
            work = Work2023(model, net, self._semantics, command, context, self._weights.multiple)
            return work.carry_out()


def engines_of(
    path: Path, name: str, device: str, compiled: bool = False, precision: str = "auto"
) -> list[Engine2023]:
    """Return the engines of one checkpoint: ours first, then the paper's, sharing weights."""
    weights = Weights2023(device, path, compiled, precision)
    return [
        Engine2023(weights, name, MENDED),
        Engine2023(weights, name + AS_IN_THE_PAPER, PAPER),
    ]
