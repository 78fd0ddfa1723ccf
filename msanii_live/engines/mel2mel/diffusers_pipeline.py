"""mel2mel as a pipeline of diffusers; the engine never imports it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

# diffusers asks the module of a model for the name of its base class.
from diffusers.models.modeling_utils import ModelMixin as ModelMixin

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.mel2mel.engine import WEIGHTS, Mel2MelEngine
from msanii_live.engines.mel2mel.network import Mel2Mel, Mel2MelConfig, load
from msanii_live.engines.notes.diffusers_pipeline import (
    NoteNetworkModel,
    NotesPipeline,
    NoteVocoderModel,
)


class Mel2MelModel(NoteNetworkModel):
    """The network of mel2mel, as a model of diffusers."""

    def build(self, sizes: dict[str, Any], spec: MelSpec) -> Mel2Mel:
        """Return the network of some sizes, with any weights."""
        return Mel2Mel(Mel2MelConfig(**sizes), spec)


class Mel2MelPipeline(NotesPipeline):
    """mel2mel without the server: notes to audio in one pass, with one timbre."""

    engine_class = Mel2MelEngine

    @classmethod
    def shipped(cls, weights: Path = SHIPPED_WEIGHTS) -> Mel2MelPipeline:
        """Return the pipeline with the weights that ship, or with those in another folder."""
        cpu = torch.device("cpu")
        return cls(
            Mel2MelModel.of(load(weights / WEIGHTS, cpu)),
            NoteVocoderModel.of(vocos.load(weights / "vocos.safetensors", cpu)),
        )
