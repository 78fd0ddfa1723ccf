"""A clip: finished audio and what is known of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from msanii_live.notes import PARTS, Score

Samples = NDArray[np.float32]

CLIP_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
RESERVED_NAMES = frozenset({"current", "last", "input", "all", "none", ".", ".."})
STEM_ENDINGS = tuple(f".{part}" for part in PARTS)
SIDECAR_VERSION = 1


def is_clip_name(name: str) -> bool:
    """Return whether a clip may be called `name`."""
    return CLIP_NAME.fullmatch(name) is not None and name not in RESERVED_NAMES


def is_stem_name(name: str) -> bool:
    """Return whether a name is reserved for the stem of a clip.

    >>> is_stem_name("loop.drums"), is_stem_name("drums")
    (True, False)
    """
    return name.endswith(STEM_ENDINGS)


_WHOLE = 0.002  # of a bar: a span so near to whole bars is of whole bars


@dataclass(frozen=True)
class ClipInfo:
    """The facts about a clip; the JSON sidecar is this and nothing else.

    frames: samples in time. bpm: 0 where unknown. bar_offset: bars since a downbeat at the first
    frame, 0 up to 1. command: the address and every argument that made it, enough to make it
    again. parents: names of the clips it was made from. wrote: Unix seconds. precision: of the
    networks that made it: fp32, bf16, fp16, or "" where unknown or where there were none. suffix:
    of its sound file. size, blake2b: of that file as the server wrote it, bytes and a hexadecimal
    hash; 0 and "" for a file of the user's, which is never replaced or deleted. file_rate: Hz, of
    that file where it is not sample_rate, else 0. companions: size and blake2b of the files of its
    notes and stems, by what follows the clip's name in theirs: ".mid", ".drums.wav". licence: of
    the weights that made it, in words; "" where nobody claims anything. starred: chosen by the
    user, and never deleted to make room. reached: what was measured of a clip whose engine promises
    neither tempo nor key: "bpm" and "key" as made, "faster", by which it was stretched, "tries".
    file: see `stem`.
    heard: hash of a sound file of the user's when its notes were heard; "" for other files.
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
    suffix: str = ".wav"
    file_rate: int = 0
    size: int = 0
    blake2b: str = ""
    companions: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    licence: str = ""
    starred: bool = False
    heard: str = ""
    reached: Mapping[str, int | float | str] = field(default_factory=dict)
    file: str = ""

    @property
    def stem(self) -> str:
        """What the paths of its files begin with, relative to the shared folder, with "/".

        It is the name, unless the server was told to use folders or other file names.
        """
        return self.file or self.name

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    @property
    def rate_on_disk(self) -> int:
        """The sample rate of the sound file, Hz."""
        return self.file_rate or self.sample_rate

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
    """Finished audio: float32 (frames, channels), never written to again.

    warnings: what a user should know of the file that it was read from. score: the notes that it
    plays, as long as the clip; None where they are unknown. stems: by part, of the clip's shape;
    their sum is the clip. Empty where there are none.
    """

    samples: Samples
    info: ClipInfo
    warnings: tuple[str, ...] = ()
    score: Score | None = None
    stems: Mapping[str, Samples] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the samples."""
        if self.samples.dtype != np.float32 or self.samples.ndim != 2:
            raise ValueError("samples must be float32, (frames, channels)")
        self.samples.flags.writeable = False

    def renamed(self, name: str) -> Clip:
        """Return the same audio under another name."""
        return replace(self, info=replace(self.info, name=name))

    def cut(self, start: float, end: float | None = None) -> Clip:
        """Return the span [start, end), s, with its notes, and without stems.

        end: the clip's own if None, and at most that.
        Raises: ValueError: nothing is left.
        """
        rate = self.info.sample_rate
        first = round(start * rate)
        last = self.info.frames if end is None else min(self.info.frames, round(end * rate))
        if first >= last:
            raise ValueError("nothing is left of the clip")
        if (first, last) == (0, self.info.frames):
            return self
        bars = self._bars(first)
        whole = self._bars(last - first)
        info = replace(
            self.info,
            frames=last - first,
            companions={},
            bar_offset=(self.info.bar_offset + bars) % 1.0,
            loops=self.info.loops and whole > 0 and abs(whole - round(whole)) < _WHOLE,
        )
        score = None if self.score is None else self.score.cut(first / rate, last / rate)
        return Clip(self.samples[first:last], info, self.warnings, score)

    def _bars(self, frames: int) -> float:
        """Return how many bars so many frames are, of four beats if unknown; 0 without a tempo."""
        beats = self.score.beats if self.score is not None and self.score.beats else 4
        return frames / self.info.sample_rate * self.info.bpm / 60.0 / beats


def make_clip(samples: Samples, sample_rate: int, **info: object) -> Clip:
    """Build a clip, with frames and channels read off the samples.

    samples: float32, (frames, channels). info: other fields of `ClipInfo`.
    """
    frames, channels = samples.shape
    shape = {"sample_rate": sample_rate, "channels": channels, "frames": frames}
    return Clip(samples, ClipInfo(**{"name": "", **shape, **info}))


def as_stereo(samples: Samples) -> Samples:
    """Return two channels: mono is doubled, further channels are dropped."""
    if samples.shape[1] == 1:
        return np.repeat(samples, 2, axis=1)
    return np.ascontiguousarray(samples[:, :2])
