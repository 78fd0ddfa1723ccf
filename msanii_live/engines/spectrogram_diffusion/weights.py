"""Read Spectrogram Diffusion from a folder that diffusers wrote, and play windows with it."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from msanii_live.dsp.ddpm import DdpmSchedule, sample
from msanii_live.dsp.t5_layers import EncoderConfig
from msanii_live.engines.spectrogram_diffusion.network import (
    DecoderConfig,
    SpectrogramConfig,
    SpectrogramDiffusion,
)

QUIETEST, LOUDEST = math.log(1e-5), 4.0  # ln magnitudes that the networks see as -1 and 1
PARTS = ("notes_encoder", "continuous_encoder", "decoder")
_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
C = TypeVar("C")


@dataclass(frozen=True)
class SpectrogramModel:
    """Hold the networks and the noise schedule that they were trained with."""

    net: SpectrogramDiffusion
    schedule: DdpmSchedule

    @torch.inference_mode()
    def play(
        self,
        windows: Sequence[Sequence[int]],
        generator: torch.Generator,
        steps: int = 100,
        on_step: Callable[[], None] = lambda: None,
    ) -> torch.Tensor:
        """Make the mel of windows one after another, each seeing the one before.

        windows: tokens, see `note_tokens.tokens`. on_step: called after each denoising step of each
        window; an exception from it ends the work.
        Returns ln magnitudes, float32, (len(windows) * mel_frames, mels).
        """
        config = self.net.config
        count, mels = config.decoder.targets_length, config.decoder.input_dims
        device = self.net.decoder.spec_out.weight.device
        before = torch.zeros(1, count, mels, device=device)
        there = torch.zeros(1, count, dtype=torch.bool, device=device)
        made = []
        for words in windows:
            tokens = torch.tensor([list(words)], device=device)
            encoded = self.net.encode(tokens, scaled(before), there)

            def predict(x: torch.Tensor, time: float, seen: Any = encoded) -> torch.Tensor:
                moment = torch.full((1,), time, device=device)
                out: torch.Tensor = self.net.decoder(seen, x, moment)
                return out

            noise = torch.randn(1, count, mels, generator=generator).to(device)
            x = sample(predict, noise, self.schedule, steps, generator, on_step)
            before, there = unscaled(x), torch.ones_like(there)
            made.append(before[0])
        return torch.cat(made) if made else before[0, :0]


def scaled(mel: torch.Tensor) -> torch.Tensor:
    """Bring ln magnitudes to -1 to 1, clipping what lies beyond."""
    return (mel.clamp(QUIETEST, LOUDEST) - QUIETEST) / (LOUDEST - QUIETEST) * 2 - 1


def unscaled(mel: torch.Tensor) -> torch.Tensor:
    """Undo `scaled`."""
    return (mel + 1) / 2 * (LOUDEST - QUIETEST) + QUIETEST


def load(folder: Path, device: torch.device) -> SpectrogramModel:
    """Read a folder of diffusers' SpectrogramDiffusionPipeline; pickles are read as plain tensors.

    Raises: FileNotFoundError; ValueError: it is another pipeline's, not whole, or has settings
        that are not known here.
    """
    if _json(folder / "model_index.json").get("_class_name") != "SpectrogramDiffusionPipeline":
        raise ValueError(f"{folder} is no folder of a SpectrogramDiffusionPipeline")
    notes, context, decoder = (_json(folder / part / "config.json") for part in PARTS)
    encoder = _read(EncoderConfig, notes)
    if _read(EncoderConfig, context) != encoder:
        raise ValueError(f"{folder}: the two encoders have different sizes")
    config = SpectrogramConfig(
        encoder,
        _read(DecoderConfig, decoder),
        vocabulary=int(notes["vocab_size"]),
        max_length=int(notes["max_length"]),
        context=int(context["targets_context_length"]),
    )
    net = SpectrogramDiffusion(config)
    for part in PARTS:
        try:
            getattr(net, part).load_state_dict(_tensors(folder / part))
        except RuntimeError as error:  # names or shapes that do not fit
            raise ValueError(f"{folder / part}: {error}") from None
    told = _json(folder / "scheduler" / "scheduler_config.json")
    if told.get("thresholding") or told.get("rescale_betas_zero_snr") or told.get("trained_betas"):
        raise ValueError(f"{folder}: the scheduler has settings that are not known here")
    net.requires_grad_(False).eval().to(device)
    return SpectrogramModel(net, _read(DdpmSchedule, told))


def _read(kind: type[C], told: Mapping[str, Any]) -> C:
    """Take the settings that a dataclass has from a file that may have more."""
    return kind(**{f.name: told[f.name] for f in fields(kind) if f.name in told})  # type: ignore[arg-type]


def _json(path: Path) -> dict[str, Any]:
    told = json.loads(path.read_text())
    if not isinstance(told, dict):
        raise ValueError(f"{path} holds no settings")
    return told


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    for name in _WEIGHTS:
        path = folder / name
        if not path.exists():
            continue
        try:
            if path.suffix == ".safetensors":
                found = load_file(path)
            else:
                found = torch.load(path, map_location="cpu", weights_only=True)
        except (SafetensorError, pickle.UnpicklingError, RuntimeError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        return {key: value.float() for key, value in found.items()}
    raise FileNotFoundError(f"{folder} holds none of {', '.join(_WEIGHTS)}")
