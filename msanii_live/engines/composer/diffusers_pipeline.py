"""The composer and its player as a pipeline of diffusers; the engine never imports it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.pipelines.pipeline_utils import AudioPipelineOutput, DiffusionPipeline

from msanii_live.dsp.device import dtype_name
from msanii_live.dsp.vocoders import vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.complete import STEPS
from msanii_live.engines.composer.engine import WEIGHTS, ComposerEngine
from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.engines.composer.weights import Composer, read_weights
from msanii_live.engines.note_spectra import spectra as note_spectra
from msanii_live.engines.note_spectra.engine import WEIGHTS as SPECTRA_WEIGHTS
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.note_spectra.spectra import NoteSpectra

# diffusers imports a part's class from the module of its pipeline.
from msanii_live.engines.notes.diffusers_pipeline import NoteVocoderModel as NoteVocoderModel
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate


class ComposerModel(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The composer's network and the tables that were learnt with it, as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, Any], tables: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.net = ComposerNet(NetworkConfig(**{**sizes, "styles": tuple(sizes["styles"])}))
        self.tables: Mapping[str, Any] = tables

    @classmethod
    def of(cls, composer: Composer) -> ComposerModel:
        """Return the model of a composer that was read elsewhere."""
        model: ComposerModel = cls(asdict(composer.net.config), dict(composer.tables))
        model.net.load_state_dict(composer.net.state_dict())
        return model


class NoteSpectraModel(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The file of note spectra that the player reads, as a model of diffusers without a network."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, size: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.content: torch.Tensor
        self.register_buffer("content", torch.zeros(size, dtype=torch.uint8))

    @classmethod
    def of(cls, file: Path) -> NoteSpectraModel:
        """Return the model of a file of spectra."""
        content = torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.uint8)
        model: NoteSpectraModel = cls(len(content))
        model.content.copy_(content)
        return model

    def spectra(self) -> NoteSpectra:
        """Return the spectra."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, SPECTRA_WEIGHTS)
            file.write_bytes(self.content.cpu().numpy().tobytes())
            return note_spectra.load(file)


@dataclass
class ComposedAudio(AudioPipelineOutput):
    """What the pipeline returns: `audios`, float32, (1, 2, frames), and the notes it plays."""

    audios: Any
    score: Score


class ComposerPipeline(DiffusionPipeline):
    """The composer without the server: words to notes, and notes to stereo audio at 44.1 kHz."""

    composer: ComposerModel
    player: NoteSpectraModel
    vocoder: NoteVocoderModel

    def __init__(
        self, composer: ComposerModel, player: NoteSpectraModel, vocoder: NoteVocoderModel
    ) -> None:
        super().__init__()
        parts = {"composer": composer, "player": player, "vocoder": vocoder}
        self.register_modules(**parts)  # type: ignore[no-untyped-call]

    @classmethod
    def shipped(cls, weights: Path = SHIPPED_WEIGHTS) -> ComposerPipeline:
        """Return the pipeline with the weights that ship, or with those in another folder."""
        return cls(
            ComposerModel.of(read_weights(weights / WEIGHTS)),
            NoteSpectraModel.of(weights / SPECTRA_WEIGHTS),
            NoteVocoderModel.of(vocos.load(weights / "vocos.safetensors", torch.device("cpu"))),
        )

    def __call__(
        self,
        prompt: str = "",
        bpm: float | None = None,
        bars: float | None = None,
        seconds: float = 6.0,
        num_inference_steps: int = STEPS,
        generator: torch.Generator | None = None,
        output_type: str = "pt",
    ) -> ComposedAudio:
        """Compose a piece and play it, as the engine does for `/msanii/generate`.

        prompt: words that name a style, a key and more. bars: the length; if None, `seconds` is.
        generator: its seed decides. output_type: "pt" or "np".
        Raises: CommandError: a value out of range.
        """
        command = Generate(
            prompt=prompt, bpm=bpm, bars=bars, seconds=seconds, steps=num_inference_steps
        )
        seed = generator.initial_seed() % 2**31 if generator is not None else 0
        clip = self._engine().run(command, replace(standalone_context(), seed=seed))
        assert clip.score is not None
        audios = torch.from_numpy(clip.samples.T.copy())[None]
        return ComposedAudio(audios.numpy() if output_type == "np" else audios, clip.score)

    def _engine(self) -> ComposerEngine:
        device, precision = self.device.type, dtype_name(self.vocoder.dtype)
        player = NoteSpectraEngine(device, precision=precision)
        player.use(self.player.spectra(), VocoderSettings(net=self.vocoder.net.eval()))
        net = self.composer.net.eval().requires_grad_(False)
        return _LoadedComposer(Composer(net.to("cpu"), self.composer.tables), player, precision)


class _LoadedComposer(ComposerEngine):
    """The engine with networks that were read elsewhere."""

    def __init__(self, composer: Composer, player: NoteSpectraEngine, precision: str) -> None:
        super().__init__("cpu", precision=precision, player=player)
        self._composer = composer
