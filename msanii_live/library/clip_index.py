"""The index of the library: which clips there are, and the recent ones in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import Code, CommandError
from msanii_live.library import naming, paths, sidecar
from msanii_live.library.cache import ClipCache


@dataclass(frozen=True)
class FreedClip:
    """A clip that was removed from the list. memory: the clip itself, where it has no file."""

    info: ClipInfo
    memory: Clip | None = None


class ClipIndex:
    """The clips of a folder by name, oldest first. Every method may be called from any thread."""

    def __init__(self, folder: Path, infos: Iterable[ClipInfo], cache_bytes: int) -> None:
        """Index the clips of a folder. infos: oldest first. cache_bytes: of samples in memory."""
        self.folder = folder
        self._lock = threading.RLock()
        self._infos = {info.name: info for info in infos}
        # Of each clip's sound file as it was last read: a change means that the user wrote it anew.
        self._stamps = {
            name: paths.stamp(sidecar.audio_path(folder, info))
            for name, info in self._infos.items()
        }
        self._unsaved: set[str] = set()
        self._cache = ClipCache(cache_bytes)

    def __len__(self) -> int:
        """Return the number of clips."""
        with self._lock:
            return len(self._infos)

    def __contains__(self, name: object) -> bool:
        """Return whether a clip has this name."""
        with self._lock:
            return name in self._infos

    def names(self) -> list[str]:
        """Return the names of all clips, newest first."""
        return [info.name for info in self.infos()]

    def infos(self) -> list[ClipInfo]:
        """Return the infos of all clips, newest first."""
        with self._lock:
            return list(reversed(self._infos.values()))

    def info(self, name: str) -> ClipInfo:
        """Return a clip's info.

        Raises: CommandError: ENOCLIP.
        """
        with self._lock:
            if name == "last":
                if not self._infos:
                    text = "there is no clip yet: /msanii/generate makes one"
                    raise CommandError(Code.ENOCLIP, text)
                return next(reversed(self._infos.values()))
            info = self._infos.get(name)
        if info is None:
            raise naming.unknown_clip_error(self.folder, name, self.names())
        return info

    def path(self, name: str) -> Path:
        """Return the path of a clip's WAV.

        Raises: CommandError: ENOCLIP; EPATH, it could not be written and is only in memory.
        """
        info = self.info(name)
        with self._lock:
            if info.name in self._unsaved:
                raise naming.memory_only_error(info.name, "it could not be written")
        return sidecar.audio_path(self.folder, info)

    def _is_unchanged(self, info: ClipInfo) -> bool:
        """Return whether a clip's file is the one that was read or written last, or is gone."""
        with self._lock:
            if info.name in self._unsaved:
                return True
            known = self._stamps.get(info.name)
        found = paths.stamp(sidecar.audio_path(self.folder, info))
        return found is None or found == known

    def _index(self, clip: Clip, *, unsaved: bool = False) -> None:
        name = clip.info.name
        with self._lock:
            self._infos.pop(name, None)  # so that it is the newest
            self._infos[name] = clip.info
            self._cache.put(name, clip, pinned=unsaved)
            (self._unsaved.add if unsaved else self._unsaved.discard)(name)

    def free(self, name: str) -> FreedClip:
        """Remove a clip from the index; its file stays and is found again at the next start.

        Raises: CommandError: ENOCLIP.
        """
        with self._lock:
            info = self.info(name)
            name = info.name
            memory = self._cache.get(name) if name in self._unsaved else None
            del self._infos[name]
            self._cache.remove(name)
            self._unsaved.discard(name)
            self._stamps.pop(name, None)
        return FreedClip(info, memory)

    def _index_again(self, info: ClipInfo) -> None:
        """Enter a clip that was in the index before, at its place by age."""
        with self._lock:
            later = {n: each for n, each in self._infos.items() if each.wrote > info.wrote}
            for name in later:
                del self._infos[name]
            self._infos |= {info.name: info, **later}
            self._stamps[info.name] = paths.stamp(sidecar.audio_path(self.folder, info))

    def _reindex(self, info: ClipInfo, renamed: ClipInfo, *, is_unsaved: bool) -> None:
        """Enter a clip under its new name, at its place in the order."""
        name, to = info.name, renamed.name
        cached = self._cache.get(name)
        self._cache.remove(name)
        if cached is not None:
            self._cache.put(to, replace(cached, info=renamed), pinned=is_unsaved)
        if is_unsaved:
            self._unsaved.remove(name)
            self._unsaved.add(to)
        else:
            self._stamps.pop(name, None)
            self._stamps[to] = paths.stamp(sidecar.audio_path(self.folder, renamed))
        infos = [renamed if known is info else known for known in self._infos.values()]
        self._infos = {known.name: known for known in infos}
