"""Audio outside models: clips, their information, levels and joins. No torch here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

Samples = NDArray[np.float32]

CLIP_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
RESERVED_NAMES = frozenset({"current", "last", "input", "all", "none", ".", ".."})
CEILING = 10 ** (-1 / 20)  # -1 dBFS: no clip of ours peaks above it
SIDECAR_VERSION = 1


def is_clip_name(name: str) -> bool:
    """Tell whether a clip may be called `name`."""
    return CLIP_NAME.fullmatch(name) is not None and name not in RESERVED_NAMES


@dataclass(frozen=True)
class ClipInfo:
    """Describe a clip; the JSON sidecar is this and nothing else.

    frames: samples in time. bpm: 0 where unknown. bar_offset: bars since a downbeat at the first
    frame, 0 up to 1. command: the address and every argument that made it, enough to make it
    again. parents: names of the clips it was made from. wrote: Unix seconds. precision: of the
    networks that made it: fp32, bf16, fp16, or "" where unknown or where there were none.
    """

    name: str
    sample_rate: int
    channels: int
    frames: int
    seed: int = 0
    engine: str = ""
    bpm: float = 0.0
    bar_offset: float = 0.0
    loops: bool = False
    style: str = ""
    key: str = ""
    command: Mapping[str, int | float | str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    wrote: float = 0.0
    precision: str = ""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def to_json(self) -> str:
        """Return the sidecar's text."""
        return json.dumps({"version": SIDECAR_VERSION, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a sidecar; keys of later versions are passed over.

        Raises: ValueError: it is no sidecar of ours.
        """
        raw = json.loads(text)
        if not isinstance(raw, dict) or "name" not in raw or "frames" not in raw:
            raise ValueError("not a clip's sidecar")
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in raw.items() if key in known}
        values["parents"] = tuple(values.get("parents", ()))
        return cls(**values)


@dataclass(frozen=True)
class Clip:
    """Hold finished audio: float32 (frames, channels), never written to again."""

    samples: Samples
    info: ClipInfo

    def __post_init__(self) -> None:
        """Freeze the samples."""
        if self.samples.dtype != np.float32 or self.samples.ndim != 2:
            raise ValueError("samples must be float32, (frames, channels)")
        self.samples.flags.writeable = False

    def renamed(self, name: str) -> Clip:
        """Return the same audio under another name."""
        return Clip(self.samples, replace(self.info, name=name))


def make_clip(samples: Samples, sample_rate: int, **info: object) -> Clip:
    """Build a clip, with frames and channels read off the samples.

    samples: float32, (frames, channels). info: other fields of `ClipInfo`.
    """
    frames, channels = samples.shape
    shape = {"sample_rate": sample_rate, "channels": channels, "frames": frames}
    return Clip(samples, ClipInfo(**{"name": "", **shape, **info}))


def decibels(value: float) -> float:
    """Return a level in dB, at least -120."""
    return 20.0 * float(np.log10(max(value, 1e-6)))


def rms_dbfs(samples: Samples) -> float:
    """Return the root mean square level in dBFS. samples: (frames, channels)."""
    if not samples.size:
        return -120.0
    return decibels(float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))))


def limit(samples: Samples, ceiling: float = CEILING, reach: int = 512) -> Samples:
    """Bring peaks under a ceiling with a smooth gain that looks ahead.

    The gain at each frame is the mean, over `reach` frames on either side, of the least gain any
    sample within that reach needs, so that it is never more than a sample needs and never jumps.

    samples: float32, (frames, channels). ceiling: linear, 0 to 1. Frames further than 2 * reach
    from a peak above the ceiling come back bit for bit.
    """
    peak = np.abs(samples).max(axis=1, initial=0.0)
    if not len(peak) or float(peak.max()) <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(peak, 1e-9))
    held = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    gain = np.minimum(uniform_filter1d(held, 2 * reach + 1, mode="nearest"), needed)
    # The running mean is a running sum: outside any peak's reach rounding leaves it short of one.
    gain[gain > 1.0 - 1e-9] = 1.0
    return np.asarray(samples * gain[:, None], dtype=np.float32)


def hold_level(
    samples: Samples, start: int, end: int, target: float, down: float = 6.0, up: float = 30.0
) -> Samples:
    """Bring frames [start, end) to a loudness, with no jump at their edges.

    samples: float32, (frames, channels). target: dBFS RMS of the span, which is lowered to it by at
    most `down` dB and raised by at most `up` dB. The gain grows within half a second of an edge
    that has audio beyond it, along a cosine. Frames outside the span come back bit for bit.
    """
    gain = 10 ** (np.clip(target - rms_dbfs(samples[start:end]), -down, up) / 20)
    place = np.arange(end - start, dtype=np.float64)
    ramp = max(1.0, min(22_050.0, (end - start) / 2))
    inside = np.ones(end - start)
    if start > 0:
        inside = np.minimum(inside, place / ramp)
    if end < len(samples):
        inside = np.minimum(inside, (end - start - 1 - place) / ramp)
    out = samples.copy()
    curve = 1.0 + (gain - 1.0) * (0.5 - 0.5 * np.cos(np.pi * inside))
    out[start:end] *= curve[:, None].astype(np.float32)
    return out


def crossfade(first: Samples, second: Samples) -> Samples:
    """Fade from one to the other, linearly: for signals that agree, as at a seam.

    first, second: float32, (frames, channels), of the same shape.
    """
    ramp = (np.arange(len(first), dtype=np.float32) + 0.5)[:, None] / max(len(first), 1)
    return np.asarray(first * (1 - ramp) + second * ramp, dtype=np.float32)


def as_stereo(samples: Samples) -> Samples:
    """Return two channels: mono is doubled, further channels are dropped."""
    if samples.shape[1] == 1:
        return np.repeat(samples, 2, axis=1)
    return np.ascontiguousarray(samples[:, :2])
