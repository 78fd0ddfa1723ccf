"""What the audio host shares with the server: its statistics and the audio of the last minute."""

from __future__ import annotations

import contextlib
from enum import IntEnum
from multiprocessing import shared_memory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from msanii_live.audio import Samples

HISTORY_SECONDS = 60.0  # of output and of input that are kept
_GUARD_FRAMES = 8_192  # next to be overwritten: a reader must not use them


class HostStat(IntEnum):
    """The index of each number that the host publishes. All are whole; times are monotonic ns."""

    RENDERED = 0  # the first frame that is not yet rendered
    ORIGIN_NS = 1  # when frame 0 was, or would have been, heard
    RATE = 2  # frames per second
    BLOCK_FRAMES = 3  # frames that the device takes at once
    RING_FRAMES = 4  # frames rendered ahead at most
    LATENCY_NS = 5  # from the device's callback to the ear, as the device reports it
    UNDERFLOWS = 6  # blocks that the device reports as lost
    UNDERRUNS = 7  # times that the ring ran empty
    LOST_FRAMES = 8  # frames that were due while the ring was empty
    MIN_FILL = 9  # the lowest fill of the ring so far, frames
    HEARTBEAT = 10  # time of the last turn of the host's loop
    CAPTURED = 11  # frames taken from the input
    REALTIME = 12  # 1: the host has real-time priority
    INPUT_ORIGIN_NS = 13  # when frame 0 of the input came in, or would have; 0 without input


HostStats = NDArray[np.int64]


class SharedArray:
    """An array that starts as zeros; in shared memory if another process must see it."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, *, shared: bool, name: str = "") -> None:
        """Allocate the array, or attach to the shared array with a name."""
        self.shape = shape
        self._memory: shared_memory.SharedMemory | None = None
        self._owner = shared and not name
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if shared:
            self._memory = shared_memory.SharedMemory(
                name=name or None, create=not name, size=max(size, 1)
            )
            # `frombuffer` keeps the memory mapped while a view exists; `ndarray(buffer=)` does not.
            buffer = self._memory.buf
            assert buffer is not None
            array = np.frombuffer(buffer, dtype, count=int(np.prod(shape)))
            self.array: NDArray[Any] = array.reshape(shape)
        else:
            self.array = np.zeros(shape, dtype)
        if not name:
            self.array[...] = 0

    @property
    def name(self) -> str:
        """The name by which another process attaches; empty if it is not shared."""
        return self._memory.name if self._memory else ""

    def close(self) -> None:
        """Free the memory once nothing uses it. Closing twice is harmless."""
        self.array = np.zeros((0,) * len(self.shape), dtype=self.array.dtype)
        if self._memory is None:
            return
        if self._owner:
            with contextlib.suppress(FileNotFoundError):
                self._memory.unlink()
            self._owner = False
        try:
            self._memory.close()
        except BufferError:  # a view still exists: try again at the next close
            _unclosed.append(self._memory)
        self._memory = None
        for memory in _unclosed[:]:
            with contextlib.suppress(BufferError):
                memory.close()
                _unclosed.remove(memory)


_unclosed: list[shared_memory.SharedMemory] = []


class RingBuffer:
    """The last frames of a signal, for one writer and any number of readers."""

    def __init__(self, ring: Samples) -> None:
        """Use an array as the ring. ring: float32 (frames, 2)."""
        self._ring = ring

    def copy(self) -> RingBuffer:
        """Return a copy that does not use the same memory."""
        return RingBuffer(self._ring.copy())

    def write(self, position: int, block: Samples) -> None:
        """Write frames. position: absolute, of the first. block: float32 (frames, 2)."""
        size = len(self._ring)
        skipped = max(0, len(block) - size)  # of a block longer than the ring
        position, block = position + skipped, block[skipped:]
        first = position % size
        head = min(len(block), size - first)
        self._ring[first : first + head] = block[:head]
        self._ring[: len(block) - head] = block[head:]

    def earliest(self, written: int) -> int:
        """Return the first frame that may still be read. written: frames written so far."""
        return max(0, written - max(len(self._ring) - _GUARD_FRAMES, 0))

    def read(self, first: int, last: int, written: int) -> Samples:
        """Return frames [first, last), as far as they are kept: float32 (up to last - first, 2)."""
        first, last = max(first, self.earliest(written)), min(last, written)
        return self._ring[np.arange(first, max(first, last)) % len(self._ring)]
