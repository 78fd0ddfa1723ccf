"""The 2023 system as two engines: corrected, and as in the paper."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.device import dtype_name, network_dtype, pick_device
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    engine_factory,
    standalone_context,
)
from msanii_live.engines.msanii2023 import Msanii2023, load
from msanii_live.engines.msanii2023.checkpoint import WEIGHTS as WEIGHTS
from msanii_live.engines.msanii2023.fast_unet import LENGTH_MULTIPLE, fast_unet
from msanii_live.engines.msanii2023.mel_tasks import CORRECTED, PAPER, TaskSettings
from msanii_live.engines.msanii2023.samplers import Model
from msanii_live.engines.msanii2023.tasks import MAX_GENERATED, Msanii2023Tasks
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    Vocode,
)

VERBS = (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Vocode)
AS_IN_THE_PAPER = "-as-in-the-paper"  # the end of the second engine's name


class SharedWeights2023:
    """One model for the engines that share it, read on first use."""

    def __init__(
        self,
        device: str,
        path: Path,
        compiled: bool = False,
        precision: str = "auto",
        cuda_graphs: bool = False,
    ) -> None:
        """Take the device's name, a folder, `.pt` or `.safetensors` file, and the precision.

        compiled, cuda_graphs: see `fast_unet`.
        """
        self.path = path
        # Of mel frames: every other length would be compiled again.
        self.multiple = LENGTH_MULTIPLE if compiled else 1
        self._device = device
        self._compiled, self._cuda_graphs = compiled, cuda_graphs
        self._asked = precision
        self.dtype = torch.float32  # until it is loaded
        self._loaded_model: tuple[Msanii2023, Model] | None = None
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._loaded_model is not None

    def get(self) -> tuple[Msanii2023, Model]:
        """Return the model and its fast noise predictor.

        Raises: CommandError: EENGINE where the file cannot be read or is refused.
        """
        with self._lock:
            if self._loaded_model is None:
                device = pick_device(self._device)
                self.dtype = network_dtype(device, self._asked)
                try:
                    model = load(self.path, device)
                except (OSError, ValueError) as error:
                    raise CommandError(Code.EENGINE, f"cannot load {self.path}: {error}") from None
                net = fast_unet(model.unet, self.dtype, self._compiled, self._cuda_graphs)
                # It imports diffusers: here, and not within the first step of the first command.
                importlib.import_module("msanii_live.engines.msanii2023.schedulers")
                self._loaded_model = model, net
            return self._loaded_model

    def free(self) -> None:
        """Free the memory."""
        with self._lock:
            self._loaded_model = None
        torch_runtime.release_memory()


class Msanii2023Engine:
    """An engine for every verb but render, with a 2023 checkpoint."""

    def __init__(
        self, weights: SharedWeights2023, name: str, settings: TaskSettings = CORRECTED
    ) -> None:
        """Take weights that may be shared, and how tasks are done."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=tuple(verb.address for verb in VERBS),
            sample_rate=44_100,
            channels=2,
            max_seconds=MAX_GENERATED,
            steps=settings.steps,
            follows=(),
        )
        self._weights = weights
        self._settings = settings

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._weights.loaded

    @property
    def precision(self) -> str:
        """The precision of its networks, "" before they are loaded."""
        return dtype_name(self._weights.dtype) if self.loaded else ""

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
        """Free the memory, of the other engine on these weights too."""
        self._weights.free()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch_runtime.gpu_memory_mb()

    def warm(self) -> None:
        """Generate one short clip, so that the first command is as fast as the next."""
        quiet = standalone_context()
        self.run(Generate(seconds=1.0, steps=2), quiet)

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Run a command; see `Engine.run`."""
        self.load()
        model, net = self._weights.get()
        with torch_runtime.inference(self._weights.dtype):
            tasks = Msanii2023Tasks(
                model, net, self._settings, command, context, self._weights.multiple
            )
            return tasks.run()


def engines_of(
    path: Path,
    name: str,
    device: str,
    compiled: bool = False,
    precision: str = "auto",
    cuda_graphs: bool = False,
) -> list[Msanii2023Engine]:
    """Return the engines of one checkpoint, which share it: corrected, then as in the paper."""
    weights = SharedWeights2023(device, path, compiled, precision, cuda_graphs)
    return [
        Msanii2023Engine(weights, name, CORRECTED),
        Msanii2023Engine(weights, name + AS_IN_THE_PAPER, PAPER),
    ]


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> list[Msanii2023Engine]:
    """Make the engines of the checkpoint that the settings name."""
    assert settings.weights is not None
    return engines_of(
        settings.weights, settings.name, settings.device, settings.compiled, settings.precision,
        settings.cuda_graphs,
    )  # fmt: skip
