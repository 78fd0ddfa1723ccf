"""Clips that can be freed, deleted and starred, and brought back again."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from msanii_live.audio import ClipInfo
from msanii_live.errors import Code, CommandError
from msanii_live.library import clip_files, companions, naming, ownership, sidecar
from msanii_live.library.cached_clips import CachedClips
from msanii_live.library.clip_index import FreedClip
from msanii_live.library.trash import Trash, TrashedClip

SOURCE_KEYS = ("src", "a", "b")  # of a command, that name the clips that it works on
_log = logging.getLogger(__name__)


class RestorableClips(CachedClips):
    """The clips of a folder and its trash. Every method may be called from any thread."""

    def __init__(self, folder: Path, infos: Iterable[ClipInfo], cache_bytes: int) -> None:
        """Index the clips of a folder, and its trash. See `ClipIndex`."""
        super().__init__(folder, infos, cache_bytes)
        self.trash = Trash(folder)

    def _keep(self, replaced: ClipInfo | None, warn: Callable[[str], None]) -> TrashedClip | None:
        """Put the clip that is about to be replaced into the trash, if there is one."""
        if replaced is None:
            return None
        try:
            return self.trash.keep(replaced)
        except OSError as error:
            reason = naming.error_reason(error)
            warn(f"the earlier {replaced.name} is lost: the trash is not writable ({reason})")
            return None

    def recall(self, freed: FreedClip) -> None:
        """List a clip again that was freed.

        Raises: CommandError: EPATH, its name is taken; ENOCLIP, its file is gone.
        """
        name = freed.info.name
        found = (
            sidecar.read_clip(self.folder, freed.info.stem) if freed.memory is None else freed.info
        )
        if found is None:
            raise CommandError(
                Code.ENOCLIP,
                f"{freed.info.stem}{freed.info.suffix} or its .json is no longer in the folder",
            )
        with self._lock:
            if name in self:
                raise CommandError(Code.EPATH, f"{name} is taken: rename that clip first")
            if freed.memory is not None:
                self._index(freed.memory, unsaved=True)
            else:
                self._index_again(found)

    def delete(self, name: str) -> FreedClip | TrashedClip:
        """Remove a clip from the list and its files, notes and stems to the trash.

        A file of the user's stays where it is; that clip is only freed.
        Raises: CommandError: ENOCLIP; EPATH, the trash cannot be written.
        """
        info = self.info(name)
        own = ownership.read_own(self.folder, info.stem)
        if own is None or info.name in self._unsaved:
            return self.free(info.name)
        stamps = ownership.stamps(self.folder, info.stem, own.suffix)
        try:
            kept = self.trash.keep(own)
        except OSError as error:
            raise naming.write_error("the trash", error) from None
        beside = companions.own_files(self.folder, own)
        with self._lock:
            if stamps == ownership.stamps(self.folder, info.stem, own.suffix):
                clip_files.delete_clip(self.folder, own, beside)
            with contextlib.suppress(CommandError):  # freed meanwhile
                self.free(info.name)
        self.trash.prune()
        return kept

    def restore(self, trashed: TrashedClip) -> None:
        """Move a clip from the trash back into the folder.

        Raises: CommandError: ENOCLIP, it is no longer there; EPATH, its name is taken.
        """
        if trashed.info.name in self:
            raise CommandError(Code.EPATH, f"{trashed.info.name} is taken: rename that clip first")
        info = self.trash.restore(trashed)
        with self._lock:
            self._index_again(info)

    def star(self, name: str, starred: bool) -> bool:
        """Mark a clip as chosen or not; return whether it was. A chosen one is never deleted.

        Raises: CommandError: ENOCLIP; EPATH, its sidecar cannot be written.
        """
        info = self.info(name)
        if ownership.foreign_sidecar(self.folder, info.stem) is not None:
            raise naming.foreign_file_error(f"{info.name}.json", info.name)
        if info.starred == starred:
            return starred
        try:
            self._change(info, lambda known: replace(known, starred=starred))
        except OSError as error:
            raise naming.write_error(f"{info.name}.json", error) from None
        return not starred

    def relink(self, name: str, to: str) -> None:
        """Tell the clips that were made from one that was renamed of its new name."""

        def with_new_name(info: ClipInfo) -> ClipInfo:
            parents = tuple(to if parent == name else parent for parent in info.parents)
            command = {
                key: to if key in SOURCE_KEYS and value == name else value
                for key, value in info.command.items()
            }
            return replace(info, parents=parents, command=command)

        for info in self.infos():
            if name in info.parents and not ownership.foreign_sidecar(self.folder, info.stem):
                try:
                    self._change(info, with_new_name)
                except (OSError, ValueError) as error:
                    _log.warning("%s.json cannot be written: %s", info.name, str(error)[:200])

    def _change(self, info: ClipInfo, change: Callable[[ClipInfo], ClipInfo]) -> None:
        """Change the info of a clip in the list and on disk; its place and its files stay.

        Raises: OSError, ValueError: the sidecar cannot be read or written.
        """
        with self._lock:
            if self._infos.get(info.name) is not info:
                return
            is_unsaved = info.name in self._unsaved
            stamp = self._stamps.get(info.name)
            if not is_unsaved:
                on_disk = sidecar.read_sidecar(self.folder, info.stem)
                sidecar.write_sidecar(self.folder, change(on_disk))
            self._reindex(info, change(info), is_unsaved=is_unsaved)
            if stamp is not None:
                self._stamps[info.name] = stamp
