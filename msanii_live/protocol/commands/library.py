"""Commands about clips in the shared folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command
from msanii_live.protocol.schema import number, text, whole


@dataclass(frozen=True, kw_only=True)
class ClipList(Command):
    """List the clips, newest first, 50 a page."""

    address: ClassVar[str] = "/msanii/clip/list"
    reply: ClassVar[str] = "/msanii/clip/entry"
    read_only: ClassVar[bool] = True

    page: int = whole("page, from 1", 1, 1_000_000, default=1)


@dataclass(frozen=True, kw_only=True)
class ClipInfoCommand(Command):
    """Tell all about one clip."""

    address: ClassVar[str] = "/msanii/clip/info"
    reply: ClassVar[str] = "/msanii/clip/info"
    read_only: ClassVar[bool] = True

    name: str = text("clip name, or last", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipLoad(Command):
    """Take an audio file of the shared folder in as a clip."""

    address: ClassVar[str] = "/msanii/clip/load"

    path: str = text("file in the shared folder", positional=True)
    clip: str = text("name; the file's own if absent", default="")
    bpm: float | None = number("its tempo, where known", 20, 300, default=None, unit="bpm")


@dataclass(frozen=True, kw_only=True)
class ClipSave(Command):
    """Write a copy of a clip to a path in the shared folder."""

    address: ClassVar[str] = "/msanii/clip/save"

    name: str = text("clip name, or last", positional=True)
    path: str = text("file in the shared folder, ending in .wav or .flac", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipRename(Command):
    """Give a clip another name."""

    address: ClassVar[str] = "/msanii/clip/rename"

    name: str = text("clip name, or last", positional=True)
    to: str = text("new name", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipFree(Command):
    """Forget a clip; its file stays in the folder and is found again at the next start."""

    address: ClassVar[str] = "/msanii/clip/free"

    name: str = text("clip name, or last", positional=True)
