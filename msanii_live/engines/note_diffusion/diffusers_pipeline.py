"""note-diffusion as a pipeline of diffusers; the engine never imports it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

# diffusers asks the module of a model for the name of its base class.
from diffusers.models.modeling_utils import ModelMixin as ModelMixin

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.note_diffusion.engine import WEIGHTS, NoteDiffusionEngine
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig, load
from msanii_live.engines.notes.diffusers_pipeline import (
    NoteNetworkModel,
    NotesPipeline,
    NoteVocoderModel,
)


class NoteDiffusionModel(NoteNetworkModel):
    """The network of note-diffusion, as a model of diffusers."""

    def build(self, sizes: dict[str, Any], spec: MelSpec) -> NoteDiffusion:
        """Return the network of some sizes, with any weights."""
        return NoteDiffusion(NoteDiffusionConfig(**sizes), spec)


class NoteDiffusionPipeline(NotesPipeline):
    """note-diffusion without the server: notes of a whole band to audio."""

    engine_class = NoteDiffusionEngine

    @classmethod
    def shipped(cls, weights: Path = SHIPPED_WEIGHTS) -> NoteDiffusionPipeline:
        """Return the pipeline with the weights that ship, or with those in another folder."""
        cpu = torch.device("cpu")
        return cls(
            NoteDiffusionModel.of(load(weights / WEIGHTS, cpu)),
            NoteVocoderModel.of(vocos.load(weights / "vocos.safetensors", cpu)),
        )
