"""The engine of audio: a mask-conditioned flow over mels that serves every verb but render."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.cuda_graphs import use_graphs
from msanii_live.dsp.device import dtype_name, network_dtype, pick_device
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS, VocoderRegistry
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.dsp.weights import READ_ERRORS
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    engine_factory,
    standalone_context,
)
from msanii_live.engines.mel_flow.cpu_network import CpuFlowNet
from msanii_live.engines.mel_flow.tasks import DEFAULT_STEPS, MelFlowTasks
from msanii_live.engines.mel_flow.weights import FlowModel, load
from msanii_live.engines.prompt_parser import PromptConditions, parse_prompt
from msanii_live.engines.vocabulary import BEATS_PER_BAR, STYLES, TEMPO_RANGE
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

WEIGHTS = "mel-flow.safetensors"
# From the vocoder's phases 32 iterations at a seam end where 60 do (docs/benchmarks.md).
_VOCODER = VocoderSettings(iterations=4, loop_iterations=16, seam_iterations=32)
VERBS = (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Vocode)


class MelFlowEngine:
    """An engine of one flow network and a vocoder."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED_WEIGHTS / WEIGHTS,
        name: str = "mel-flow",
        vocoder: str = "vocos",
        precision: str = "auto",
        cuda_graphs: bool = False,
    ) -> None:
        """Take the device's name, weights, the vocoder where none is named, and the precision.

        cuda_graphs: record the network's calls on a CUDA GPU.
        """
        self.name = name
        self.capabilities = Capabilities(
            verbs=tuple(verb.address for verb in VERBS),
            sample_rate=44_100,
            channels=2,
            max_seconds=190.0,
            steps=DEFAULT_STEPS,
            styles=STYLES,
            follows=("style", "key", "density"),
        )
        self._device_name, self._asked = device, precision
        self._dtype = torch.float32  # until it is loaded
        self._weights = weights
        self._vocoders = VocoderRegistry(weights, vocoder, _VOCODER)
        self._model: FlowModel | None = None
        self._cuda_graphs = cuda_graphs

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._model is not None

    @property
    def precision(self) -> str:
        """The precision of the networks, "" before they are loaded."""
        return dtype_name(self._dtype) if self._model is not None else ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The weights files of the network and, if it has one, of the vocoder."""
        vocoder = self._vocoders.file()
        return (self._weights, vocoder) if vocoder else (self._weights,)

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE, a file is missing, damaged, or for other features;
        ConfigError: the device or its precision is not available.
        """
        if self._model is None:
            device = pick_device(self._device_name)
            self._dtype = network_dtype(device, self._asked)
            try:
                model = load(self._weights, device)
            except READ_ERRORS as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
            self._vocoders.vocoder("", model.spec, device)  # before the first job
            if self._cuda_graphs:
                use_graphs(model.net)
            if device.type == "cpu":
                model = replace(model, cpu_net=CpuFlowNet(model.net, self._dtype))
            self._model = model

    def free(self) -> None:
        """Give the memory back."""
        self._model = None
        self._vocoders.free()
        torch_runtime.release_memory()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch_runtime.gpu_memory_mb()

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        quiet = standalone_context()
        self.run(Generate(seconds=6.0, steps=2), quiet)

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        self.load()
        assert self._model is not None
        conditions = parse_prompt(command.prompt, command.style, command.key)
        if command.bpm is None and conditions.tempo is not None:
            command = replace(command, bpm=conditions.tempo)
        for text in filter(
            None, (conditions.warning, *_timing_warnings(command, context, conditions))
        ):
            context.warn(text)
        vocoder = self.vocoder(command.vocoder if isinstance(command, Vocode) else "")
        tasks = MelFlowTasks(self._model, vocoder, command, context, conditions)
        with torch_runtime.inference(self._dtype):
            return tasks.run()

    def vocoder(self, name: str = "") -> VocoderSettings:
        """Return the settings of a vocoder by name, of the engine's own for "".

        Raises: CommandError: EENGINE, as `load`.
        """
        self.load()
        assert self._model is not None
        return self._vocoders.vocoder(name, self._model.spec, self._model.mean.device)


def _timing_warnings(
    command: GenerationCommand, context: Context, conditions: PromptConditions
) -> list[str]:
    """Return what the musician should know of a tempo or metre that the network does not know."""
    texts = []
    tempo = command.bpm or (context.tempo if isinstance(command, Generate) else None)
    slowest, fastest = TEMPO_RANGE
    if tempo is not None and not slowest <= tempo <= fastest:
        texts.append(
            f"{tempo:g} bpm is outside {slowest:g} to {fastest:g} bpm, which mel-flow knows: the "
            "beat may be at half or double the tempo"
        )
    metre = conditions.metre
    if not metre and context.beats != BEATS_PER_BAR and isinstance(command, Generate):
        metre = f"{context.beats}/4"
    if metre and metre != f"{BEATS_PER_BAR}/4":
        texts.append(f"the metre {metre} is unknown to mel-flow: it plays bars of 4/4")
    return texts


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> MelFlowEngine:
    """Make the engine, with the shipped weights unless the settings name others."""
    weights = settings.weights or SHIPPED_WEIGHTS / WEIGHTS
    return MelFlowEngine(
        settings.device, weights, settings.name, settings.vocoder, settings.precision,
        settings.cuda_graphs,
    )  # fmt: skip
