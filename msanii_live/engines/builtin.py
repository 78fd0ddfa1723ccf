"""The table of the engines in this package. Reading it imports none of them, and no torch."""

from __future__ import annotations

from dataclasses import dataclass

from msanii_live.engines.base import EFFECT_KEYS, OPTIONAL_KEYS
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
    Vocode,
)

_AUDIO_VERBS = tuple(
    verb.address for verb in (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio)
)


PIPELINES = "pipelines"  # the engine of published models, whatever each is called
# Classes of diffusers that make audio, by which such a folder's index names itself.
PIPELINE_CLASSES = (
    "StableAudio3Pipeline", "StableAudio3InpaintPipeline", "StableAudio3AudioToAudioPipeline",
    "StableAudioPipeline", "AceStepPipeline", "AudioLDM2Pipeline", "LongCatAudioDiTPipeline",
    "MusicLDMPipeline", "AudioLDMPipeline",
)  # fmt: skip


@dataclass(frozen=True)
class EngineSpec:
    """An engine's place and what is known of it before it is imported.

    factory: "module:attribute" of an `EngineFactory`. verbs: command addresses. formats: of the
    weights that it reads. has_weights: weights come with it; if not, it is made only for a path.
    follows: as in `Capabilities`, for engines that a musician is told of.
    """

    factory: str
    verbs: tuple[str, ...]
    formats: tuple[str, ...] = ()
    has_weights: bool = True
    follows: tuple[str, ...] = ()


BUILT_IN: dict[str, EngineSpec] = {
    "mel-flow": EngineSpec(
        "msanii_live.engines.mel_flow.engine:create",
        (*_AUDIO_VERBS, Vocode.address),
        ("msanii-live flow 1",),
    ),
    "mel2mel": EngineSpec(
        "msanii_live.engines.mel2mel.engine:create", (Render.address,), ("msanii-live mel2mel 1",)
    ),
    "note-diffusion": EngineSpec(
        "msanii_live.engines.note_diffusion.engine:create",
        (Render.address,),
        (
            "msanii-live note-diffusion 2",
            "msanii-live note-diffusion 1",
            "msanii-live spectrogram 1",
        ),
        follows=("stems",),
    ),
    "composer": EngineSpec(
        "msanii_live.engines.composer.engine:create",
        (*_AUDIO_VERBS, Render.address, Accompany.address),
        ("msanii-live/composer/1",),
        follows=OPTIONAL_KEYS,
    ),
    "texture": EngineSpec(
        "msanii_live.engines.texture.engine:create", (Outpaint.address, Inpaint.address)
    ),
    "tones": EngineSpec("msanii_live.engines.tones:create", (*_AUDIO_VERBS, Render.address)),
    "rack": EngineSpec(
        "msanii_live.engines.rack.engine:create",
        (*_AUDIO_VERBS, Render.address, Accompany.address),
        follows=(*OPTIONAL_KEYS, *EFFECT_KEYS),
    ),
    "msanii2023": EngineSpec(
        "msanii_live.engines.msanii2023.engine:create",
        (*_AUDIO_VERBS, Vocode.address),
        ("msanii-live 2023 1", "msanii 2023 checkpoint"),
        has_weights=False,
    ),
    "spectrogram-diffusion": EngineSpec(
        "msanii_live.engines.spectrogram_diffusion.engine:create",
        (Render.address,),
        ("diffusers SpectrogramDiffusionPipeline",),
        has_weights=False,
    ),
    PIPELINES: EngineSpec(
        "msanii_live.engines.pipelines.engine:create",
        _AUDIO_VERBS,
        tuple(f"diffusers {name}" for name in PIPELINE_CLASSES),
        has_weights=False,
    ),
}
SHIPPED_LICENCE = "Apache-2.0"  # of the weights that come with these engines
# Names of earlier versions, which commands, flags and sidecars may still hold.
ALIASES = {"spectrogram": "note-diffusion"}
# The engine for source clips whose notes are not known, if the default engine needs notes.
AUDIO_ENGINE = "mel-flow"
# The engine for source clips that are no music, for the verbs that it can do.
TEXTURE_ENGINE = "texture"
# The engine that mixes two timbres, if the default engine composes, and so plays whole bands.
MORPHING_ENGINE = "mel2mel"
# The engine for a verb that the default engine cannot do, if the command names no engine.
FALLBACKS = {
    Render.address: "mel2mel", Vocode.address: AUDIO_ENGINE, Accompany.address: "composer",
}  # fmt: skip
# Formats of files that do not name theirs, by file name or suffix.
UNNAMED_FORMATS = {
    "mel-flow.safetensors": "msanii-live flow 1",
    "mel2mel.safetensors": "msanii-live mel2mel 1",
    "note-diffusion.safetensors": "msanii-live note-diffusion 1",
    "spectrogram.safetensors": "msanii-live spectrogram 1",
    "msanii2023.safetensors": "msanii-live 2023 1",
    ".pt": "msanii 2023 checkpoint",
    ".safetensors": "msanii-live flow 1",
}


def canonical_name(name: str) -> str:
    """Return the name that an engine has today.

    >>> canonical_name("spectrogram"), canonical_name("mel2mel")
    ('note-diffusion', 'mel2mel')
    """
    return ALIASES.get(name, name)
