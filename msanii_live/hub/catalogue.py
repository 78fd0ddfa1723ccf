"""The published models that are known by a short name."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_VERB = ("generate", "outpaint", "inpaint", "interpolate", "audio2audio")


@dataclass(frozen=True)
class PublishedModel:
    """A published model, as its makers describe it.

    repository: on the hub. family: the pipeline's class in diffusers. licence: in words.
    gigabytes: of its files, about; 0 where it is not known. sample_rate: Hz. max_seconds: of one
    pass. is_gated: the hub asks for an account and for agreement first. note: what else a user
    should know; "" if nothing.
    """

    name: str
    repository: str
    family: str
    licence: str
    gigabytes: float
    sample_rate: int
    max_seconds: float
    verbs: tuple[str, ...] = EVERY_VERB
    is_gated: bool = False
    note: str = ""


_STABILITY = (
    "Stability AI Community License: free of charge below 1 million US dollars of revenue a year, "
    "https://stability.ai/license"
)
_NOT_DIFFUSERS = (
    "published in the form of its makers; where the repository has no model_index.json, convert it "
    "with diffusers' script, as docs/engines.md says, and use models add"
)

KNOWN_MODELS: tuple[PublishedModel, ...] = (
    PublishedModel(
        "stable-audio-3-small", "stabilityai/stable-audio-3-small-music", "StableAudio3Pipeline",
        _STABILITY + "; its text encoder: Gemma Terms of Use", 2.2, 44_100, 120.0,
        is_gated=True, note=_NOT_DIFFUSERS,
    ),
    PublishedModel(
        "stable-audio-3-medium", "stabilityai/stable-audio-3-medium", "StableAudio3Pipeline",
        _STABILITY + "; its text encoder: Gemma Terms of Use", 6.0, 44_100, 380.0,
        is_gated=True, note=_NOT_DIFFUSERS,
    ),
    PublishedModel(
        "stable-audio-open", "stabilityai/stable-audio-open-1.0", "StableAudioPipeline",
        _STABILITY, 5.0, 44_100, 47.5, is_gated=True,
    ),
    PublishedModel(
        "ace-step-turbo", "ACE-Step/acestep-v15-xl-turbo-diffusers", "AceStepPipeline",
        "MIT", 12.0, 48_000, 240.0,
    ),
    PublishedModel(
        "audioldm2-music", "cvssp/audioldm2-music", "AudioLDM2Pipeline",
        "CC BY-NC-SA 4.0: not for commercial use", 4.5, 16_000, 10.24,
    ),
    PublishedModel(
        "longcat-audio", "ruixiangma/LongCat-AudioDiT-1B-Diffusers", "LongCatAudioDiTPipeline",
        "see the model's page", 0.0, 24_000, 30.0,
        note="made for speech and sounds; the size and the licence are not known here",
    ),
    PublishedModel(
        "musicldm", "ucsd-reach/musicldm", "MusicLDMPipeline",
        "CC BY-NC-SA 4.0: not for commercial use", 0.0, 16_000, 10.24,
    ),
)  # fmt: skip
BY_NAME = {model.name: model for model in KNOWN_MODELS}
BY_REPOSITORY = {model.repository.lower(): model for model in KNOWN_MODELS}


def find_model(word: str) -> PublishedModel | None:
    """Return the known model of a name or repository; None if it is not known.

    >>> find_model("ace-step-turbo").repository
    'ACE-Step/acestep-v15-xl-turbo-diffusers'
    """
    return BY_NAME.get(word) or BY_REPOSITORY.get(word.lower())
