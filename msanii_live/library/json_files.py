"""Named JSON files of one kind in a folder of their own, written whole and read with suspicion.

Each file records a hash of its own content. One that was edited by hand can be loaded, but is never
replaced or deleted.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msanii_live.audio import is_clip_name
from msanii_live.errors import Code, CommandError
from msanii_live.library import naming, paths

_MAX_SET_ASIDE = 100  # files of one name that were set aside
_log = logging.getLogger(__name__)

Content = Mapping[str, Any]


class LaterVersionError(ValueError):
    """A file that a later version of msanii-live has written."""


@dataclass(frozen=True)
class JsonFiles:
    """One kind of named JSON files.

    subfolder: of the shared folder, where they lie. kind: what each says it is. noun: what one is
    called. version: of what is written. max_bytes: of one that is read. indent: of what is written.
    """

    subfolder: str
    kind: str
    noun: str
    version: int = 1
    max_bytes: int = 2**20
    indent: int | None = 1

    def path(self, folder: Path, name: str) -> Path:
        """Return the path of a file. Raises: CommandError: ERANGE, the name is illegal."""
        if not is_clip_name(name):
            raise CommandError(
                Code.ERANGE,
                f"{name!r} is no {self.noun} name: use 1 to 64 letters, digits, '_', '.' and '-', "
                "and none of current, last, input, all, none",
            )
        return folder / self.subfolder / f"{name}.json"

    def save(self, folder: Path, name: str, content: Content) -> None:
        """Write a file; an earlier one of that name is replaced.

        Raises: CommandError: ERANGE, the name is illegal; EPATH, a file that is not ours, or was
        edited by hand, is in the way, or the disk cannot be written.
        """
        path, shown = self.path(folder, name), f"{self.subfolder}/{name}.json"
        try:
            paths.make_folder(folder, path.parent)
        except OSError as error:  # a file or a link is there
            raise naming.write_error(shown, error) from None
        self.write(path, content, shown)

    def write(self, path: Path, content: Content, shown: str) -> None:
        """Write a file to a path; see `save`."""
        body = {"kind": self.kind, "version": self.version, **content}
        text = json.dumps({**body, "blake2b": _hash(body)}, indent=self.indent) + "\n"
        try:
            if self.is_own(path):
                paths.write_atomically(path, text.encode())
            else:
                paths.write_new(path, text.encode())
        except FileExistsError:
            raise naming.occupied_error(shown) from None
        except OSError as error:
            raise naming.write_error(shown, error) from None

    def rewrite(self, path: Path, content: Content, shown: str) -> None:
        """Write a file that the server keeps for itself; one that is damaged is set aside first.

        Raises: CommandError: EPATH, a later version wrote it, and it stays; or as `save`.
        """
        try:
            self.read(path)
        except LaterVersionError as error:
            raise CommandError(Code.EPATH, f"{shown} stays as it is: {error}") from None
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            set_aside(path, str(error))
        else:
            if not self.is_own(path):
                set_aside(path, "it was edited by hand")
        self.write(path, content, shown)

    def load(self, folder: Path, name: str) -> Content:
        """Read a file.

        Raises: CommandError: ERANGE, the name is illegal; ENOCLIP, there is none; EPATH, it is none
        of this kind.
        """
        path = self.path(folder, name)
        if not paths.is_own_file(folder, path):
            raise naming.unknown_name_error(self.noun, name, self.names(folder))
        try:
            return self.read(path)
        except (OSError, ValueError) as error:
            text = f"{self.subfolder}/{name}.json cannot be read: {str(error)[:200]}"
            raise CommandError(Code.EPATH, text) from None

    def read(self, path: Path) -> Content:
        """Read a file from a path. Raises: OSError, ValueError: it is none of this kind."""
        if path.stat().st_size > self.max_bytes:
            raise ValueError("it is too long")
        try:
            content = json.loads(path.read_text("utf-8"))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(content, dict) or content.get("kind") != self.kind:
            raise ValueError(f"it is no {self.noun}")
        if content.get("version") != self.version:
            raise LaterVersionError(f"it is of a later version of msanii-live ({self.noun})")
        return content

    def delete(self, folder: Path, name: str) -> None:
        """Delete a file. Raises: CommandError: as `load`; EPATH, it was edited by hand."""
        self.load(folder, name)
        path = self.path(folder, name)
        if not self.is_own(path):
            raise CommandError(
                Code.EPATH,
                f"{self.subfolder}/{name}.json was edited by hand and is left alone: delete it "
                "yourself",
            )
        paths.delete_if_possible(path)

    def names(self, folder: Path) -> list[str]:
        """Return the names of all files, in order. What is none is passed over and logged."""
        found = []
        for path in sorted((folder / self.subfolder).glob("*.json")):
            if not is_clip_name(path.stem) or not paths.is_own_file(folder, path):
                continue
            try:
                self.read(path)
            except (OSError, ValueError) as error:
                _log.warning("skipped %s/%s: %s", self.subfolder, path.name, str(error)[:200])
            else:
                found.append(path.stem)
        return found

    def is_own(self, path: Path) -> bool:
        """Return whether a file is as it was written."""
        try:
            if path.is_symlink():
                return False
            content = dict(self.read(path))
        except (OSError, ValueError):
            return False
        return bool(content.pop("blake2b", "") == _hash(content))


def set_aside(path: Path, why: str) -> None:
    """Rename a file that is in the way of one of ours to NAME.old, or NAME.old-2 and so on.

    Raises: CommandError: EPATH, it cannot be renamed.
    """
    for number in range(1, _MAX_SET_ASIDE + 1):
        to = path.with_name(f"{path.name}.old" + (f"-{number}" if number > 1 else ""))
        try:
            paths.rename_new(path, to)
        except FileExistsError:
            continue
        except OSError as error:
            raise naming.write_error(to.name, error) from None
        _log.warning("%s is %s from now on: %s", path.name, to.name, why[:200])
        return
    text = f"{path.name} cannot be used ({why[:200]}): delete it, and its copies that end in .old"
    raise CommandError(Code.EPATH, text)


def _hash(body: Content) -> str:
    return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=16).hexdigest()


SCENES = JsonFiles("scenes", "msanii-live scene", "scene")
AUTOMATIONS = JsonFiles(
    "automation", "msanii-live automation", "automation", max_bytes=2**22, indent=None
)
