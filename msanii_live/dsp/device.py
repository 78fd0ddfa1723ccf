"""Where models run, and at which precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

import torch

from msanii_live.dsp import cpu_precision
from msanii_live.dsp.heap import keep_tensors
from msanii_live.dsp.thread_limit import apply_limit
from msanii_live.errors import ConfigError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

_precision_override: ContextVar[torch.dtype | None] = ContextVar(
    "_precision_override", default=None
)


def pick_device(name: str) -> torch.device:
    """Return the device that `auto`, `cpu`, `cuda` or `mps` means here.

    The limit of `limit_threads` is applied first, and memory is set to be reused, because every
    engine comes by here to load.
    Raises: ConfigError: a device that this machine lacks.
    """
    apply_limit()
    keep_tensors()
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda: no CUDA GPU is usable here; try --device auto")
    if name == "mps" and not has_mps:
        raise ConfigError("device is mps: no Metal GPU is usable here; try --device auto")
    try:
        return torch.device(name)
    except RuntimeError:
        raise ConfigError(f"device is {name}: it must be auto, cpu, cuda or mps") from None


def network_dtype(device: torch.device, name: str = "auto") -> torch.dtype:
    """Return the precision of matrix products on a device.

    name: `auto`, `fp32`, `bf16` or `fp16`. auto is fp16 on a GPU, and on a CPU the faster of fp32
    and bf16, which is measured where it is not yet known.
    Raises: ConfigError: a precision that the device lacks.
    """
    if name == "auto":
        if device.type != "cpu":
            return torch.float16
        faster = cpu_precision.timings().faster if cpu_precision.has_bf16() else "fp32"
        return DTYPES[faster]
    if name == "fp16" and device.type == "cpu":
        raise ConfigError(
            "precision is fp16: on a CPU that is hundreds of times slower than fp32; "
            "try --precision auto, or --device cuda"
        )
    if name == "bf16" and not _has_bf16(device):
        raise ConfigError(
            f"precision is bf16: this {device.type} device has none; try --precision auto"
        )
    return DTYPES[name]


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "mps":
        return bool(torch.backends.mps.is_macos_or_newer(14, 0))
    return cpu_precision.has_bf16()


def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a precision in settings, sidecars and replies.

    >>> dtype_name(torch.bfloat16)
    'bf16'
    """
    return next(name for name, other in DTYPES.items() if other == dtype)


@contextmanager
def override_precision(dtype: torch.dtype) -> Iterator[None]:
    """Make `precision` use this dtype in this thread and context."""
    token = _precision_override.set(dtype)
    try:
        yield
    finally:
        _precision_override.reset(token)


def precision(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which networks run on a device; norms and exponentials stay float32.

    The precision is that of `override_precision`, and outside it that of `auto`.
    """
    return _autocast(device, chosen_dtype(device))


def chosen_dtype(device: torch.device) -> torch.dtype:
    """Return the precision of matrix products in `precision`."""
    return _precision_override.get() or network_dtype(device)


def training_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which networks are trained: bf16, or fp32 on a CPU where it is faster.

    Not fp16, whose gradients vanish unless the loss is scaled.
    """
    return _autocast(device, network_dtype(device) if device.type == "cpu" else torch.bfloat16)


def _autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)
