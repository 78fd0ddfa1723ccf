"""Paths inside the shared folder, and files that are either whole there or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

from msanii_live.errors import Code, CommandError

LEFTOVER_SECONDS = 60.0
_PREFIX = ".msanii-"
_SUFFIX = ".partial"


def resolve(folder: Path, text: str) -> Path:
    """Return the absolute path that a musician's text names, links followed.

    folder: absolute and resolved itself. text: relative to it, or an absolute path inside it.
    Raises: CommandError: EPATH, the path lies outside the folder or can be no path at all.
    """
    try:
        path = (folder / text).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a NUL
        raise CommandError(Code.EPATH, f"{text!r} is no path: {error}") from None
    if path == folder or not path.is_relative_to(folder):
        raise CommandError(
            Code.EPATH,
            f"{text!r} is not a file inside the shared folder {folder.as_posix()}: "
            "put the file there and give its path relative to the folder",
        )
    return path


def is_own_file(folder: Path, path: Path) -> bool:
    """Tell whether a path is a regular file whose links, if any, stay inside the folder."""
    try:
        return path.is_file() and path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def write_temporary(folder: Path, content: bytes | memoryview) -> Path:
    """Write a temporary file beside its target, and wait until the disk has it.

    Raises: OSError: the disk is full or cannot be written; nothing is left behind.
    """
    path = folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        delete_if_possible(path)
        raise
    return path


def write_atomically(target: Path, content: bytes | memoryview) -> None:
    """Write a file so that whoever looks sees the old one or the new one, never a part.

    Raises: OSError: as `stage`; the old file, if any, is untouched.
    """
    staged = write_temporary(target.parent, content)
    try:
        os.replace(staged, target)
    except BaseException:
        delete_if_possible(staged)
        raise


def delete_if_possible(path: Path) -> None:
    """Delete a file if that is possible; used where another error is already on its way."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def delete_leftovers(folder: Path) -> None:
    """Delete the temporary files that a crash left, but none that may still be written to."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        try:
            if time.time() - path.lstat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
        except OSError:
            continue
