"""Sound files as samples and back: what may come in, and how clips are written."""

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
DECODER_TIMEOUT = 90.0  # seconds that the decoder of a foreign file may take
DECODER = (sys.executable, "-P", str(Path(decoder_process.__file__)))
_BLOCK = 65_536
# FLOAT keeps every sample bit for bit, which 24-bit integers would not; FLAC has integers only.
_SUBTYPES = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24")}


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return the same audio at another rate. samples: float32 (frames, channels); rates: Hz."""
    if from_rate == to_rate:
        return samples
    return np.ascontiguousarray(soxr.resample(samples, from_rate, to_rate), dtype=np.float32)


def decode_untrusted(path: Path, shown: str) -> Samples:
    """Read a file that somebody else made, in a process of its own; see `decoding`.

    shown: how errors call it. Returns float32 (frames, 2) at 44,100 Hz.
    Raises: CommandError: EPATH, it is no sound file, beyond a limit, or has crashed the decoder.
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
        told = json.loads(child.stdout[: decoder_process.HEADER])
        samples = np.frombuffer(child.stdout, np.float32, offset=decoder_process.HEADER).reshape(
            -1, 2
        )
    except ValueError:
        told, samples = {}, np.zeros((0, 2), dtype=np.float32)
    if "refused" in told:
        raise CommandError(Code.EPATH, f"{shown} {told['refused']}")
    if child.returncode != 0 or told.get("frames") != len(samples):
        _log.warning("the decoder of %s ended with %d: %s", shown, child.returncode,
                     child.stderr[-2_000:].decode("utf-8", "replace"))  # fmt: skip
        raise CommandError(Code.EPATH, f"{shown} cannot be read as sound: it made the decoder fail")
    return samples


def read_audio(path: Path, shown: str, rate: int, channels: int) -> Samples:
    """Read a sound file as float32 (frames, channels) at `rate`, Hz; what fits is left bit for bit.

    Raises: CommandError: EPATH, it cannot be read.
    """
    try:
        with soundfile.SoundFile(str(path)) as file:
            file_rate = int(file.samplerate)
            # In blocks, so that channels nobody wants are never all in memory.
            blocks = [
                np.ascontiguousarray(block[:, :channels])
                for block in file.blocks(_BLOCK, dtype="float32", always_2d=True)
            ]
    except (OSError, soundfile.SoundFileError) as error:
        raise _unreadable(shown, error) from None
    samples = np.concatenate(blocks) if blocks else np.zeros((0, channels), dtype=np.float32)
    if not np.isfinite(samples).all():  # one NaN would silence everything that plays beside it
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if channels == 2:
        samples = as_stereo(samples)
    return resample(samples, file_rate, rate)


def encode_audio(clip: Clip, suffix: str) -> memoryview:
    """Return a whole sound file. suffix: .wav (32-bit float) or .flac (24 bits).

    Encoding in memory lets a full disk be the plain OSError it is; through libsndfile it is not.
    """
    container, subtype = _SUBTYPES[suffix]
    buffer = io.BytesIO()
    soundfile.write(buffer, clip.samples, clip.info.sample_rate, format=container, subtype=subtype)
    return buffer.getbuffer()


def _unreadable(shown: str, error: Exception) -> CommandError:
    reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
    return CommandError(Code.EPATH, f"{shown} cannot be read as sound: {reason}")
