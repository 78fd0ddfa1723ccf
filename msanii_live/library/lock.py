"""One server a folder: two would take each other's names and sweep each other's files."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from msanii_live.errors import ConfigError

NAME = ".msanii-live.lock"


class FolderLock:
    """Hold a folder until `release`, or until this process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Lock a folder, made if need be.

        Raises: ConfigError: another server has it. A folder that cannot hold a lock, as on some
        network drives, goes without; one that cannot be written is for `Library` to refuse.
        """
        self._file: IO[str] | None = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / NAME).open("a+", encoding="utf-8")
        if self._file is None:
            return
        try:
            _lock(self._file)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read(20).strip()
            self.release()
            raise ConfigError(
                f"folder is {folder.as_posix()}: another msanii-live, process {owner or '?'}, has "
                "it; end that one, or pick another folder with --folder"
            ) from None
        except OSError:
            return
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let another server have the folder. Releasing twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(1_000)  # a byte that is never read, as Windows locks against reading too
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            raise BlockingIOError from None

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
