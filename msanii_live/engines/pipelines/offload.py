"""Parts of a model that wait in the computer's memory: for GPUs that cannot hold the whole."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch

from msanii_live.engines.base import OffloadMode
from msanii_live.errors import ConfigError

GPUS = ("cuda", "mps")
BY_NUMBER = ("MusicLDMPipeline",)  # pipelines that take the number of a CUDA GPU, not a device
# Parts whose weights are read outside their layers' own calls, which brings none of them back.
WHOLE = ("vae", "condition_encoder")


def check_offload(mode: OffloadMode, device: torch.device) -> None:
    """Check that parts can wait elsewhere. Raises: ConfigError: no GPU, or no accelerate."""
    if mode == "none":
        return
    if device.type not in GPUS:
        raise ConfigError(
            f"offload is {mode}: it needs a GPU, and models run on the {device.type} here; "
            "leave --offload out"
        )
    if importlib.util.find_spec("accelerate") is None:
        raise ConfigError(
            f"offload is {mode}: it needs accelerate, which is missing: "
            "pip install 'msanii-live[pipelines]'"
        )


def place(pipe: Any, device: torch.device, mode: OffloadMode) -> None:
    """Move a pipeline to a device, whole or part by part when each is used.

    model: one network at a time is on the device. sequential: one layer at a time, which takes
    many times as long, but for the autoencoder, which stays there.
    """
    if mode == "model" and type(pipe).__name__ in BY_NUMBER:
        pipe.enable_model_cpu_offload(gpu_id=device.index or 0)
    elif mode == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif mode == "sequential":
        pipe._exclude_from_cpu_offload = [n for n in WHOLE if n in pipe.components]
        pipe.enable_sequential_cpu_offload(device=device)
    else:
        pipe.to(device)
