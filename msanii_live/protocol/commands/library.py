"""Commands about clips in the shared folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command
from msanii_live.protocol.schema import integer, number, text

CLIP_NAME = "clip name, or last (the newest clip)"


@dataclass(frozen=True, kw_only=True)
class ClipList(Command):
    """List the clips, newest first, 50 on a page."""

    address: ClassVar[str] = "/msanii/clip/list"
    reply: ClassVar[str] = "/msanii/clip/entry"
    read_only: ClassVar[bool] = True

    page: int = integer("page, from 1", 1, 1_000_000, default=1)


@dataclass(frozen=True, kw_only=True)
class ClipInfoCommand(Command):
    """Return the facts about one clip."""

    address: ClassVar[str] = "/msanii/clip/info"
    reply: ClassVar[str] = "/msanii/clip/info"
    read_only: ClassVar[bool] = True

    name: str = text(CLIP_NAME, positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipLoad(Command):
    """Import an audio file of the shared folder as a clip."""

    address: ClassVar[str] = "/msanii/clip/load"

    path: str = text("file in the shared folder", positional=True)
    clip: str = text("name of the clip; the file's name if absent", default="")
    bpm: float | None = number("tempo of the file, if known", 20, 300, default=None, unit="bpm")


@dataclass(frozen=True, kw_only=True)
class ClipSave(Command):
    """Write a copy of a clip to a path in the shared folder. Your own files are never replaced."""

    address: ClassVar[str] = "/msanii/clip/save"

    name: str = text(CLIP_NAME, positional=True)
    path: str = text("file in the shared folder, ending in .wav, .flac or .aiff", positional=True)
    bits: int | None = integer(
        "bits per sample: 16, 24, or 32 (floating point; not FLAC); the most if absent",
        16, 32, default=None,
    )  # fmt: skip
    format: str = text(
        "kind of file; the path's ending if absent", default="", choices=("", "wav", "flac", "aiff")
    )
    rate: int | None = integer(
        "sample rate in Hz; the clip's if absent", 44_100, 96_000, default=None
    )


@dataclass(frozen=True, kw_only=True)
class ClipCrop(Command):
    """Crop a clip: a span of it becomes a new clip, with its notes and the same samples.

    `/msanii/clip/info` is sent before the answer.
    """

    address: ClassVar[str] = "/msanii/clip/crop"

    name: str = text(CLIP_NAME, positional=True)
    start: float = number("start of the span", 0, 3600, unit="s", positional=True)
    end: float = number("end of the span", 0, 3600, unit="s", positional=True)
    clip: str = text("name of the new clip; generated if absent", default="", takes_numbers=True)


@dataclass(frozen=True, kw_only=True)
class ClipRename(Command):
    """Rename a clip, with its notes and stems."""

    address: ClassVar[str] = "/msanii/clip/rename"

    name: str = text(CLIP_NAME, positional=True)
    to: str = text("new name", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipFree(Command):
    """Remove a clip from the list. Its files stay in the folder and are found at the next start.

    With `delete 1` they go to the trash, with its notes and stems. `/msanii/undo` brings the clip
    back either way. The trash keeps 2 GB for 30 days. A file that is your own is never deleted.
    """

    address: ClassVar[str] = "/msanii/clip/free"

    name: str = text(CLIP_NAME, positional=True)
    delete: int = integer("1: move its files to the trash", 0, 1, default=0)


@dataclass(frozen=True, kw_only=True)
class ClipStar(Command):
    """Mark a clip as chosen, or not. `--keep-gb` never deletes a chosen one."""

    address: ClassVar[str] = "/msanii/clip/star"

    name: str = text(CLIP_NAME, positional=True)
    on: int = integer("1: chosen, 0: not", 0, 1, default=1, positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipParents(Command):
    """List what a clip was made from: its sources, what those were made from, and so on."""

    address: ClassVar[str] = "/msanii/clip/parents"
    reply: ClassVar[str] = "/msanii/clip/parent"
    read_only: ClassVar[bool] = True

    name: str = text(CLIP_NAME, positional=True)
