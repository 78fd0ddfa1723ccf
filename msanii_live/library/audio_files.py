"""Sound files of the shared folder: how they are decoded."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from msanii_live.audio import Samples, as_stereo
from msanii_live.audio.resampling import resample
from msanii_live.errors import Code, CommandError
from msanii_live.library import decoder_process

_log = logging.getLogger(__name__)
SAMPLE_RATE = 44_100
# What libsndfile reads, by the names that people give it. A file is read whatever its name; these
# tell a file from a clip's name and are looked through for hints.
SUFFIXES = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".caf", ".w64",
    ".rf64", ".bwf", ".wave", ".au", ".snd", ".voc", ".8svx", ".iff", ".svx", ".paf", ".pvf",
    ".avr", ".nist", ".sph", ".ircam", ".sf", ".mat", ".mpc2k", ".htk", ".sds", ".xi", ".mp2",
)  # fmt: skip
DECODER_TIMEOUT = 90.0  # s, of the decoder process
DECODER = (sys.executable, "-P", str(Path(decoder_process.__file__)))


@dataclass(frozen=True)
class DecodedAudio:
    """A decoded file. samples: float32 (frames, 2). warnings: sentences, each with its name."""

    samples: Samples
    warnings: tuple[str, ...] = ()


def decode_untrusted(path: Path, shown: str) -> DecodedAudio:
    """Decode a file of unknown origin in a process of its own; see `decoder_process`.

    shown: its name in texts. Returns samples at 44,100 Hz.
    Raises: CommandError: EPATH, it is no sound file, beyond a limit, or crashed the decoder.
    """
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
    return DecodedAudio(samples, tuple(f"{shown} {text}" for text in header.get("warnings", ())))


def decode_own(content: bytes, shown: str, rate: int, channels: int) -> Samples:
    """Decode a file that this server wrote; the result is bit for bit where its rate is `rate`.

    content: of the file. shown: its name in texts. rate: wanted, Hz. channels: wanted.
    Returns float32 (frames, channels).
    Raises: CommandError: EPATH, it cannot be read.
    """
    try:
        samples, file_rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        reason = str(error).rpartition(": ")[2]
        raise CommandError(Code.EPATH, f"{shown} cannot be read as sound: {reason}") from None
    if not np.isfinite(samples).all():  # one NaN would make the whole mix NaN
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    samples = as_stereo(samples) if channels == 2 else samples[:, :channels]
    return resample(np.ascontiguousarray(samples), int(file_rate), rate)
