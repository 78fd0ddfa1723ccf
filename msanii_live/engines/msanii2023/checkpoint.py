"""Checkpoints of the 2023 release, read without running code in them, and our own format.

A release file is a pickle of configs (diffusers' FrozenDict, with omegaconf's lists in some) and
three state dicts. It is read by torch's restricted unpickler, which takes tensors, plain containers
and the classes listed here. None of those is imported: each is replaced by an inert container.
"""

from __future__ import annotations

import json
import pickle
import re
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors
from torch import Tensor, nn

from msanii_live.engines.msanii2023.features import Features2023, Features2023Config
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config

FORMAT = "msanii-live 2023 1"
WEIGHTS = "msanii2023.safetensors"
PARTS = ("unet", "vocoder", "features")


class CheckpointError(ValueError):
    """A file that is no checkpoint, or asks for names that no checkpoint needs."""


class _Inert:
    """A replacement for an object of omegaconf or typing: it has its state and no methods."""


def _inert(*_: object) -> _Inert:
    """Return an inert object, in place of a function that a pickle calls."""
    return _Inert()


def _replaced(module: str, *names: str) -> tuple[tuple[object, str], ...]:
    return tuple((type(name, (_Inert,), {}), f"{module}.{name}") for name in names)


# The names that a file may use beyond tensors and plain containers, each after its replacement.
# Those of omegaconf, of typing and of the release itself describe omegaconf's lists.
SAFE: tuple[tuple[object, str], ...] = (
    (OrderedDict, "diffusers.configuration_utils.FrozenDict"),
    (defaultdict, "collections.defaultdict"),
    *(
        (kind, f"{module}.{kind.__name__}")
        for module in ("builtins", "__builtin__")
        for kind in (dict, list, tuple, int, float, bool, str)
    ),
    (int, "__builtin__.long"),
    (_inert, "__builtin__.type"),
    (_inert, "_operator.getitem"),
    *_replaced("typing", "Any", "List", "Tuple", "Dict", "Optional", "Union"),
    *_replaced("omegaconf.listconfig", "ListConfig"),
    *_replaced("omegaconf.tupleconfig", "TupleConfig"),
    *_replaced("omegaconf.dictconfig", "DictConfig"),
    *_replaced("omegaconf.base", "ContainerMetadata", "Metadata"),
    *_replaced(
        "omegaconf.nodes", "AnyNode", "IntegerNode", "FloatNode", "BooleanNode", "StringNode"
    ),
    *_replaced(
        "msanii.config.training_config",
        "AudioDataModuleConfig",
        "TransformsConfig",
        "VocoderConfig",
        "UNetConfig",
        "SchedulerConfig",
        "LitVocoderConfig",
        "LitDiffusionConfig",
        "WandbLoggerConfig",
        "ModelCheckpointConfig",
        "TrainerConfig",
        "VocoderTrainingConfig",
        "DiffusionTrainingConfig",
        "TrainingConfig",
    ),
)


@dataclass(frozen=True)
class CheckpointParts:
    """The networks and features of a checkpoint, in eval mode and float32."""

    unet: UNet2023
    vocoder: Vocoder2023
    features: Features2023


def read(path: Path) -> CheckpointParts:
    """Read a release's `.pt`, our safetensors file, or a folder that holds one.

    Raises: FileNotFoundError: there is nothing. BadCheckpoint: it is none of these, or unsafe.
    """
    if path.is_dir():
        path = path / WEIGHTS
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    return _read_own(path) if path.suffix == ".safetensors" else _read_release(path)


def write(folder: Path, parts: CheckpointParts) -> Path:
    """Write a folder that `read` and `--engine` take, whole or not at all; returns the file.

    Weights stay float32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{name}.{key}": value.contiguous()
        for name in PARTS
        for key, value in getattr(parts, name).state_dict().items()
    }
    configs = {name: json.dumps(asdict(getattr(parts, name).config)) for name in PARTS}
    partial = folder / (WEIGHTS + ".partial")
    partial.write_bytes(save_safetensors(tensors, metadata={"format": FORMAT, **configs}))
    return partial.replace(folder / WEIGHTS)


def _read_own(path: Path) -> CheckpointParts:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise CheckpointError(f"{path} is not a 2023 model of msanii-live")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise CheckpointError(f"{path} is not a safetensors file: {error}") from None
    try:
        configs = {name: _lists_as_tuples(json.loads(metadata[name])) for name in PARTS}
        parts = CheckpointParts(
            UNet2023(UNet2023Config(**configs["unet"])),
            Vocoder2023(Vocoder2023Config(**configs["vocoder"])),
            Features2023(Features2023Config(**configs["features"])),
        )
        for name in PARTS:
            own = {k.removeprefix(name + "."): v for k, v in tensors.items() if _is_of(k, name)}
            getattr(parts, name).load_state_dict(own, strict=True)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not fit its own description: {error}") from None
    return _ready(parts)


def _is_of(key: str, part: str) -> bool:
    return key.startswith(part + ".")


def _lists_as_tuples(config: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}


def _ready(parts: CheckpointParts) -> CheckpointParts:
    for name in PARTS:
        module: nn.Module = getattr(parts, name)
        module.requires_grad_(False).eval()
    return parts


# -- the release's own format ----------------------------------------------------------------------


def _read_release(path: Path) -> CheckpointParts:
    try:
        with torch.serialization.safe_globals(list(SAFE)):  # type: ignore[arg-type]
            saved = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} was not read: it is no 2023 checkpoint, or asks for more than tensors, plain "
            f"containers and known configs, which may be an attack. {_reason(error)}"
        ) from None
    except OSError:
        raise
    except Exception:  # a damaged pickle may fail in any way, with words of no use
        raise CheckpointError(f"{path} is no 2023 checkpoint, or is damaged") from None
    try:
        unet, vocoder, transforms = (
            _plain(saved[f"{name}_config"]) for name in ("unet", "vocoder", "transforms")
        )
        _check_scheduler(_plain(saved["scheduler_config"]))
        parts = CheckpointParts(
            UNet2023(_unet_config(unet)),
            Vocoder2023(_vocoder_config(vocoder)),
            Features2023(_features_config(transforms)),
        )
        parts.unet.load_state_dict(saved["unet_state_dict"], strict=True)
        parts.vocoder.load_state_dict(saved["vocoder_state_dict"], strict=True)
        features = _features_state(saved["transforms_state_dict"])
        parts.features.load_state_dict(features, strict=True)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is no 2023 checkpoint that is understood: {_reason(error)}"
        ) from None
    return _ready(parts)


def _reason(error: Exception) -> str:
    """Return the reason of an error, without torch's advice to read the file unsafely."""
    text = str(error)
    if asked := re.search(r"GLOBAL (\S+)", text):
        return f"It asks for {asked[1]}"
    unpickler = re.search(r"WeightsUnpickler error: (.+)", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if unpickler or not lines or "weights_only" in lines[0]:
        return unpickler[1] if unpickler else type(error).__name__
    return " ".join(lines[:2])


def _plain(value: Any) -> Any:
    """Return a config's value as plain containers, without those of diffusers and omegaconf."""
    if isinstance(value, _Inert):
        content = vars(value)
        return _plain(content["_content"] if "_content" in content else content["_val"])
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return value


def _unet_config(config: Mapping[str, Any]) -> UNet2023Config:
    return UNet2023Config(
        mels=config["d_freq"],
        width=config["d_base"],
        hidden_factor=config["d_hidden_factor"],
        multipliers=config["d_multipliers"],
        timestep_width=config["d_timestep"],
        heads=config["n_heads"],
        has_attention=config["has_attention"],
        has_resampling=config["has_resampling"],
        block_layers=config["n_block_layers"],
        dilations=config.get("dilations", ()),
    )


def _vocoder_config(config: Mapping[str, Any]) -> Vocoder2023Config:
    return Vocoder2023Config(
        n_fft=config["n_fft"],
        mels=config["n_mels"],
        width=config["d_model"],
        hidden_factor=config["d_hidden_factor"],
    )


def _features_config(config: Mapping[str, Any]) -> Features2023Config:
    n_fft = config["n_fft"]
    window, hop = config.get("win_length") or n_fft, config.get("hop_length") or n_fft // 2
    if (window, hop) != (n_fft, n_fft // 2):
        raise ValueError(f"n_fft {n_fft} with window {window} and hop {hop} is not known")
    low, high = config["feature_range"]
    return Features2023Config(
        sample_rate=config["sample_rate"],
        n_fft=n_fft,
        mels=config["n_mels"],
        low=low,
        high=high,
        momentum=config["momentum"],
        momentum_decay=config.get("momentum_decay", Features2023Config.momentum_decay),
        eps=config["eps"],
        clip=config["clip"],
        iterations=config["num_griffin_lim_iters"],
        griffin_lim_momentum=config["griffin_lim_momentum"],
    )


def _features_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {
        "window": state["spectrogram.window"],
        "bank": state["mel_scale.fb"],
        "inverse_bank": state["inverse_mel_scale.fb"],
    }
    for own, theirs, first, second in (
        ("standard", "standard_scaler", "running_mean", "running_var"),
        ("min_max", "minmax_scaler", "running_min", "running_max"),
    ):
        renamed |= {
            f"{own}.momentum": state[f"{theirs}.momentum"],
            f"{own}.first": state[f"{theirs}.{first}"],
            f"{own}.second": state[f"{theirs}.{second}"],
            f"{own}.fitted": state[f"{theirs}.fitted"],
        }
    return renamed


def _check_scheduler(config: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of another schedule or objective than the samplers have."""
    expected = {
        "num_train_timesteps": 1000,
        "beta_schedule": "squaredcos_cap_v2",
        "prediction_type": "epsilon",
    }
    for key, value in expected.items():
        if config.get(key, value) != value:
            raise ValueError(f"the scheduler's {key} is {config[key]}; only {value} is known")
