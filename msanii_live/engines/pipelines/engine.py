"""Published models as an engine: the folder of a diffusers pipeline, kept warm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.cuda_graphs import use_graphs
from msanii_live.dsp.device import dtype_name, network_dtype, pick_device
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    OffloadMode,
    engine_factory,
    standalone_context,
)
from msanii_live.engines.builtin import BUILT_IN, PIPELINES
from msanii_live.engines.pipelines.batch import run_batch
from msanii_live.engines.pipelines.compiling import compile_networks, denoiser
from msanii_live.engines.pipelines.dimensions import read_dimensions
from msanii_live.engines.pipelines.family import Family
from msanii_live.engines.pipelines.folder import PipelineFolder, check_folder, load_family
from msanii_live.engines.pipelines.loras import LoadedLora
from msanii_live.engines.pipelines.loras import apply as apply_loras
from msanii_live.engines.pipelines.offload import check_offload
from msanii_live.engines.pipelines.tasks import MAX_SECONDS, PipelineTasks
from msanii_live.errors import CommandError
from msanii_live.protocol.commands import Generate, GenerationCommand

BF16_FAMILIES = ("AceStepPipeline",)  # whose publishers say bf16, where a GPU would take fp16
FP32_ON_APPLE = ("StableAudio3Pipeline",)  # which is noise in fp16 there, as diffusers' page says
FOLLOWED = ("style", "key", "density", "chords", "metre", "guidance")  # as words or arguments
WEIGHING = ("StableAudio3Pipeline", "StableAudioPipeline", "AceStepPipeline")  # prompts
SUNG, AVOIDED = ("lyrics",), ("negative",)


class PipelineEngine:
    """An engine of one published model."""

    def __init__(
        self,
        folder: PipelineFolder,
        name: str,
        device: str = "auto",
        precision: str = "auto",
        compiled: bool = False,
        offload: OffloadMode = "none",
        cuda_graphs: bool = False,
    ) -> None:
        """Take a folder that was checked, and what is wanted of the device and the precision."""
        self.name = name
        self.licence = folder.licence
        sizes = read_dimensions(folder)
        self.capabilities = Capabilities(
            verbs=BUILT_IN[PIPELINES].verbs,
            sample_rate=sizes.rate,
            channels=2,
            max_seconds=MAX_SECONDS,
            steps=sizes.steps,
            weighs_prompts=folder.pipeline in WEIGHING,
            follows=(*FOLLOWED, *(SUNG if folder.pipeline == "AceStepPipeline" else AVOIDED)),
        )
        self._folder, self._device_name, self._asked = folder, device, precision
        self._compiled, self._offload = compiled, offload
        self._cuda_graphs = cuda_graphs and offload == "none" and not compiled
        self._dtype = torch.float32  # until it is loaded
        self._family: Family | None = None
        self._loras: dict[str, LoadedLora] = {}

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._family is not None

    @property
    def precision(self) -> str:
        """The precision of the networks, "" before they are loaded."""
        return dtype_name(self._dtype) if self._family is not None else ""

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE, they cannot be read; EOOM. ConfigError: the device or its
        precision is not available.
        """
        self.family()

    def family(self) -> Family:
        """Return the model, loaded. Raises: as `load`."""
        if self._family is None:
            device = pick_device(self._device_name)
            check_offload(self._offload, device)
            self._dtype = self._pick_dtype(device)
            with torch_runtime.inference(torch.float32):
                family = load_family(self._folder, device, self._dtype, self._offload)
                if self._compiled:
                    compile_networks(family.pipe)
                if self._cuda_graphs:
                    use_graphs(denoiser(family.pipe))
                apply_loras(family.pipe, self.name, self._loras)
            self._family = family
        return self._family

    def _pick_dtype(self, device: torch.device) -> torch.dtype:
        """Return the precision of the weights. A CPU takes fp32 unless another is asked for:
        autoencoders are convolutions, which are slow there in half precision.
        """
        if self._asked == "auto" and device.type == "cpu":
            return torch.float32
        if (
            self._asked == "auto"
            and device.type == "mps"
            and self._folder.pipeline in FP32_ON_APPLE
        ):
            return torch.float32
        if self._asked == "auto" and self._folder.pipeline in BF16_FAMILIES:
            return torch.bfloat16
        return network_dtype(device, self._asked)

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        self.run(Generate(seconds=1.0, steps=2), standalone_context())

    def free(self) -> None:
        """Give the memory back."""
        self._family = None
        torch_runtime.release_memory()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch_runtime.gpu_memory_mb()

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        family = self.family()
        with torch_runtime.inference(torch.float32):
            return PipelineTasks(family, command, context, self.licence).run()

    def set_loras(self, loras: Mapping[str, tuple[Path, float]]) -> None:
        """Use exactly these LoRAs; see `LoraEngine.set_loras`."""
        family = self.family()
        wanted = {name: LoadedLora(file, weight) for name, (file, weight) in loras.items()}
        with torch_runtime.inference(torch.float32):
            try:
                apply_loras(family.pipe, self.name, wanted)
            except CommandError:
                apply_loras(family.pipe, self.name, self._loras)
                raise
        self._loras = wanted

    def loras(self) -> dict[str, tuple[Path, float]]:
        """Return the LoRAs in use: file and weight by name."""
        return {name: (lora.file, lora.weight) for name, lora in self._loras.items()}

    def run_batch(
        self, command: GenerationCommand, context: Context, seeds: Sequence[int]
    ) -> list[Clip]:
        """Make several clips in one pass; see `BatchEngine.run_batch`."""
        return run_batch(self.family(), command, context, self.licence, seeds)


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> PipelineEngine:
    """Make the engine of the folder that the settings name; it is checked, but not yet read."""
    assert settings.weights is not None
    folder = check_folder(settings.weights, settings.trust_remote_code)
    return PipelineEngine(
        folder, settings.name, settings.device, settings.precision, settings.compiled,
        settings.offload, settings.cuda_graphs,
    )  # fmt: skip
