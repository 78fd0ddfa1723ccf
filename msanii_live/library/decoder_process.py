"""The decoder of sound files of unknown origin: a program that may crash without the server.

Audio decoders are written in C, and new files that crash them are found every year. So a file from
outside is decoded by a child process with limits on memory and time. It runs as a script and
imports nothing of this package, to start fast.

Usage: decoder_process.py PATH RATE. It writes to standard output one line of JSON, padded to 1,024
bytes: {"frames": N, "warnings": [...]}, followed by the samples, float32 (frames, 2), or
{"refused": "why"}.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

MAX_FILE_BYTES = 512 * 2**20
MAX_SECONDS = 600.0
MAX_CHANNELS = 8
RATES = (8_000, 192_000)  # Hz
HEADER_BYTES = 1_024  # the line before the samples
_BLOCK_FRAMES = 65_536
_MAX_ADDRESS_SPACE = 4 * 2**30  # bytes
_MAX_CPU_SECONDS = 60
_MAX_CHUNKS = 1_000
_STREAMED_LENGTH = 0x7FFF_F000  # programs that do not know a length declare this or more
_UNKNOWN_LENGTH = struct.pack("<I", 0xFFFFFFFF)  # libsndfile then reads to the end of the file
_MIN_HIDDEN_BYTES = 1_024  # after the declared end of a WAV's data, to be taken for audio
# A float file beyond this was written with the values of integers.
_MAX_FLOAT_PEAK = 16.0
_INTEGER_SCALES = (2.0**7, 2.0**15, 2.0**23, 2.0**31)
# Gains of ITU-R BS.775-3, table 2, for the channel orders of WAVE_FORMAT_EXTENSIBLE. Back and side
# channels go to their side at -3 dB, the low-frequency channel is left out, as there.
_C, _B = 0.5**0.5, 0.5
_DOWNMIX = {
    3: ((1, 0, _C), (0, 1, _C)),
    4: ((1, 0, _C, 0), (0, 1, 0, _C)),
    5: ((1, 0, _C, _C, 0), (0, 1, _C, 0, _C)),
    6: ((1, 0, _C, 0, _C, 0), (0, 1, _C, 0, 0, _C)),
    7: ((1, 0, _C, 0, _B, _C, 0), (0, 1, _C, 0, _B, 0, _C)),
    8: ((1, 0, _C, 0, _C, 0, _C, 0), (0, 1, _C, 0, 0, _C, 0, _C)),
}


class Refused(Exception):
    """The reason why a file is not read, in words that follow its name."""


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """A sound file that is read to its end, whatever length its header declares."""

    def seekable(self) -> bool:
        """Return False: python-soundfile then neither trusts the length nor seeks."""
        return False


class _Overlay:
    """A file that is read with some bytes replaced. Only what libsndfile calls is here."""

    def __init__(self, file: BinaryIO, offset: int, replacement: bytes) -> None:
        self._file = file
        self._offset = offset
        self._replacement = replacement

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        start = self._file.tell()
        block = bytearray(self._file.read(size))
        for i, value in enumerate(self._replacement, self._offset - start):
            if 0 <= i < len(block):
                block[i] = value
        return bytes(block)


def read(path: str, rate: int) -> tuple[Any, list[str]]:
    """Return float32 (frames, 2) at `rate`, Hz, and warnings that follow the file's name.

    Raises: Refused: it is no sound file, or beyond a limit.
    """
    warnings: list[str] = []
    try:
        size = os.stat(path).st_size
        if size > MAX_FILE_BYTES:
            raise Refused(f"has {size / 2**20:.0f} MiB: at most {MAX_FILE_BYTES // 2**20} are read")
        wrong, missing = _find_wrong_length(path, size)
        if wrong is not None:
            warnings.append("declares a wrong length: it was read to its end")
        if missing:
            warnings.append(f"is cut short: {missing} of the bytes that it declares are missing")
        with open(path, "rb") as opened:
            # Without a name, so that the format is found from the content alone.
            source = (
                os.dup(opened.fileno())
                if wrong is None
                else _Overlay(opened, wrong, _UNKNOWN_LENGTH)
            )
            with _Stream(source) as file:
                _check(file.samplerate, file.channels)
                from_rate, channels = int(file.samplerate), int(file.channels)
                samples = _read_blocks(file, from_rate)
    except (OSError, soundfile.SoundFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
        raise Refused(f"cannot be read as sound: {reason}") from None
    if channels > 2:
        warnings.append(f"has {channels} channels: they were mixed down to stereo")
    if not np.isfinite(samples).all():  # one NaN would make the whole mix NaN
        warnings.append("has samples that are no numbers: they are silent")
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    samples = _scale(samples, warnings)
    if from_rate != rate:
        samples = soxr.resample(samples, from_rate, rate)
    return np.ascontiguousarray(samples, dtype=np.float32), warnings


def _read_blocks(file: soundfile.SoundFile, rate: int) -> Any:
    """Return all samples as stereo: float32 (frames, 2). In blocks, so that unused channels are
    never all in memory.
    """
    blocks, frames = [], 0
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        frames += len(block)
        if frames > MAX_SECONDS * rate:
            raise Refused(
                f"has more than {MAX_SECONDS:.0f} s, which is the most that is read; cut it first"
            )
        blocks.append(_to_stereo(block))
        if len(block) < _BLOCK_FRAMES:
            break
    if not blocks:
        raise Refused("has no samples")
    return np.concatenate(blocks)


def _to_stereo(block: Any) -> Any:
    """Return a block of any number of channels as two."""
    channels = block.shape[1]
    if channels == 1:
        return np.repeat(block, 2, axis=1)
    if channels == 2:
        return block
    return block @ np.array(_DOWNMIX[channels], dtype=np.float32).T


def _scale(samples: Any, warnings: list[str]) -> Any:
    """Return samples within full scale; what is beyond is scaled as a whole, with a warning."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak <= 1.0:
        return samples
    scale = peak
    if peak > _MAX_FLOAT_PEAK:
        scale = next((s for s in _INTEGER_SCALES if peak <= s), peak)
    decibels = 20 * np.log10(peak), 20 * np.log10(scale)
    warnings.append(
        f"peaks {decibels[0]:.1f} dB above full scale: it was lowered by {decibels[1]:.1f} dB"
    )
    return np.asarray(samples / scale, dtype=np.float32)


def _find_wrong_length(path: str, size: int) -> tuple[int | None, int]:
    """Return where a WAV declares too little data, None if it does not, and the bytes it lacks.

    A recorder that was not ended leaves a length of 0, or one from before the last samples. A
    length beyond the end of the file means that it is cut short, or unknown if it is very large.
    """
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None, 0
        for _ in range(_MAX_CHUNKS):
            chunk = file.read(8)
            if len(chunk) < 8:
                return None, 0
            name, length = chunk[:4], struct.unpack("<I", chunk[4:])[0]
            start = file.tell()
            if name == b"data":
                end = start + length + length % 2
                file.seek(end)
                hidden = file.read(_MIN_HIDDEN_BYTES)
                is_audio = len(hidden) == _MIN_HIDDEN_BYTES and any(hidden)
                # A recorder's empty data is followed by audio, however little.
                is_audio = is_audio or (length == 0 and any(hidden))
                if end < size and is_audio and not _is_chunk(hidden, size - end):
                    return start - 4, 0
                return None, max(start + length - size, 0) if length < _STREAMED_LENGTH else 0
            file.seek(start + length + length % 2)
    return None, 0


def _is_chunk(block: bytes, room: int) -> bool:
    """Return whether a chunk of at most `room` bytes, its header included, can begin here."""
    if len(block) < 8:
        return False
    (length,) = struct.unpack("<I", block[4:8])
    return all(32 <= byte < 127 for byte in block[:4]) and length + 8 <= room + 1


def _check(rate: int, channels: int) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise Refused(f"has a sample rate of {rate} Hz: {RATES[0]} to {RATES[1]} are read")
    if channels > MAX_CHANNELS:
        raise Refused(f"has {channels} channels: at most {MAX_CHANNELS} are read")


def _set_limits() -> None:
    try:
        import resource
    except ImportError:  # Windows: the timeout of the server is the only limit
        return
    for kind, limit in (
        (resource.RLIMIT_AS, _MAX_ADDRESS_SPACE),
        (resource.RLIMIT_CPU, _MAX_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),  # it writes no files
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]  # the user may have set a lower one, which nobody raises
        lowest = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (lowest, lowest))


def main(path: str, rate: int) -> None:
    """Write the samples, or the reason why there are none, to standard output."""
    _set_limits()
    samples = np.zeros((0, 2), dtype=np.float32)
    try:
        samples, warnings = read(path, rate)
        header: dict[str, object] = {"frames": len(samples), "warnings": warnings}
    except Refused as refused:
        header = {"refused": str(refused)[:200]}
    except MemoryError:
        header = {"refused": "takes too much memory to read"}
    line = json.dumps(header).encode()
    sys.stdout.buffer.write(line[: HEADER_BYTES - 1].ljust(HEADER_BYTES - 1) + b"\n")
    sys.stdout.buffer.write(samples.tobytes())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
