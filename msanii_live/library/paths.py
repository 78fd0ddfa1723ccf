"""Paths inside the shared folder, and atomic writes."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
import unicodedata
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

from msanii_live.errors import Code, CommandError

LEFTOVER_SECONDS = 60.0  # age from which a temporary file is taken to be abandoned
_PREFIX = ".msanii-"
_SUFFIX = ".partial"
_MAX_QUOTED = 200  # characters
MAX_NAME_BYTES = 255  # of one name, on all common file systems
_FILE_ADDRESS = re.compile(r"file:(?://(?:localhost)?)?(/.*)", re.IGNORECASE | re.DOTALL)
_WINDOWS_DRIVE = re.compile(r"/[A-Za-z]:")
_MAC_VOLUME = re.compile(r"([^/\\:]{2,}):(/.*)", re.DOTALL)


Stamp: TypeAlias = tuple[int, int, int]
MakeRoom: TypeAlias = Callable[[int], bool]
_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
_room_makers: dict[Path, weakref.WeakMethod[MakeRoom]] = {}  # by shared folder


def resolve(folder: Path, text: str) -> Path:
    """Return the absolute path that a user's text names, with links resolved.

    folder: absolute and resolved. text: relative to it, or an absolute path inside it; also
    file:// addresses, paths as Max writes them on a Mac ("Macintosh HD:/Users/…"), and names in
    another Unicode normal form than the file's.
    Raises: CommandError: EPATH, the path is outside the folder or is not a path.
    """
    found = [_resolve(folder, reading, text) for reading in _readings(text)]
    inside = [path for path in found if path != folder and path.is_relative_to(folder)]
    existing = [path for path in inside if os.path.lexists(path)]
    if existing:
        return existing[0]
    # An address, or a path of another system, is a new file only by what it stands for.
    if _is_address(text):
        inside = [path for path in inside if path != found[0]]
    if not inside:
        raise CommandError(
            Code.EPATH,
            f"{quote(text)} is not a file inside the shared folder {folder.as_posix()}: "
            "put the file there and give its path relative to the folder",
        )
    return _in_normal_form(folder, inside[-1])


def quote(text: str) -> str:
    """Return a user's text as an error quotes it, cut if it is long."""
    return repr(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…")


def _is_address(text: str) -> bool:
    return text[:5].lower() == "file:" or _MAC_VOLUME.match(text) is not None


def _readings(text: str) -> list[str]:
    """Return the paths that a text may mean, the literal one first."""
    readings = [text]
    if match := _FILE_ADDRESS.match(text):
        readings.append(unquote(match[1]))
        if _WINDOWS_DRIVE.match(readings[-1]):
            readings[-1] = readings[-1][1:]
    elif match := _MAC_VOLUME.match(text):
        readings += [f"/Volumes/{match[1]}{match[2]}", match[2]]
    return readings


def _resolve(folder: Path, reading: str, shown: str) -> Path:
    if long := [part for part in re.split(r"[/\\]", reading) if _bytes(part) > MAX_NAME_BYTES]:
        raise CommandError(
            Code.EPATH,
            f"{long[0][:40]!r}… is a name of {_bytes(long[0])} bytes: at most {MAX_NAME_BYTES} are "
            "possible; shorten it",
        )
    try:
        return (folder / reading).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a NUL
        raise CommandError(Code.EPATH, f"{quote(shown)} is no path: {error}"[:500]) from None


def _in_normal_form(folder: Path, path: Path) -> Path:
    """Return the existing path whose parts are the same text in another normal form, or `path`.

    A Mac may write "é" as two code points where a keyboard gives one.
    """
    existing = folder
    for part in path.relative_to(folder).parts:
        step = existing / part
        if not os.path.lexists(step):
            wanted = unicodedata.normalize("NFC", part)
            try:
                names = sorted(os.listdir(existing))
            except OSError:
                return path
            same = [name for name in names if unicodedata.normalize("NFC", name) == wanted]
            if not same:
                return path
            step = existing / same[0]
        existing = step
    try:
        existing = existing.resolve()
    except (OSError, RuntimeError):
        return path
    return existing if existing.is_relative_to(folder) else path


def _bytes(name: str) -> int:
    return len(os.fsencode(name)) if name.isascii() else len(name.encode("utf-8", "replace"))


def stamp(path: Path) -> Stamp | None:
    """Return the time, size and number of a file, which change when it is written; None if gone."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def is_file(path: Path, shown: str) -> bool:
    """Return whether a path is a regular file. shown: its name in the error's text.

    Raises: CommandError: EPATH, the system does not let us look.
    """
    try:
        return path.is_file()
    except (OSError, ValueError) as error:
        raise access_error(shown, error) from None


def access_error(shown: str, error: Exception) -> CommandError:
    """Return the error for a path that the system refuses, with what to do."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    remedy = "check that it is where you say"
    if isinstance(error, PermissionError):
        remedy = "give this user the right to read it and its folder"
    elif isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        remedy = "shorten it"
    return CommandError(Code.EPATH, f"{quote(shown)} cannot be opened ({reason}): {remedy}")


def is_own_file(folder: Path, path: Path) -> bool:
    """Return whether a path is a regular file that, with links resolved, is inside the folder."""
    try:
        return path.is_file() and path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def make_folder(root: Path, folder: Path) -> None:
    """Create a folder inside the shared folder if necessary.

    Raises: OSError: it cannot be created, or is a link.
    """
    folder.mkdir(exist_ok=True)
    if folder != root and folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "it is a link, not a folder", str(folder))


def remove_if_empty(root: Path, folder: Path) -> None:
    """Remove a folder inside the shared folder if nothing is left in it."""
    if folder != root:
        with contextlib.suppress(OSError):
            folder.rmdir()


def on_full_disk(folder: Path, make_room: MakeRoom) -> None:
    """Have a bound method called when a file does not fit on the disk of a folder.

    make_room: takes bytes that are wanted; returns whether any were freed. It is forgotten with its
    object.
    """
    for known in [path for path, call in _room_makers.items() if call() is None]:
        del _room_makers[known]
    _room_makers[folder] = weakref.WeakMethod(make_room)


def write_temporary(folder: Path, content: bytes | memoryview) -> Path:
    """Write a temporary file in a folder and flush it to the disk.

    On a full disk it is tried again as long as room can be made; see `on_full_disk`.
    Raises: OSError: the disk is full or cannot be written; nothing is left behind.
    """
    while True:
        try:
            return _write_temporary(folder, content)
        except OSError as error:
            if error.errno not in _FULL or not _make_room(folder, memoryview(content).nbytes):
                raise


def _make_room(folder: Path, size: int) -> bool:
    """Free some of the disk of a folder; return whether that was possible."""
    for root in (folder, *folder.parents):
        if (found := _room_makers.get(root)) is not None:
            make_room = found()
            return make_room is not None and make_room(size)
    return False


def _write_temporary(folder: Path, content: bytes | memoryview) -> Path:
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


def write_new(target: Path, content: bytes | memoryview) -> None:
    """Write a file that must not exist yet.

    Raises: FileExistsError: it exists, and is unchanged; OSError: it cannot be written.
    """
    temporary = write_temporary(target.parent, content)
    try:
        rename_new(temporary, target)
    finally:
        delete_if_possible(temporary)


def rename_new(source: Path, target: Path) -> None:
    """Rename a file to a name that must not exist yet.

    Raises: FileExistsError: it exists, and is unchanged; OSError: it cannot be written.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "File exists", str(target)) from None
        os.replace(source, target)
    else:
        delete_if_possible(source)


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
