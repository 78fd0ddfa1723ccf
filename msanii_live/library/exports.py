"""Copies of clips that the user asked for, and the record of them.

The record keeps the size and hash of each copy. So a copy may be written again under its name,
while a file of the user's, or a copy that the user has changed, never is.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.library import naming, ownership, paths, sidecar
from msanii_live.library.audio_encoding import AudioFormat, encode_clip

_log = logging.getLogger(__name__)
RECORD = ".msanii-live.exports.json"
_MAX_ENTRIES = 10_000
_MAX_RECORD_BYTES = 4 * 2**20


class Exports:
    """The copies of clips in a shared folder. Every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        """Read the record; one that cannot be read is started anew. folder: absolute, resolved."""
        self._folder = folder
        self._lock = threading.Lock()
        self._entries = _read_record(folder / RECORD)

    def write(self, clip: Clip, target: Path, form: AudioFormat, shown: str) -> tuple[str, ...]:
        """Write a copy of a clip and return warnings.

        target: inside the folder; its folders are created. shown: its name in error texts.
        Raises: CommandError: EPATH, a clip's own file, a file of the user's, or not writable.
        """
        if self._is_clips_own(target):
            text = f"{shown} is clip {target.stem}'s own: pick another path"
            raise CommandError(Code.EPATH, text)
        content, warnings = encode_clip(clip, form)
        key = target.relative_to(self._folder).as_posix()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._lock:
                if self._is_own(target, key):
                    paths.write_atomically(target, content)
                else:
                    paths.write_new(target, content)
                self._record(key, ownership.fingerprint(content))
        except FileExistsError:
            raise naming.occupied_error(shown) from None
        except OSError as error:
            raise naming.write_error(shown, error) from None
        return warnings

    def _is_clips_own(self, target: Path) -> bool:
        """Return whether a path is, or was, a clip's sound file."""
        stem = target.relative_to(self._folder).with_suffix("").as_posix()
        if not os.path.lexists(sidecar.sidecar_path(self._folder, stem)):
            return False
        try:
            return target.suffix in (".wav", sidecar.read_sidecar(self._folder, stem).suffix)
        except (OSError, ValueError):
            return target.suffix == ".wav" and target.parent == self._folder

    def _is_own(self, target: Path, key: str) -> bool:
        entry = self._entries.get(key)
        return entry is not None and ownership.matches(target, *entry)

    def _record(self, key: str, found: ownership.Fingerprint) -> None:
        self._entries.pop(key, None)
        self._entries[key] = (found.size, found.blake2b)
        while len(self._entries) > _MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        try:
            text = json.dumps({"version": 1, "exports": self._entries}, indent=0)
            paths.write_atomically(self._folder / RECORD, text.encode())
        except OSError as error:
            _log.warning("the record of exports cannot be written: %s", naming.error_reason(error))


def _read_record(path: Path) -> dict[str, tuple[int, str]]:
    try:
        if path.stat().st_size > _MAX_RECORD_BYTES:
            return {}
        exports = json.loads(path.read_text("utf-8"))["exports"]
        return {
            key: (size, blake2b)
            for key, (size, blake2b) in exports.items()
            if type(size) is int and isinstance(blake2b, str)
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        _log.warning("skipped %s: it is no record of exports", path.name)
        return {}
