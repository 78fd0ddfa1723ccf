"""Sound files as samples and back: what may come in, and how clips are written."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.errors import Code, CommandError

RATE = 44_100
SUFFIXES = (".wav", ".flac", ".ogg", ".aiff", ".aif")
MOST_BYTES = 512 * 2**20
LONGEST = 600.0
MOST_CHANNELS = 8
RATES = (8_000, 192_000)
_BLOCK = 65_536
# FLOAT keeps every sample bit for bit, which 24-bit integers would not; FLAC has integers only.
_SUBTYPES = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24")}


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return the same audio at another rate. samples: float32 (frames, channels); rates: Hz."""
    if from_rate == to_rate:
        return samples
    return np.ascontiguousarray(soxr.resample(samples, from_rate, to_rate), dtype=np.float32)


def read_foreign(path: Path, shown: str) -> Samples:
    """Read a file that somebody else made, once it is known to be of bearable size.

    shown: how errors call it. Returns float32 (frames, 2) at 44,100 Hz.
    Raises: CommandError: EPATH, it is no sound file or beyond a limit.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(Code.EPATH, f"{shown} is none of {', '.join(SUFFIXES)}")
    _check_limits(path, shown)
    return decode(path, shown, RATE, 2)


def _check_limits(path: Path, shown: str) -> None:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise CommandError(
                Code.EPATH,
                f"{shown} has {size / 2**20:.0f} MiB: at most {MOST_BYTES // 2**20} are read",
            )
        header = soundfile.info(str(path))
    except (OSError, soundfile.SoundFileError) as error:
        raise _unreadable(shown, error) from None
    seconds = header.frames / max(header.samplerate, 1)
    if not RATES[0] <= header.samplerate <= RATES[1]:
        wrong = f"a sample rate of {header.samplerate} Hz: {RATES[0]} to {RATES[1]} are read"
    elif header.channels > MOST_CHANNELS:
        wrong = f"{header.channels} channels: at most {MOST_CHANNELS} are read"
    elif seconds > LONGEST:
        wrong = f"{seconds:.0f} s: at most {LONGEST:.0f} are read; cut it first"
    elif header.frames <= 0:
        wrong = "no samples"
    else:
        return
    raise CommandError(Code.EPATH, f"{shown} has {wrong}")


def decode(path: Path, shown: str, rate: int, channels: int) -> Samples:
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


def encode(clip: Clip, suffix: str) -> memoryview:
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
