"""Numbers that the audio host shows all the time, and the sound it keeps: arrays, shared or not."""

from __future__ import annotations

import contextlib
from enum import IntEnum
from multiprocessing import shared_memory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from msanii_live.audio import Samples

HISTORY_SECONDS = 60.0  # seconds of output and of input that can be looked back on
_EDGE = 8_192  # frames next to be overwritten, which a reader must not trust


class HostStat(IntEnum):
    """Name the numbers; all are whole. Times are of `time.monotonic_ns`."""

    RENDERED = 0  # first frame that is not yet rendered
    ORIGIN_NS = 1  # when frame 0 was, or would have been, heard
    RATE = 2  # frames a second
    BLOCK_FRAMES = 3  # frames that the device takes at once
    RING_FRAMES = 4  # frames rendered ahead at most
    LATENCY_NS = 5  # ns from the device's callback to the ear, as the device says
    UNDERFLOWS = 6  # blocks that the device reports as lost
    UNDERRUNS = 7  # times that the ring ran empty
    LOST_FRAMES = 8  # frames that were due while it was empty
    MIN_FILL = 9  # frames: the emptiest that the ring has been
    HEARTBEAT = 10  # when the host last looked round
    CAPTURED = 11  # frames taken from the input
    REALTIME = 12  # 1: the host has real-time priority


HostStats = NDArray[np.int64]


class SharedArray:
    """Hold an array of zeros, in shared memory where another process is to see it."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, *, shared: bool, name: str = "") -> None:
        """Make it, or with a name attach to the one that another process made."""
        self.shape = shape
        self._memory: shared_memory.SharedMemory | None = None
        self._owner = shared and not name
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if shared:
            self._memory = shared_memory.SharedMemory(
                name=name or None, create=not name, size=max(count, 1)
            )
        buffer = self._memory.buf if self._memory else None
        self.array: NDArray[Any] = np.ndarray(shape, dtype, buffer=buffer)
        if not name:
            self.array[...] = 0

    @property
    def name(self) -> str:
        """By which another process attaches; empty where it cannot."""
        return self._memory.name if self._memory else ""

    def close(self) -> None:
        """Give the memory back, as soon as no one looks at it; harmless when that was done."""
        self.array = np.zeros((0,) * len(self.shape), dtype=self.array.dtype)
        if self._memory is None:
            return
        if self._owner:
            with contextlib.suppress(FileNotFoundError):
                self._memory.unlink()
            self._owner = False
        try:
            self._memory.close()
        except BufferError:  # a view is still out there: the memory goes when it does
            _released_later.append(self._memory)
        self._memory = None
        for memory in _released_later[:]:
            with contextlib.suppress(BufferError):
                memory.close()
                _released_later.remove(memory)


_released_later: list[shared_memory.SharedMemory] = []


class RingBuffer:
    """Keep the last frames of a signal; one writes, and whoever likes reads."""

    def __init__(self, ring: Samples) -> None:
        """Take the memory. ring: float32 (frames, 2)."""
        self._ring = ring

    def write(self, position: int, block: Samples) -> None:
        """Put frames in at an absolute place."""
        size = len(self._ring)
        block = block[-size:]
        first = position % size
        head = min(len(block), size - first)
        self._ring[first : first + head] = block[:head]
        self._ring[: len(block) - head] = block[head:]

    def reach(self, written: int) -> int:
        """Return the earliest frame that may be read while `written` frames have been put in."""
        return max(0, written - max(len(self._ring) - _EDGE, 0))

    def read(self, first: int, last: int, written: int) -> Samples:
        """Return frames [first, last) of those still kept: float32 (up to last - first, 2)."""
        first, last = max(first, self.reach(written)), min(last, written)
        return self._ring[np.arange(first, max(first, last)) % len(self._ring)]
