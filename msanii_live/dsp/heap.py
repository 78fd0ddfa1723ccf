"""How the C library's heap returns memory to the system.

By default, glibc keeps blocks as large as the largest that was freed so far, up to 32 MiB, in the
heap of the thread that freed them. Each thread of a server (streams, jobs, the player) then keeps
megabytes of audio that it no longer uses, scattered among small objects that stay, so that memory
grows for hours. Source: glibc's `mallopt(3)`, "dynamic adjustment of the mmap threshold".
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt, from malloc.h
# Of a block from which on it comes from the system, and returns to it: glibc begins with that too.
# With 256 KiB, clips of half a second stayed in the heaps, and an hour's soak grew by 2 %.
_AUDIO_BYTES = 128 * 2**10
# Networks take and free tensors of a few MiB thousands of times a clip: to have each of them from
# the system costs a third more processor time.
_TENSOR_BYTES = 16 * 2**20
# Kept free at the end of each heap meanwhile. Given back at once, the tensors of 4 MiB of a phase
# search cost 8,000 page faults a part: 81 ms instead of 63.
_SPARE_BYTES = 32 * 2**20

_returns_memory = False


def return_memory() -> None:
    """Have freed audio go back to the system at once, for a process that serves for hours.

    Only glibc's heap is set, and not where the user has set it by its environment variables.
    """
    global _returns_memory
    if not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        _returns_memory = _set_thresholds(_AUDIO_BYTES, _AUDIO_BYTES)


def keep_tensors() -> None:
    """Have the memory of tensors reused instead, once networks run in such a process."""
    global _returns_memory
    if _returns_memory:
        _returns_memory = False
        _set_thresholds(_TENSOR_BYTES, _SPARE_BYTES)


def return_spare_memory() -> None:
    """Have what lies free inside glibc's heaps go back to the system, which takes 5 to 20 ms.

    After a hundred clips of the composer 60 to 110 MB lie free between what stays.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def _set_thresholds(mmap_bytes: int, spare_bytes: int) -> bool:
    """Set from which size on blocks come from the system, and how much of a heap's end stays free.

    Returns whether that can be set here.
    """
    if sys.platform != "linux":
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    set_option.argtypes, set_option.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(
        set_option(_MMAP_THRESHOLD, mmap_bytes) and set_option(_TRIM_THRESHOLD, spare_bytes)
    )
