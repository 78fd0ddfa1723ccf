"""Which files are the server's own. No other file is ever replaced, renamed or deleted.

A sound file is the server's own if a valid sidecar records its size and its hash. Sidecars of
earlier versions record neither; their file is the server's own if it has the form, the length and
the time that the server would have given it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import soundfile

from msanii_live.audio import ClipInfo
from msanii_live.library import paths, sidecar

_LEGACY_SECONDS = 60.0  # between the time in an early sidecar and that of its file
_BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Fingerprint:
    """The size of a file in bytes, and its hash in hexadecimal."""

    size: int
    blake2b: str


def fingerprint(content: bytes | memoryview) -> Fingerprint:
    """Return the fingerprint of a file's content."""
    return Fingerprint(len(content), hashlib.blake2b(content, digest_size=16).hexdigest())


def file_fingerprint(path: Path) -> Fingerprint:
    """Return the fingerprint of a file.

    Raises: OSError: it cannot be read.
    """
    digest, size = hashlib.blake2b(digest_size=16), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return Fingerprint(size, digest.hexdigest())


def matches(path: Path, size: int, blake2b: str) -> bool:
    """Return whether a path is a regular file, no link, of this size and hash."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != size:
            return False
        return file_fingerprint(path) == Fingerprint(size, blake2b)
    except OSError:
        return False


def is_own_audio(folder: Path, info: ClipInfo) -> bool:
    """Return whether a clip's sound file is the one that the server wrote."""
    audio = sidecar.audio_path(folder, info)
    if info.blake2b:
        return matches(audio, info.size, info.blake2b)
    if is_in_place(info) or not info.wrote:
        return False
    try:
        if audio.is_symlink() or abs(audio.stat().st_mtime - info.wrote) > _LEGACY_SECONDS:
            return False
        header = soundfile.info(str(audio))
    except (OSError, soundfile.SoundFileError):
        return False
    found = (header.format, header.subtype, header.samplerate, header.channels, header.frames)
    return found == ("WAV", "FLOAT", info.sample_rate, info.channels, info.frames)


def is_in_place(info: ClipInfo) -> bool:
    """Return whether a clip's sound file is the user's, loaded where it lies."""
    return not info.blake2b and info.command.get("path") == f"{info.stem}{info.suffix}"


def read_own(folder: Path, stem: str) -> ClipInfo | None:
    """Return the info on disk of a clip whose two files are the server's own; else None."""
    side = sidecar.sidecar_path(folder, stem)
    try:
        if side.is_symlink():
            return None
        info = sidecar.read_sidecar(folder, stem)
    except (OSError, ValueError):
        return None
    return info if is_own_audio(folder, info) else None


def find_own(folder: Path, audio: Path) -> ClipInfo | None:
    """Return the info on disk of the clip whose sound file this is, if it is the server's own."""
    own = read_own(folder, audio.relative_to(folder).with_suffix("").as_posix())
    return own if own is not None and sidecar.audio_path(folder, own) == audio else None


def stamps(folder: Path, stem: str, suffix: str) -> list[paths.Stamp | None]:
    """Return the stamps of a clip's two files, by which a change is seen."""
    return [paths.stamp(folder / f"{stem}{end}") for end in (".json", suffix)]


def foreign_sidecar(folder: Path, stem: str) -> str | None:
    """Return the name of a file that lies where a sidecar would but is none; else None."""
    side = sidecar.sidecar_path(folder, stem)
    if not os.path.lexists(side):
        return None
    try:
        if not side.is_symlink():
            sidecar.read_sidecar(folder, stem)
            return None
    except (OSError, ValueError):
        pass
    return side.relative_to(folder).as_posix()


def file_in_the_way(folder: Path, stem: str, suffix: str) -> str | None:
    """Return the name of a user's file that writing a clip would replace; None if there is none.

    suffix: of the clip's sound file.
    """
    return examine(folder, stem, suffix)[0]


def examine(folder: Path, stem: str, suffix: str) -> tuple[str | None, ClipInfo | None]:
    """Return the user's file that writing a clip would replace, and the own clip that it would.

    Either is None if there is none. suffix: of the clip's sound file.
    """
    if (side := foreign_sidecar(folder, stem)) is not None:
        return side, None
    own = read_own(folder, stem)
    audio = folder / f"{stem}{suffix}"
    is_occupied = os.path.lexists(audio) and (own is None or own.suffix != suffix)
    return (f"{stem}{suffix}" if is_occupied else None), own
