"""Decode a sound file that somebody else made: a program of its own, which may crash alone.

Decoders of audio formats are C, and files that crash them are found every year. So a file from
outside is decoded by a child process within bounds of memory and time: whatever it does, the server
goes on. It is run as a script and imports nothing of this package, since each millisecond of its
start is waited for.

Usage: decoding.py PATH RATE. Standard output: one line of JSON padded to 256 bytes, {"frames": N}
and then float32 (frames, 2), or {"refused": "why"}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np
import soundfile
import soxr

MOST_BYTES = 512 * 2**20
LONGEST = 600.0  # seconds
MOST_CHANNELS = 8
RATES = (8_000, 192_000)  # Hz
HEADER = 256  # bytes of the line before the samples
_BLOCK = 65_536
_MEMORY = 4 * 2**30  # bytes of address space
_SECONDS = 60  # of processor time


class Refused(Exception):
    """Say why a file is not taken, in words that follow its name."""


def read(path: str, rate: int) -> Any:
    """Return float32 (frames, 2) at `rate`, Hz. Raises: Refused: no sound, or beyond a limit."""
    try:
        size = os.stat(path).st_size
        if size > MOST_BYTES:
            raise Refused(f"has {size / 2**20:.0f} MiB: at most {MOST_BYTES // 2**20} are read")
        with soundfile.SoundFile(path) as file:
            _check(file.frames, file.samplerate, file.channels)
            from_rate = int(file.samplerate)
            # In blocks, so that channels nobody wants are never all in memory.
            blocks = [
                np.ascontiguousarray(block[:, :2])
                for block in file.blocks(_BLOCK, dtype="float32", always_2d=True)
            ]
    except (OSError, soundfile.SoundFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
        raise Refused(f"cannot be read as sound: {reason}") from None
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 2), dtype=np.float32)
    if samples.shape[1] == 1:
        samples = np.repeat(samples, 2, axis=1)
    if not np.isfinite(samples).all():  # one NaN would silence everything that plays beside it
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if from_rate != rate:
        samples = soxr.resample(samples, from_rate, rate)
    return np.ascontiguousarray(samples, dtype=np.float32)


def _check(frames: int, rate: int, channels: int) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise Refused(f"has a sample rate of {rate} Hz: {RATES[0]} to {RATES[1]} are read")
    if channels > MOST_CHANNELS:
        raise Refused(f"has {channels} channels: at most {MOST_CHANNELS} are read")
    if frames > LONGEST * rate:
        raise Refused(f"has {frames / rate:.0f} s: at most {LONGEST:.0f} are read; cut it first")
    if frames <= 0:
        raise Refused("has no samples")


def _set_limits() -> None:
    try:
        import resource
    except ImportError:  # Windows: the time-out of whoever waits is the bound
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, rate: int) -> None:
    """Write what was read, or why it was not, to standard output."""
    _set_limits()
    samples = np.zeros((0, 2), dtype=np.float32)
    try:
        samples = read(path, rate)
        told: dict[str, object] = {"frames": len(samples)}
    except Refused as refused:
        told = {"refused": str(refused)[: HEADER - 32]}
    except MemoryError:
        told = {"refused": "takes too much memory to read"}
    line = json.dumps(told).encode()
    sys.stdout.buffer.write(line[: HEADER - 1].ljust(HEADER - 1) + b"\n")
    sys.stdout.buffer.write(samples.tobytes())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
