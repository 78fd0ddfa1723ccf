"""Where the files of new clips lie in the shared folder, and what they are called."""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from msanii_live.audio import ClipInfo
from msanii_live.config import FILE_NAME_FIELDS

_MAX_FIELD = 24  # characters of one field, besides the name
_NAME = "\0"  # stands for the name, whose dots and hyphens stay as they are


@dataclass(frozen=True)
class Layout:
    """The folders and file names of new clips.

    folders: "flat", all in the shared folder; "by-day", in 2026-11-26; "by-session", in
    2026-11-26_19-30, by the time at which the server started. file_name: with {name} and other
    fields of FILE_NAME_FIELDS. began: Unix seconds.

    >>> info = ClipInfo("kick", 44_100, 2, 9, bpm=124.0, style="house", key="F# min")
    >>> Layout(file_name="{style}-{bpm}-{key}-{name}").stem(info)
    'house-124-Fs-min-kick'
    >>> Layout(file_name="{style}-{bpm}-{key}-{name}").stem(ClipInfo("kick", 44_100, 2, 9))
    'kick'
    """

    folders: str = "flat"
    file_name: str = "{name}"
    began: float = field(default_factory=time.time)

    def place(self, info: ClipInfo) -> ClipInfo:
        """Return a clip's info with the file that it gets if it is written now."""
        stem = self.directory(info.wrote) + self.stem(info)
        return replace(info, file="" if stem == info.name else stem)

    def rename(self, info: ClipInfo, to: str) -> ClipInfo:
        """Return a clip's info under another name, in the folder in which it lies."""
        renamed = replace(info, name=to)
        folder, slash, _ = info.stem.rpartition("/")
        stem = folder + slash + self.stem(renamed)
        return replace(renamed, file="" if stem == to else stem)

    def directory(self, when: float) -> str:
        """Return the folder of a clip of this time, with a slash at its end; "" if there is none.

        when: Unix seconds.
        """
        if self.folders == "by-day":
            return time.strftime("%Y-%m-%d/", time.localtime(when))
        if self.folders == "by-session":
            return time.strftime("%Y-%m-%d_%H-%M/", time.localtime(self.began))
        return ""

    def stem(self, info: ClipInfo) -> str:
        """Return the file name of a clip without its ending. Fields that are unknown are left out.

        It has letters, digits, "_", "-" and "." alone, as every sampler and client reads them.
        """
        text = self.file_name
        for name in FILE_NAME_FIELDS:
            value = _NAME if name == "name" else _plain(_value(info, name))
            text = text.replace(f"{{{name}}}", value)
        text = re.sub(r"([-_])[-_]+", r"\1", text).strip("-_")
        return text.replace(_NAME, info.name)


def is_placed(stem: str) -> bool:
    """Return whether a stem is one that a layout can give: no hidden file, at most one folder."""
    return _STEM.fullmatch(stem) is not None and ".." not in PurePosixPath(stem).parts


_STEM = re.compile(r"(?:[A-Za-z0-9_-]+/)?[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")


def _value(info: ClipInfo, name: str) -> str:
    if name == "bpm":
        return f"{info.bpm:.5g}" if info.bpm else ""
    if name == "date":
        return time.strftime("%Y-%m-%d", time.localtime(info.wrote))
    # An engine that has no styles may still have been asked for one.
    return str(getattr(info, name) or info.command.get(name, ""))


def _plain(value: str) -> str:
    """Return a value of a field as it goes into a file name: F# as Fs, accents without accent."""
    text = unicodedata.normalize("NFKD", value.replace("#", "s"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:_MAX_FIELD]
