"""Files of weights: one safetensors file with the network's sizes and its features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors

from msanii_live.dsp.mel import MelSpec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# What reading a file can raise that is missing, truncated or of another format.
READ_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError)


def write(
    path: Path,
    form: str,
    state: Mapping[str, torch.Tensor],
    config: DataclassInstance,
    spec: MelSpec,
    **exact: torch.Tensor,
) -> None:
    """Write a network, matrices as float16 and all else as float32; it appears whole.

    form: the format's name and version. state: the network's state dict. exact: tensors stored
    unchanged.
    """
    tensors = {name: v.half() if v.ndim >= 2 else v.float() for name, v in state.items()} | exact
    metadata = {
        "format": form,
        "config": json.dumps(asdict(config)),
        "spec": json.dumps(asdict(spec)),
    }
    content = save_safetensors({k: v.contiguous() for k, v in tensors.items()}, metadata=metadata)
    part = path.with_name(path.name + ".part")  # a server may read the file while training goes on
    part.write_bytes(content)
    part.replace(path)


def read(
    path: Path, form: str, what: str, *older: str
) -> tuple[dict[str, torch.Tensor], dict[str, Any], MelSpec]:
    """Return the tensors as float32, the network's configuration and its mel parameters.

    what: what a file of another format is not, for the error text. older: formats that are read
    the same way. Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is cut short or damaged: {error}") from None
    if metadata.get("format") not in (form, *older):
        raise ValueError(f"{path} is {what} of msanii-live")
    return tensors, json.loads(metadata["config"]), MelSpec(**json.loads(metadata["spec"]))
