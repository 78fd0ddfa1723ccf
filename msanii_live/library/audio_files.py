"""Sound files: which are accepted, how they are decoded, and how clips are encoded."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.errors import Code, CommandError
from msanii_live.library import decoder_process

_log = logging.getLogger(__name__)
SAMPLE_RATE = 44_100
SUFFIXES = (".wav", ".flac", ".ogg", ".aiff", ".aif")
DECODER_TIMEOUT = 90.0  # s, of the decoder process
DECODER = (sys.executable, "-P", str(Path(decoder_process.__file__)))
_BLOCK_FRAMES = 65_536
# FLOAT keeps every sample bit for bit; FLAC has only integers.
_SUBTYPES = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24")}


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return the same audio at another rate. samples: float32 (frames, channels); rates: Hz."""
    if from_rate == to_rate:
        return samples
    return np.ascontiguousarray(soxr.resample(samples, from_rate, to_rate), dtype=np.float32)


def decode_untrusted(path: Path, shown: str) -> Samples:
    """Decode a file of unknown origin in a process of its own; see `decoder_process`.

    shown: its name in error texts. Returns float32 (frames, 2) at 44,100 Hz.
    Raises: CommandError: EPATH, it is no sound file, beyond a limit, or crashed the decoder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(Code.EPATH, f"{shown} is none of {', '.join(SUFFIXES)}")
    try:
        child = subprocess.run(
            [*DECODER, str(path), str(SAMPLE_RATE)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=DECODER_TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CommandError(Code.EPATH, f"{shown} took too long to decode") from None
    except OSError as error:
        raise CommandError(Code.EPATH, f"{shown} cannot be decoded: {error.strerror}") from None
    try:
        header = json.loads(child.stdout[: decoder_process.HEADER_BYTES])
        samples = np.frombuffer(
            child.stdout, np.float32, offset=decoder_process.HEADER_BYTES
        ).reshape(-1, 2)
    except ValueError:
        header, samples = {}, np.zeros((0, 2), dtype=np.float32)
    if "refused" in header:
        raise CommandError(Code.EPATH, f"{shown} {header['refused']}")
    if child.returncode != 0 or header.get("frames") != len(samples):
        _log.warning("the decoder of %s ended with %d: %s", shown, child.returncode,
                     child.stderr[-2_000:].decode("utf-8", "replace"))  # fmt: skip
        raise CommandError(Code.EPATH, f"{shown} cannot be read as sound: it made the decoder fail")
    return samples


def read_audio(path: Path, shown: str, rate: int, channels: int) -> Samples:
    """Read a sound file as float32 (frames, channels) at `rate`, Hz; bit for bit at its own rate.

    shown: its name in error texts.

    Raises: CommandError: EPATH, it cannot be read.
    """
    try:
        with soundfile.SoundFile(str(path)) as file:
            file_rate = int(file.samplerate)
            # In blocks, so that unused channels are never all in memory.
            blocks = [
                np.ascontiguousarray(block[:, :channels])
                for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True)
            ]
    except (OSError, soundfile.SoundFileError) as error:
        raise _read_error(shown, error) from None
    samples = np.concatenate(blocks) if blocks else np.zeros((0, channels), dtype=np.float32)
    if not np.isfinite(samples).all():  # one NaN would make the whole mix NaN
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if channels == 2:
        samples = as_stereo(samples)
    return resample(samples, file_rate, rate)


def encode_audio(clip: Clip, suffix: str) -> memoryview:
    """Return the bytes of a sound file. suffix: .wav (32-bit float) or .flac (24 bits).

    It is encoded in memory because libsndfile does not report a full disk as an OSError.
    """
    container, subtype = _SUBTYPES[suffix]
    buffer = io.BytesIO()
    soundfile.write(buffer, clip.samples, clip.info.sample_rate, format=container, subtype=subtype)
    return buffer.getbuffer()


def _read_error(shown: str, error: Exception) -> CommandError:
    reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
    return CommandError(Code.EPATH, f"{shown} cannot be read as sound: {reason}")
