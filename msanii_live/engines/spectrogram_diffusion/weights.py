"""Read the published Spectrogram Diffusion from a folder that diffusers wrote."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from msanii_live.engines.spectrogram_diffusion.encoders import (
    ContextEncoder,
    EncoderConfig,
    NotesEncoder,
)
from msanii_live.engines.spectrogram_diffusion.pipeline import SpectrogramDiffusionPipeline

if TYPE_CHECKING:
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

INDEX = "model_index.json"  # the file that marks such a folder
_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
# The variances that diffusers' scheduler computes for a network that predicts nothing but noise.
_VARIANCES = ("fixed_small", "fixed_small_log", "fixed_large")
_PREDICTIONS = ("epsilon", "sample", "v_prediction")


def load(folder: Path, device: torch.device) -> SpectrogramDiffusionPipeline:
    """Read a folder of diffusers' SpectrogramDiffusionPipeline, without its vocoder.

    Pickles are read as plain tensors. Importing diffusers takes 2 to 4 s, so it is done here.

    Raises: FileNotFoundError. ValueError: the folder is another pipeline's, is not whole, or has
        settings that are not supported.
    """
    from diffusers.models.transformers.t5_film_transformer import T5FilmDecoder

    if _read_json(folder / INDEX).get("_class_name") != "SpectrogramDiffusionPipeline":
        raise ValueError(f"{folder} is no folder of a SpectrogramDiffusionPipeline")
    notes, context, decoder = (
        _read_json(folder / part / "config.json")
        for part in ("notes_encoder", "continuous_encoder", "decoder")
    )
    pipeline = SpectrogramDiffusionPipeline(
        NotesEncoder(_encoder_config(notes), int(notes["vocab_size"]), int(notes["max_length"])),
        ContextEncoder(
            _encoder_config(context),
            int(context["input_dims"]),
            int(context["targets_context_length"]),
        ),
        T5FilmDecoder.from_config(decoder),
        _scheduler(folder / "scheduler" / "scheduler_config.json"),
    )
    _load_network(pipeline.notes_encoder, folder / "notes_encoder", device)
    _load_network(pipeline.context_encoder, folder / "continuous_encoder", device)
    _load_network(pipeline.decoder, folder / "decoder", device)
    return pipeline


def _scheduler(path: Path) -> DDPMScheduler:
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    settings = _read_json(path)
    for name, supported in (("variance_type", _VARIANCES), ("prediction_type", _PREDICTIONS)):
        if (value := settings.get(name, supported[0])) not in supported:
            raise ValueError(f"{path}: {name} is {value!r}: it must be one of {supported}")
    try:
        scheduler: DDPMScheduler = DDPMScheduler.from_config(settings)
    except NotImplementedError:
        raise ValueError(
            f"{path}: beta_schedule is {settings.get('beta_schedule')!r}, which diffusers lacks"
        ) from None
    return scheduler


def _load_network(network: nn.Module, folder: Path, device: torch.device) -> None:
    try:
        network.load_state_dict(_read_tensors(folder))
    except RuntimeError as error:  # names or shapes that do not fit
        raise ValueError(f"{folder}: {error}") from None
    network.requires_grad_(False).eval().to(device)


def _encoder_config(settings: Mapping[str, Any]) -> EncoderConfig:
    known = [field.name for field in fields(EncoderConfig)]
    return EncoderConfig(**{name: settings[name] for name in known if name in settings})


def _read_json(path: Path) -> dict[str, Any]:
    settings = json.loads(path.read_text())
    if not isinstance(settings, dict):
        raise ValueError(f"{path} holds no settings")
    return settings


def _read_tensors(folder: Path) -> dict[str, torch.Tensor]:
    for name in _WEIGHTS:
        path = folder / name
        if not path.exists():
            continue
        try:
            if path.suffix == ".safetensors":
                tensors = load_file(path)
            else:
                tensors = torch.load(path, map_location="cpu", weights_only=True)
        except (SafetensorError, pickle.UnpicklingError, RuntimeError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        return {key: value.float() for key, value in tensors.items()}
    raise FileNotFoundError(f"{folder} holds none of {', '.join(_WEIGHTS)}")
