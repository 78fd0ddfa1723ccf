"""The transcriber's weights: one safetensors file with the network's sizes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_safetensors

from msanii_live.transcription.network import Transcriber, TranscriberConfig

FORMAT = "msanii-live/transcriber/1"
WEIGHTS = "transcriber.safetensors"
SHIPPED = Path(__file__).parent.parent / "weights" / WEIGHTS


def save(path: Path, net: Transcriber) -> None:
    """Write matrices as float16, all else as float32; the file appears whole or not at all."""
    state = {
        name: (value.half() if value.ndim >= 2 else value.float()).contiguous()
        for name, value in net.state_dict().items()
    }
    metadata = {"format": FORMAT, "config": json.dumps(asdict(net.config))}
    part = path.with_name(path.name + ".part")
    part.write_bytes(save_safetensors(state, metadata=metadata))
    part.replace(path)


def load(path: Path) -> Transcriber:
    """Read a network, float32 and ready to listen.

    Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state: dict[str, torch.Tensor] = {
                name: file.get_tensor(name).float()
                for name in file.keys()  # noqa: SIM118
            }
    except SafetensorError as error:
        raise ValueError(f"{path} is cut short or damaged: {error}") from None
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is no transcriber of msanii-live")
    try:
        net = Transcriber(TranscriberConfig(**json.loads(metadata["config"])))
        net.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} does not fit its own configuration: {error}") from None
    return net.eval().requires_grad_(False)
