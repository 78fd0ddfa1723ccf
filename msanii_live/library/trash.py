"""The trash: the files of clips that were replaced or deleted, until it is full or they are old.

Each clip has a folder of its own in the trash, with its files under their names. A file is deleted
for good only if the clip's sidecar records its size and hash, and both still match.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msanii_live.audio import ClipInfo
from msanii_live.errors import Code, CommandError
from msanii_live.library import companions, naming, ownership, paths, sidecar

TRASH_FOLDER = ".msanii-live.trash"
MAX_BYTES = 2 * 10**9
MAX_AGE = 30 * 86_400.0  # s
MAX_CLIPS = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrashedClip:
    """A clip in the trash.

    folder: of its files. info: as its sidecar there has it. since: Unix seconds.
    """

    folder: Path
    info: ClipInfo
    since: float

    @property
    def size(self) -> int:
        """Bytes of its sound, notes and stems."""
        return self.info.size + sum(int(each["size"]) for each in self.info.companions.values())


class Trash:
    """The trash of a shared folder, oldest clip first. All methods may be called from any thread.

    A method that fails leaves the files where they were.
    """

    def __init__(self, folder: Path) -> None:
        """Find what is in the trash. folder: the shared folder, absolute and resolved."""
        self._folder = folder
        self._root = folder / TRASH_FOLDER
        self._lock = threading.RLock()
        self._clips = _read_clips(self._root, folder)
        self._last = 0
        paths.on_full_disk(folder, self.make_room)

    @property
    def clips(self) -> Sequence[TrashedClip]:
        """The clips in the trash, oldest first."""
        return tuple(self._clips)

    @property
    def size(self) -> int:
        """Bytes of all clips in the trash."""
        return sum(clip.size for clip in tuple(self._clips))

    def keep(self, own: ClipInfo) -> TrashedClip:
        """Put the present files of a clip into the trash, and leave them where they are as well.

        On file systems with hard links nothing is copied. own: the info on disk of a clip whose
        files are the server's own.
        Raises: OSError: the disk is full or cannot be written.
        """
        audio = sidecar.audio_path(self._folder, own)
        beside = companions.own_files(self._folder, own)
        records = {file.suffix: own.companions[file.suffix] for file in beside}
        info = replace(own, companions=records)
        if not info.blake2b:  # of an earlier version
            found = ownership.file_fingerprint(audio)
            info = replace(info, size=found.size, blake2b=found.blake2b)
        with self._lock:
            entry = self._new_entry(own.name)
            try:
                # The sidecar first: what a crash leaves behind it can be deleted by its records.
                paths.write_new(entry / f"{own.name}.json", info.to_json().encode())
                _link_or_copy(audio, entry / f"{own.name}{own.suffix}")
                for file in beside:
                    _link_or_copy(file.path, entry / f"{own.name}{file.suffix}")
            except BaseException:
                shutil.rmtree(entry, ignore_errors=True)  # copies, made just now
                raise
            kept = TrashedClip(entry, info, time.time())
            self._clips.append(kept)
            return kept

    def restore(self, clip: TrashedClip) -> ClipInfo:
        """Move a clip's files back to the shared folder and return its info.

        A companion whose name is taken by now stays in the trash.
        Raises: CommandError: ENOCLIP, it is no longer in the trash; EPATH, its name is taken, or
            the files cannot be moved.
        """
        name = clip.info.name
        with self._lock:
            if clip not in self._clips:
                text = f"{name} is no longer in the trash, which keeps {MAX_BYTES / 1e9:g} GB"
                raise CommandError(Code.ENOCLIP, text)
            if sidecar.is_taken(self._folder, clip.info.stem, clip.info.suffix):
                text = f"{name} is taken: rename or delete that clip first"
                raise CommandError(Code.EPATH, text)
            try:
                info = self._move_back(clip)
            except OSError as error:
                raise naming.write_error(f"{name}{clip.info.suffix}", error) from None
            self._clips.remove(clip)
            _remove_empty(clip.folder)
            return info

    def undo_keep(self, clip: TrashedClip) -> None:
        """Take a clip out of the trash that was not replaced after all; its files are in place."""
        with self._lock, contextlib.suppress(CommandError, ValueError):
            if sidecar.is_taken(self._folder, clip.info.stem, clip.info.suffix):
                self._clips.remove(clip)
                _delete(clip)
            else:
                self.restore(clip)

    def prune(self, max_bytes: float = MAX_BYTES) -> None:
        """Delete the oldest clips until the rest fits, and those that are too old."""
        with self._lock:
            size, now = self.size, time.time()
            while self._clips:
                oldest = self._clips[0]
                is_old = now - oldest.since > MAX_AGE
                if not is_old and size <= max_bytes and len(self._clips) <= MAX_CLIPS:
                    return
                size -= oldest.size
                self._clips.pop(0)
                _delete(oldest)

    def make_room(self, size: int) -> bool:
        """Delete the oldest clips of at least so many bytes; return whether there was any."""
        with self._lock:
            freed = 0
            while self._clips and freed <= size:
                oldest = self._clips.pop(0)
                freed += oldest.size
                _delete(oldest)
            return freed > 0

    def _new_entry(self, name: str) -> Path:
        self._last = max(time.time_ns(), self._last + 1)  # so that a name sorts by age
        entry = self._root / f"{self._last:020d}-{name}"
        entry.mkdir(parents=True)
        return entry

    def _move_back(self, clip: TrashedClip) -> ClipInfo:
        """Move the files of a clip back, its sidecar last: it never lacks a file."""
        info, audio = clip.info, sidecar.audio_path(self._folder, clip.info)
        source = clip.folder / f"{info.name}{info.suffix}"
        paths.make_folder(self._folder, audio.parent)
        paths.rename_new(source, audio)
        try:
            records = {}
            for suffix, record in info.companions.items():
                with contextlib.suppress(OSError):
                    beside = self._folder / f"{info.stem}{suffix}"
                    paths.rename_new(clip.folder / f"{info.name}{suffix}", beside)
                    records[suffix] = record
            info = replace(info, companions=records)
            side = sidecar.sidecar_path(self._folder, info.stem)
            paths.write_new(side, info.to_json().encode())
        except BaseException:
            paths.rename_new(audio, source)
            raise
        paths.delete_if_possible(clip.folder / f"{info.name}.json")
        return info


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _delete(clip: TrashedClip) -> None:
    """Delete the files of a clip that are still the ones that its sidecar records."""
    info = clip.info
    records = [(info.suffix, info.size, info.blake2b)]
    records += [(s, int(r["size"]), str(r["blake2b"])) for s, r in info.companions.items()]
    for suffix, size, blake2b in records:
        path = clip.folder / f"{info.name}{suffix}"
        if ownership.matches(path, size, blake2b):
            paths.delete_if_possible(path)
    side = clip.folder / f"{info.name}.json"
    with contextlib.suppress(OSError, ValueError):
        sidecar.read_sidecar(clip.folder, info.name)
        paths.delete_if_possible(side)
    _remove_empty(clip.folder)
    _log.info("deleted %s from the trash", info.name)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _read_clips(root: Path, folder: Path) -> list[TrashedClip]:
    """Return the clips in the trash, and remove what a crash has left there.

    folder: the shared folder.
    """
    try:
        entries = sorted(entry for entry in root.iterdir() if entry.is_dir())
    except OSError:
        return []
    found = []
    for entry in entries:
        number, _, name = entry.name.partition("-")
        if not number.isdecimal():
            continue
        try:
            info = sidecar.read_facts(entry / f"{name}.json")
        except (OSError, ValueError) as error:
            _remove_remains(entry, folder, name)
            if entry.exists():
                why = str(error)[:200]
                _log.warning("skipped %s in the trash: delete it yourself (%s)", entry.name, why)
            continue
        info = info if info.name == name else replace(info, name=name, file="")
        clip = TrashedClip(entry, info, int(number) / 1e9)
        if info.blake2b and (entry / f"{name}{info.suffix}").is_file():
            found.append(clip)
        elif os.path.lexists(sidecar.sidecar_path(folder, info.stem)):
            _delete(clip)  # it was not yet replaced, or is back already
    return found


def _remove_remains(entry: Path, folder: Path, name: str) -> None:
    """Delete the files of an entry without a sidecar of which nothing is lost.

    These are links to files that are elsewhere as well, and what the sidecar in the shared folder
    records.
    """
    with contextlib.suppress(OSError):
        own = ownership.read_own(folder, name)
        records = {}
        if own is not None:
            records = {own.suffix: (own.size, own.blake2b)}
            for suffix, record in own.companions.items():
                records[suffix] = (int(record["size"]), str(record["blake2b"]))
        for path in list(entry.iterdir()):
            suffix = path.name.removeprefix(name)
            is_ours = path.is_file() and not path.is_symlink() and path.name.startswith(name)
            is_linked = is_ours and path.stat().st_nlink > 1
            is_known = is_ours and suffix in records and ownership.matches(path, *records[suffix])
            if is_linked or is_known:
                paths.delete_if_possible(path)
    _remove_empty(entry)
