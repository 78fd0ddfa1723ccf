"""Engines that play notes, as pipelines of diffusers; the engines never import it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.pipelines.pipeline_utils import AudioPipelineOutput, DiffusionPipeline
from torch import nn

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import vocos
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import standalone_context
from msanii_live.engines.notes.synthesis import VocodedNotesEngine
from msanii_live.midi import files
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render


class NoteNetworkModel(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A network that plays notes, as a model of diffusers; a subclass builds its own."""

    net: nn.Module

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, Any], features: dict[str, float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        plain = {key: tuple(v) if isinstance(v, list) else v for key, v in sizes.items()}
        self.net = self.build(plain, MelSpec(**features))  # type: ignore[arg-type]

    def build(self, sizes: dict[str, Any], spec: MelSpec) -> nn.Module:
        """Return the network of some sizes, with any weights."""
        raise NotImplementedError

    @classmethod
    def of(cls, net: Any) -> NoteNetworkModel:
        """Return the model of a network that was read elsewhere."""
        model: NoteNetworkModel = cls(asdict(net.config), asdict(net.spec))
        model.net.load_state_dict(net.state_dict())
        return model


class NoteVocoderModel(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The neural vocoder, as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, int], features: dict[str, float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        config, spec = vocos.VocosConfig(**sizes), MelSpec(**features)  # type: ignore[arg-type]
        self.net = vocos.Vocos(config, spec)

    @classmethod
    def of(cls, net: vocos.Vocos) -> NoteVocoderModel:
        """Return the model of a vocoder that was read elsewhere."""
        model: NoteVocoderModel = cls(asdict(net.config), asdict(net.spec))
        model.net.load_state_dict(net.state_dict())
        return model


@dataclass
class PlayedNotes(AudioPipelineOutput):
    """What the pipeline returns: `audios`, float32, (1, 2, frames)."""

    audios: Any


class NotesPipeline(DiffusionPipeline):
    """Notes to stereo audio at 44.1 kHz; a subclass names its engine."""

    engine_class: ClassVar[type[VocodedNotesEngine[Any]]]
    network: NoteNetworkModel
    vocoder: NoteVocoderModel

    def __init__(self, network: NoteNetworkModel, vocoder: NoteVocoderModel) -> None:
        super().__init__()
        self.register_modules(network=network, vocoder=vocoder)  # type: ignore[no-untyped-call]

    def __call__(
        self,
        notes: Score | Path | str,
        timbre: str = "",
        num_inference_steps: int | None = None,
        generator: torch.Generator | None = None,
        output_type: str = "pt",
    ) -> PlayedNotes:
        """Play notes as the engine does.

        notes: a score or a MIDI file. timbre: an instrument for all of them; "" for their own
        programs. generator: its seed decides. output_type: "pt" or "np".
        Raises: CommandError: the file cannot be read, or there is no such timbre.
        """
        score = notes if isinstance(notes, Score) else files.read(Path(notes), str(notes))
        engine = self.engine_class(self.device.type)  # type: ignore[call-arg]
        engine.use(self.network.net.eval(), VocoderSettings(net=self.vocoder.net.eval()))
        seed = generator.initial_seed() % 2**31 if generator is not None else 0
        context = replace(standalone_context(score=lambda name: score), seed=seed)
        command = Render(midi="notes", timbre=timbre, steps=num_inference_steps)
        audios = torch.from_numpy(engine.run(command, context).samples.T.copy())[None]
        return PlayedNotes(audios.numpy() if output_type == "np" else audios)
