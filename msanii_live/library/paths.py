"""Paths inside the shared folder, and atomic writes."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

from msanii_live.errors import Code, CommandError

LEFTOVER_SECONDS = 60.0  # age from which a temporary file is taken to be abandoned
_PREFIX = ".msanii-"
_SUFFIX = ".partial"


def resolve(folder: Path, text: str) -> Path:
    """Return the absolute path that a user's text names, with links resolved.

    folder: absolute and resolved. text: relative to it, or an absolute path inside it.
    Raises: CommandError: EPATH, the path is outside the folder or is not a path.
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
    """Return whether a path is a regular file that, with links resolved, is inside the folder."""
    try:
        return path.is_file() and path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def write_temporary(folder: Path, content: bytes | memoryview) -> Path:
    """Write a temporary file in a folder and flush it to the disk.

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
    """Write a file so that a reader sees either the old file or the whole new one.

    Raises: OSError: it cannot be written; the old file, if any, is unchanged.
    """
    temporary = write_temporary(target.parent, content)
    try:
        os.replace(temporary, target)
    except BaseException:
        delete_if_possible(temporary)
        raise


def delete_if_possible(path: Path) -> None:
    """Delete a file and ignore errors; used while another error is being raised."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def delete_leftovers(folder: Path) -> None:
    """Delete temporary files left by a crash, except recent ones, which may be in use."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        try:
            if time.time() - path.lstat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
        except OSError:
            continue
