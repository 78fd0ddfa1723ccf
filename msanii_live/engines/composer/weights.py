"""The composer's weights: one safetensors file with the network's sizes and its tables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors

from msanii_live.engines.composer.network import ComposerNet, NetworkConfig

FORMAT = "msanii-live/composer/1"


@dataclass(frozen=True)
class Composer:
    """A trained network and the tables that were learnt from the same pieces.

    tables: JSON values; "plans" are what `plans.Plans` reads, "bias" is taken off the logits of
    each part's onsets when sampling.
    """

    net: ComposerNet
    tables: Mapping[str, Any] = field(default_factory=dict)


def write_weights(path: Path, composer: Composer) -> None:
    """Write matrices as float16, all else as float32; the file appears whole or not at all."""
    state = {
        name: (value.half() if value.ndim >= 2 else value.float()).contiguous()
        for name, value in composer.net.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "config": json.dumps(asdict(composer.net.config)),
        "tables": json.dumps(composer.tables, separators=(",", ":")),
    }
    part = path.with_suffix(".part")
    part.write_bytes(save_safetensors(state, metadata=metadata))
    os.replace(part, path)


def read_weights(path: Path) -> Composer:
    """Read a network, float32 and ready to sample, and its tables.

    Raises: FileNotFoundError; ValueError: the file is damaged, of another format, or does not fit
    its own configuration.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is cut short or damaged: {error}") from None
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "none")
        raise ValueError(f"{path} has format {found!r}, not the composer's {FORMAT!r}")
    try:
        config = json.loads(metadata["config"])
        net = ComposerNet(NetworkConfig(**config | {"styles": tuple(config["styles"])}))
        net.load_state_dict(state)
        tables = json.loads(metadata.get("tables", "{}"))
    except (KeyError, TypeError, RuntimeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} does not fit its own configuration: {error}") from None
    return Composer(net.eval().requires_grad_(False), tables)


def parameters(net: torch.nn.Module) -> int:
    """Return how many numbers a network has."""
    return sum(each.numel() for each in net.parameters())
