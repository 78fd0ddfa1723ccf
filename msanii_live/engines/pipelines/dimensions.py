"""What a pipeline's settings say before its weights are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from msanii_live.engines.pipelines.folder import PipelineFolder

DEFAULT_RATES = {"AceStepPipeline": 48_000, "LongCatAudioDiTPipeline": 24_000}
_STEPS = {"StableAudioPipeline": 100, "LongCatAudioDiTPipeline": 16}
_MEL_STEPS = 200  # of AudioLDM2, MusicLDM and AudioLDM


@dataclass(frozen=True)
class ModelDimensions:
    """rate: Hz. steps: of denoising, where the command gives none."""

    rate: int
    steps: int


def read_dimensions(folder: PipelineFolder) -> ModelDimensions:
    """Return a model's sample rate and number of steps from the settings in its folder."""
    vae, vocoder = _settings(folder, "vae"), _settings(folder, "vocoder")
    rate = (
        vae.get("sampling_rate")
        or vae.get("sample_rate")
        or vocoder.get("sampling_rate")
        or DEFAULT_RATES.get(folder.pipeline, 44_100)
    )
    if folder.pipeline.startswith("StableAudio3"):
        scheduler = _settings(folder, "scheduler", "scheduler_config.json")
        steps = 8 if scheduler.get("stochastic_sampling") else 100
    elif folder.pipeline == "AceStepPipeline":
        net = _settings(folder, "transformer")
        steps = 8 if net.get("is_turbo") or net.get("model_version") == "turbo" else 50
    else:
        steps = _STEPS.get(folder.pipeline, _MEL_STEPS)
    if not vocoder and folder.pipeline.startswith(("AudioLDM", "MusicLDM")):
        rate = 16_000
    return ModelDimensions(int(rate), steps)


def _settings(folder: PipelineFolder, part: str, name: str = "config.json") -> dict[str, Any]:
    try:
        found = json.loads((folder.path / part / name).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
