"""Clips with their samples, notes and stems, from memory or read from the folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo, Samples
from msanii_live.errors import Code, CommandError
from msanii_live.library import clip_files, companions, naming, paths, sidecar
from msanii_live.library.clip_index import ClipIndex

_log = logging.getLogger(__name__)


class CachedClips(ClipIndex):
    """The clips of a folder, read when they are needed. Every method may be called from any thread.

    Where a method takes a clip's name, "last" means the newest clip. The lock is never held while
    samples are read.
    """

    def refresh(self, name: str) -> ClipInfo:
        """Return a clip's info; where its file was written anew, that of the new sound.

        Raises: CommandError: ENOCLIP; EPATH, the new file cannot be read.
        """
        info = self.info(name)
        return info if self._is_unchanged(info) else self._read_clip(info).info

    def resolve(self, text: str) -> Path:
        """Return the absolute path of a path inside the folder; see `paths.resolve`."""
        return paths.resolve(self.folder, text)

    def get(self, name: str) -> Clip:
        """Return a clip, or a sound file of the folder as float32 (frames, 2) at 44,100 Hz.

        A recent clip comes from memory, unless its file has changed since.

        Raises: CommandError: ENOCLIP; EPATH, outside the folder, unreadable or beyond a limit.
        """
        with self._lock:
            info = self.info(name) if name == "last" else self._infos.get(name)
            cached = self._cache.get(info.name) if info is not None else None
        if info is None:
            return self._read_file(name)
        if cached is not None and self._is_unchanged(info):
            return cached
        return self._read_clip(info)

    def companion_path(self, name: str, suffix: str) -> Path | None:
        """Return the path of a clip's notes (".mid") or of a stem (".drums.wav"); None without one.

        Raises: CommandError: ENOCLIP.
        """
        return companions.find_path(self.folder, self.info(name), suffix)

    def stems(self, name: str) -> Mapping[str, Samples]:
        """Return a clip's stems by part, each of its shape; empty if it has none.

        Raises: CommandError: ENOCLIP.
        """
        info = self.info(name)
        with self._lock:
            cached = self._cache.get(info.name)
        if cached is not None and cached.stems:
            return cached.stems
        return companions.read_stems(self.folder, info)

    def _read_clip(self, info: ClipInfo) -> Clip:
        audio = sidecar.audio_path(self.folder, info)
        if not paths.is_own_file(self.folder, audio):
            with self._lock:
                if self._infos.get(info.name) is info:
                    self.free(info.name)
            raise CommandError(Code.ENOCLIP, f"{audio.name} is no longer in the shared folder")
        stamp = paths.stamp(audio)
        clip = clip_files.reload_clip(self.folder, info)
        if replace(clip.info, wrote=info.wrote) == info:
            clip = replace(clip, info=info)
        with self._lock:
            if self._infos.get(info.name) is not info:
                return clip
            self._stamps[info.name] = stamp
            if clip.info is info:
                self._cache.put(info.name, replace(clip, warnings=()))  # each is told once
                return clip
            self._index(replace(clip, warnings=()))
        try:
            sidecar.write_sidecar(self.folder, clip.info)
        except OSError as error:
            _log.warning("%s.json cannot be written: %s", info.name, naming.error_reason(error))
        return clip

    def _read_file(self, text: str) -> Clip:
        try:
            path = self.resolve(text) if text else None
        except CommandError:
            if naming.is_bare(text):
                raise naming.unknown_clip_error(self.folder, text, self.names()) from None
            raise
        if path is None or not paths.is_file(path, text):
            raise naming.unknown_clip_error(self.folder, text, self.names())
        for info in self.infos():
            if path == sidecar.audio_path(self.folder, info):
                return self.get(info.name)
        key = (path, paths.stamp(path))
        with self._lock:
            clip = self._cache.get(key)
        if clip is None:
            clip = clip_files.import_audio(self.folder, path)
            with self._lock:
                self._cache.put(key, clip)
        return clip
