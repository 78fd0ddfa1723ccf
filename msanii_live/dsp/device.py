"""Where models run, and at which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from msanii_live.errors import ConfigError


def pick_device(name: str) -> torch.device:
    """Return the device that `auto`, `cpu`, `cuda` or `mps` means here.

    Raises: ConfigError: a device that this machine lacks.
    """
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda: no CUDA GPU is usable here; try --device auto")
    if name == "mps" and not has_mps:
        raise ConfigError("device is mps: no Metal GPU is usable here; try --device auto")
    return torch.device(name)


def network_dtype(device: torch.device) -> torch.dtype:
    """Return the precision of matrix products: fp16 on a GPU, bf16 on a CPU with it, or fp32."""
    if device.type in ("cuda", "mps"):
        return torch.float16
    native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if native else torch.float32


def precision(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which networks run on a device; norms and exponentials stay float32."""
    dtype = network_dtype(device)
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)
