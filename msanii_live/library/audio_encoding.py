"""Sound files that the server writes: WAV, FLAC and AIFF, with tempo and loop points."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from msanii_live.audio import Clip, ClipInfo, Samples
from msanii_live.audio.resampling import resample
from msanii_live.errors import Code, CommandError

Container = Literal["wav", "flac", "aiff"]
SUFFIXES = {".wav": "wav", ".wave": "wav", ".flac": "flac", ".aif": "aiff", ".aiff": "aiff"}
BITS = {"wav": (16, 24, 32), "flac": (16, 24), "aiff": (16, 24, 32)}
_SUBTYPES = {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}
_HEADER_BYTES = 256  # within which libsndfile writes its PEAK chunk
_BEAT_TOLERANCE = 0.02  # beats by which a length may miss whole beats
_ACID_LOOP, _ACID_ONE_SHOT = 0, 1
_ROOT_NOTE = 60


@dataclass(frozen=True)
class AudioFormat:
    """The form of a sound file. bits: 32 are floating point. rate: Hz; 0 is the clip's own."""

    container: str = "wav"
    bits: int = 32
    rate: int = 0

    @property
    def suffix(self) -> str:
        """The suffix of a file of this form."""
        return f".{self.container}"


def parse_format(text: str, rate: int = 0) -> AudioFormat:
    """Return the form that a word such as wav, wav16 or flac24 means.

    Without a number, WAV and AIFF have 32 bits and FLAC has 24.
    Raises: ValueError: there is no such form.
    """
    container = text.rstrip("0123456789")
    if container not in BITS:
        raise ValueError(f"{text!r} is no form of a sound file")
    digits = text.removeprefix(container)
    bits = int(digits) if digits else BITS[container][-1]
    if bits not in BITS[container]:
        raise ValueError(f"{container} has {' or '.join(map(str, BITS[container]))} bits")
    return AudioFormat(container, bits, rate)


@dataclass(frozen=True)
class ClipReader:
    """A program that reads the clips' files. by: what in it does. containers: that it reads."""

    program: str
    by: str
    containers: tuple[str, ...]


# Tried with every form: Pure Data 0.53, Csound 6.18 and ChucK 1.4. Of the others, what their
# manuals say.
CLIP_READERS = (
    ClipReader("Pure Data", "[soundfiler]", ("wav", "aiff")),
    ClipReader("Max and Live", "[buffer~]", ("wav", "aiff", "flac")),
    ClipReader("SuperCollider", "Buffer.read", ("wav", "aiff", "flac")),
    ClipReader("Sonic Pi", "sample", ("wav", "aiff", "flac")),
    ClipReader("Csound", "GEN01", ("wav", "aiff", "flac")),
    ClipReader("ChucK", "SndBuf", ("wav", "aiff", "flac")),
    ClipReader("Chrome and Firefox", "Hear on the page", ("wav", "flac")),
)


def hindrances(form: AudioFormat) -> tuple[str, ...]:
    """Return a sentence for each program that cannot read clips of a form; none if all can."""
    found = [
        f"{form.container.upper()} is not read by {reader.program} ({reader.by}): take "
        f"--save-format {' or '.join(reader.containers)}"
        for reader in CLIP_READERS
        if form.container not in reader.containers
    ]
    if (form.container, form.bits) == ("aiff", 32):
        found.append("some programs read no AIFF of 32-bit floats: take --save-format aiff24")
    return tuple(found)


def choose_format(suffix: str, name: str, bits: int | None, rate: int | None) -> AudioFormat:
    """Return the form of a copy. suffix: of its path. name: of a container, "" for the suffix's.

    bits, rate: None for the container's best and for the clip's own.
    Raises: CommandError: EPATH, the suffix is another container's; ERANGE, of the bits.
    """
    container = SUFFIXES.get(suffix.lower())
    if container is None or (name and name != container):
        ends = ", ".join(end for end in (".wav", ".flac", ".aiff") if not name or name in end)
        raise CommandError(Code.EPATH, f"the path must end in {ends}: it ends in {suffix!r}")
    legal = BITS[container]
    if bits is not None and bits not in legal:
        text = f"bits is {bits}: {container} has {', '.join(map(str, legal))}"
        raise CommandError(Code.ERANGE, text)
    return AudioFormat(container, bits or legal[-1], rate or 0)


def encode_clip(clip: Clip, form: AudioFormat) -> tuple[memoryview, tuple[str, ...]]:
    """Return the bytes of a sound file, and warnings.

    32-bit float keeps every sample bit for bit. Fewer bits are dithered. It is encoded in memory
    because libsndfile does not report a full disk as an OSError, and copied no further.
    """
    rate = form.rate or clip.info.sample_rate
    samples, warnings = resample(clip.samples, clip.info.sample_rate, rate), []
    buffer = io.BytesIO()
    data: NDArray[np.generic] = samples
    if form.bits < 32:
        peak = float(np.abs(samples).max(initial=0.0))
        if peak > 1.0:
            samples = np.asarray(samples / peak, dtype=np.float32)
            warnings.append(
                f"{clip.info.name} peaks {20 * np.log10(peak):.1f} dB above full scale: the file "
                "was lowered by that"
            )
        data = quantise(samples, form.bits)
    soundfile.write(buffer, data, rate, format=form.container.upper(), subtype=_SUBTYPES[form.bits])
    if form.container == "wav":
        _add_chunks(buffer, loop_chunks(clip.info, len(samples), rate))
    content = buffer.getbuffer()
    _clear_time(content)
    return content, tuple(warnings)


def wav_header(frames: int, channels: int, rate: int) -> bytes:
    """Return what comes before the samples in a WAV of 32-bit floats whose length is known.

    Source: Multimedia Programming Interface and Data Specifications 1.0, "WAVE": fmt, fact, data.
    """
    size = 4 * channels * frames
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, channels, rate, 4 * channels * rate,
                       4 * channels, 32)  # fmt: skip
    chunks = form + struct.pack("<4sII4sI", b"fact", 4, frames, b"data", size)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks) + size, b"WAVE") + chunks


def quantise(samples: Samples, bits: int) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return samples as whole numbers, with triangular dither of 2 LSB peak to peak.

    Samples that have no more than `bits` bits already are left as they are. The dither is the same
    each time. Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither", JAES 1992.

    samples: float32 (frames, channels), within ±1. Returns int16, or int32 with 24 bits on top.
    """
    scale = 2.0 ** (bits - 1)
    scaled = samples.astype(np.float64) * scale
    whole = np.round(scaled)
    if not np.array_equal(whole, scaled):
        rng = np.random.default_rng(len(samples))
        noise = rng.random(samples.shape, dtype=np.float32)
        noise -= rng.random(samples.shape, dtype=np.float32)
        whole = np.round(scaled + noise)
    whole = np.clip(whole, -scale, scale - 1)
    return whole.astype(np.int16) if bits == 16 else whole.astype(np.int32) << 8


def loop_chunks(info: ClipInfo, frames: int, rate: int) -> bytes:
    """Return the `acid` and `smpl` chunks by which DAWs know tempo and loop points; may be empty.

    frames, rate: of the file.
    """
    chunks = b""
    if info.bpm:
        beats = frames / rate * info.bpm / 60
        is_whole = round(beats) >= 1 and abs(beats - round(beats)) < _BEAT_TOLERANCE
        flags = _ACID_LOOP if info.loops or is_whole else _ACID_ONE_SHOT
        # flags, root note, two unknown fields, beats, metre (denominator, numerator), bpm
        body = struct.pack(
            "<IHHfIHHf", flags, _ROOT_NOTE, 0x8000, 0.0, round(beats), 4, 4, info.bpm
        )
        chunks += struct.pack("<4sI", b"acid", len(body)) + body
    if info.loops:
        # RIFF: manufacturer, product, period in ns, note, fraction, SMPTE (2), loops, extra bytes
        head = struct.pack("<9I", 0, 0, round(1e9 / rate), _ROOT_NOTE, 0, 0, 0, 1, 0)
        # id, type (0: forward), first and last frame, fraction, times (0: for ever)
        body = head + struct.pack("<6I", 0, 0, 0, frames - 1, 0, 0)
        chunks += struct.pack("<4sI", b"smpl", len(body)) + body
    return chunks


def _clear_time(content: memoryview) -> None:
    """Clear libsndfile's time in a file's PEAK chunk: equal sound is equal bytes.

    The chunk has its name, its size, a version, the Unix time, and the peaks.
    """
    place = bytes(content[:_HEADER_BYTES]).find(b"PEAK")
    if place >= 0:
        content[place + 12 : place + 16] = bytes(4)


def _add_chunks(wav: io.BytesIO, chunks: bytes) -> None:
    """Add chunks to the end of a WAV."""
    if not chunks:
        return
    end = wav.seek(0, io.SEEK_END)
    wav.write(b"\0" * (end % 2) + chunks)
    size = wav.tell() - 8
    wav.seek(4)
    wav.write(struct.pack("<I", size))
