"""What engines that run in torch share: memory, and running out of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from msanii_live.dsp.device import override_precision
from msanii_live.errors import Code, CommandError


def gpu_memory_mb() -> float:
    """Return GPU memory in use, MB; 0 without one."""
    return torch.cuda.memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


def release_memory() -> None:
    """Return unused GPU memory to the device."""
    if torch.cuda.is_available():
        gc.collect()  # a network whose calls are recorded refers to itself
        torch.cuda.empty_cache()


@contextmanager
def inference(dtype: torch.dtype) -> Iterator[None]:
    """Return a context in which networks run without gradients, at a precision.

    Raises: CommandError: EOOM, memory ran out.
    """
    try:
        with torch.inference_mode(), override_precision(dtype):
            yield
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        raise CommandError(
            Code.EOOM, "the GPU is out of memory: ask for a shorter clip, or free an engine"
        ) from None
    except RuntimeError as error:
        if "allocate memory" in str(error):  # how torch says it on a CPU
            raise CommandError(Code.EOOM, "out of memory: ask for a shorter clip") from None
        raise
