"""What engines that run in torch share: memory, and running out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from msanii_live.errors import Code, CommandError
from msanii_live.models.device import taking


def memory_mb() -> float:
    """Return GPU memory in use, MB; 0 without one."""
    return torch.cuda.memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


def give_back() -> None:
    """Give memory back that nothing holds any more."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def inference(dtype: torch.dtype) -> Iterator[None]:
    """Run networks without gradients, at a precision.

    Raises: CommandError: EOOM, the memory does not suffice.
    """
    try:
        with torch.inference_mode(), taking(dtype):
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
