"""The lock that keeps a second server out of a shared folder.

Two servers in one folder would use each other's names and delete each other's temporary files.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from msanii_live.errors import ConfigError

NAME = ".msanii-live.lock"
_OWNER_OFFSET = 1  # of the owner's process id: Windows does not let others read the locked byte 0


class FolderLock:
    """An exclusive lock on a folder, until `release` or the end of this process by any cause.

    The lock file stays when the lock is released, as deleting it would let two servers lock two
    files of the same name.
    """

    def __init__(self, folder: Path) -> None:
        """Lock a folder; create it if necessary.

        Raises: ConfigError: another server holds the lock; the text gives its process. A folder
        that cannot hold a lock, as on some network drives, is used without one. A folder that
        cannot be written is an error of `Library`.
        """
        self._file: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / NAME).open("a+b", buffering=0)
        if self._file is None:
            return
        try:
            is_locked = lock_descriptor(self._file.fileno(), blocking=False)
        except OSError:
            return
        if not is_locked:
            owner = self._read_owner()
            self.release()
            raise ConfigError(
                f"folder is {folder.as_posix()}: another msanii-live, process {owner}, has "
                "it; end that one, or pick another folder with --folder"
            )
        self._file.truncate(0)
        self._file.write(b" " * _OWNER_OFFSET + f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Release the lock. Releasing twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read_owner(self) -> str:
        assert self._file is not None
        with contextlib.suppress(OSError):
            self._file.seek(_OWNER_OFFSET)
            return self._file.read(20).decode(errors="replace").strip() or "?"
        return "?"


def find_folder_owner(folder: Path) -> str:
    """Return the process id of the server that has a folder; "" if none has. Write nothing."""
    try:
        with (folder / NAME).open("rb", buffering=0) as file:
            if lock_descriptor(file.fileno(), blocking=False):
                return ""  # the lock ends with this file
            file.seek(_OWNER_OFFSET)
            return file.read(20).decode(errors="replace").strip() or "?"
    except OSError:
        return ""
