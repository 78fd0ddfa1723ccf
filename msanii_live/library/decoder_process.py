"""The decoder of sound files of unknown origin: a program that may crash without the server.

Audio decoders are written in C, and new files that crash them are found every year. So a file from
outside is decoded by a child process with limits on memory and time. It runs as a script and
imports nothing of this package, to start fast.

Usage: decoder_process.py PATH RATE. It writes to standard output one line of JSON, padded to 256
bytes: {"frames": N}, followed by the samples, float32 (frames, 2), or {"refused": "why"}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np
import soundfile
import soxr

MAX_FILE_BYTES = 512 * 2**20
MAX_SECONDS = 600.0
MAX_CHANNELS = 8
RATES = (8_000, 192_000)  # Hz
HEADER_BYTES = 256  # the line before the samples
_BLOCK_FRAMES = 65_536
_MAX_ADDRESS_SPACE = 4 * 2**30  # bytes
_MAX_CPU_SECONDS = 60


class Refused(Exception):
    """The reason why a file is not read, in words that follow its name."""


def read(path: str, rate: int) -> Any:
    """Return float32 (frames, 2) at `rate`, Hz.

    Raises: Refused: it is no sound file, or beyond a limit.
    """
    try:
        size = os.stat(path).st_size
        if size > MAX_FILE_BYTES:
            raise Refused(f"has {size / 2**20:.0f} MiB: at most {MAX_FILE_BYTES // 2**20} are read")
        with soundfile.SoundFile(path) as file:
            _check(file.frames, file.samplerate, file.channels)
            from_rate = int(file.samplerate)
            # In blocks, so that unused channels are never all in memory.
            blocks = [
                np.ascontiguousarray(block[:, :2])
                for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True)
            ]
    except (OSError, soundfile.SoundFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
        raise Refused(f"cannot be read as sound: {reason}") from None
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 2), dtype=np.float32)
    if samples.shape[1] == 1:
        samples = np.repeat(samples, 2, axis=1)
    if not np.isfinite(samples).all():  # one NaN would make the whole mix NaN
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if from_rate != rate:
        samples = soxr.resample(samples, from_rate, rate)
    return np.ascontiguousarray(samples, dtype=np.float32)


def _check(frames: int, rate: int, channels: int) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise Refused(f"has a sample rate of {rate} Hz: {RATES[0]} to {RATES[1]} are read")
    if channels > MAX_CHANNELS:
        raise Refused(f"has {channels} channels: at most {MAX_CHANNELS} are read")
    if frames > MAX_SECONDS * rate:
        raise Refused(
            f"has {frames / rate:.0f} s: at most {MAX_SECONDS:.0f} are read; cut it first"
        )
    if frames <= 0:
        raise Refused("has no samples")


def _set_limits() -> None:
    try:
        import resource
    except ImportError:  # Windows: the timeout of the server is the only limit
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_ADDRESS_SPACE, _MAX_ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no files
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, rate: int) -> None:
    """Write the samples, or the reason why there are none, to standard output."""
    _set_limits()
    samples = np.zeros((0, 2), dtype=np.float32)
    try:
        samples = read(path, rate)
        header: dict[str, object] = {"frames": len(samples)}
    except Refused as refused:
        header = {"refused": str(refused)[: HEADER_BYTES - 32]}
    except MemoryError:
        header = {"refused": "takes too much memory to read"}
    line = json.dumps(header).encode()
    sys.stdout.buffer.write(line[: HEADER_BYTES - 1].ljust(HEADER_BYTES - 1) + b"\n")
    sys.stdout.buffer.write(samples.tobytes())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
