"""The library of clips: all are on disk in the shared folder, recent ones also in memory."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import Code, CommandError, ConfigError
from msanii_live.library import file_exchange, naming, paths, retention, sidecar
from msanii_live.library.cache import ClipCache

CACHE_BYTES = 2**30


class Library:
    """All clips of the shared folder. Every method may be called from any thread.

    Where a method takes a clip's name, "last" means the newest clip. The lock is never held while
    samples are read, written or encoded.
    """

    def __init__(self, folder: Path, cache_bytes: int = CACHE_BYTES, keep_bytes: int = 0) -> None:
        """Open the folder, create it if necessary, and index its clips.

        cache_bytes: of samples kept in memory. keep_bytes: of clips kept on disk, beyond which the
        oldest are deleted; 0 keeps all.
        Raises: ConfigError: the folder cannot be created, listed or written.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.folder = folder.resolve()
            paths.delete_if_possible(paths.write_temporary(self.folder, b""))
            paths.delete_leftovers(self.folder)
            found = sidecar.read_clips(self.folder)
        except (OSError, RuntimeError) as error:
            raise ConfigError(
                f"folder is {folder.as_posix()}: it cannot be written "
                f"({naming.error_reason(error)}); make it writable, or pick another with --folder"
            ) from None
        self._keep_bytes = keep_bytes
        self._lock = threading.RLock()
        self._infos = {info.name: info for info in found}  # oldest first
        self._own_names = set(self._infos)  # names of WAV files that may be replaced
        self._unsaved: set[str] = set()
        self._numbers: dict[str, int] = {}
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
        name = self.info(name).name
        with self._lock:
            if name in self._unsaved:
                raise naming.memory_only_error(name, "it could not be written")
        return sidecar.wav_path(self.folder, name)

    def resolve(self, text: str) -> Path:
        """Return the absolute path of a path inside the folder; see `paths.resolve`."""
        return paths.resolve(self.folder, text)

    def get(self, name: str) -> Clip:
        """Return a clip, or a sound file of the folder as float32 (frames, 2) at 44,100 Hz.

        A recent clip comes from memory, without access to the disk.

        Raises: CommandError: ENOCLIP; EPATH, outside the folder, unreadable or beyond a limit.
        """
        with self._lock:
            info = self.info(name) if name == "last" else self._infos.get(name)
            cached = self._cache.get(info.name) if info is not None else None
        if cached is not None:
            return cached
        return self._read_file(name) if info is None else self._read_clip(info)

    def _read_clip(self, info: ClipInfo) -> Clip:
        wav = sidecar.wav_path(self.folder, info.name)
        if not paths.is_own_file(self.folder, wav):
            with self._lock:
                if self._infos.get(info.name) is info:
                    self.free(info.name)
            raise CommandError(Code.ENOCLIP, f"{wav.name} is no longer in the shared folder")
        clip = sidecar.reload_clip(wav, info)
        with self._lock:
            if self._infos.get(info.name) is info:
                self._cache.put(info.name, clip)
        return clip

    def _read_file(self, text: str) -> Clip:
        path = self.resolve(text) if text and not naming.is_bare(text) else None
        if path is None or not path.is_file():
            raise naming.unknown_clip_error(self.folder, text, self.names())
        if path.parent == self.folder and path.suffix == ".wav" and path.stem in self:
            return self.get(path.stem)
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        with self._lock:
            clip = self._cache.get(key)
        if clip is None:
            clip = sidecar.import_audio(self.folder, path)
            with self._lock:
                self._cache.put(key, clip)
        return clip

    def next_name(self, verb: str) -> str:
        """Return a new name such as generate-0007. No clip or file has it, and none is given twice.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Library(Path(folder)).next_name("generate")
        'generate-0001'
        """
        verb = verb.rsplit("/", 1)[-1]
        with self._lock:
            number = self._numbers.get(verb) or naming.highest_number(
                self.folder, verb, self._infos
            )
            while True:
                number += 1
                name = f"{verb}-{number:04d}"
                if name not in self._infos and not sidecar.is_taken(self.folder, name):
                    self._numbers[verb] = number
                    return name

    def add(self, clip: Clip) -> Path:
        """Add a clip, write it to disk and return its WAV; it replaces one of the same name.

        Raises: CommandError: ERANGE, the name is illegal; EPATH, it could not be written, but it
            is in memory and plays.
        """
        name = clip.info.name
        naming.check_name(name)
        clip = Clip(clip.samples, replace(clip.info, wrote=time.time()))
        wav = sidecar.wav_path(self.folder, name)
        with self._lock:
            self._index(clip, unsaved=True)
            is_foreign = name not in self._own_names and sidecar.is_foreign(self.folder, name)
        if is_foreign:
            raise naming.foreign_file_error(name)
        try:
            staged = sidecar.stage_clip(self.folder, clip)
            with self._lock:
                self._own_names.add(name)  # before publishing, which may fail with the WAV in place
                sidecar.publish_clip(self.folder, name, staged)
                if self._infos.get(name) is clip.info:
                    self._unsaved.discard(name)
                    self._cache.unpin(name)
        except OSError as error:
            raise naming.memory_only_error(name, naming.error_reason(error)) from None
        self._delete_oldest()
        return wav

    def _delete_oldest(self) -> None:
        """Delete the oldest clips and their files while they exceed the limit; keep the newest."""
        if not self._keep_bytes:
            return
        with self._lock:
            for name in retention.clips_over_limit(self._infos.values(), self._keep_bytes):
                if name not in self._own_names or name in self._unsaved:
                    continue
                retention.delete_clip(self.folder, name)
                self._own_names.discard(name)
                self.free(name)

    def _index(self, clip: Clip, *, unsaved: bool = False) -> None:
        name = clip.info.name
        with self._lock:
            self._infos.pop(name, None)  # so that it is the newest
            self._infos[name] = clip.info
            self._cache.put(name, clip, pinned=unsaved)
            (self._unsaved.add if unsaved else self._unsaved.discard)(name)

    def free(self, name: str) -> None:
        """Remove a clip from the index; its file stays and is found again at the next start.

        Raises: CommandError: ENOCLIP.
        """
        with self._lock:
            name = self.info(name).name
            del self._infos[name]
            self._cache.remove(name)
            self._unsaved.discard(name)

    def rename(self, name: str, to: str) -> None:
        """Rename a clip and its files.

        Raises: CommandError: ENOCLIP; ERANGE, `to` is illegal; EPATH, `to` is taken or cannot be
        written.
        """
        naming.check_name(to)
        with self._lock:
            info = self.info(name)
            if to in self._infos or sidecar.is_taken(self.folder, to):
                raise CommandError(Code.EPATH, f"{to} is taken: free it, or pick another name")
            renamed = replace(info, name=to)
            is_unsaved = info.name in self._unsaved
            if not is_unsaved:
                try:
                    sidecar.rename_clip(self.folder, info.name, renamed)
                except OSError as error:
                    raise naming.write_error(f"{to}.wav", error) from None
                self._own_names.discard(info.name)
                self._own_names.add(to)
            cached = self._cache.get(info.name)
            self._cache.remove(info.name)
            if cached is not None:
                self._cache.put(to, cached.renamed(to), pinned=is_unsaved)
            if is_unsaved:
                self._unsaved.remove(info.name)
                self._unsaved.add(to)
            # It keeps its place in the order.
            infos = [renamed if known is info else known for known in self._infos.values()]
            self._infos = {known.name: known for known in infos}

    def save(self, name: str, path: str) -> Path:
        """Write a copy of a clip to a file, or write a clip that is only in memory to disk.

        path: a file in the folder, ending in .wav (32-bit float) or .flac (24 bits); its folders
        are created.
        Raises: CommandError: ENOCLIP; EPATH, outside the folder, another clip's file, or the file
            cannot be written.
        """
        clip = self.get(name)
        target = self.resolve(path)
        own = sidecar.wav_path(self.folder, clip.info.name)
        if target == own and clip.info.name in self:
            return self.add(clip) if clip.info.name in self._unsaved else target
        file_exchange.export_clip(self.folder, clip, target, path)
        return target

    def load(self, path: str, clip: str = "", bpm: float | None = None) -> ClipInfo:
        """Add a sound file of the folder as a clip; the file itself is not changed.

        clip: its name; by default the file's name, with "-" for characters that a clip's name may
        not have. A WAV that already has that name becomes the clip's own file, unchanged. bpm: its
        tempo, if known.
        Raises: CommandError: ERANGE, the name is illegal; EPATH, outside the folder, unreadable,
            beyond a limit, the file's own name is taken, or the clip cannot be written.
        """
        source = self.resolve(path)
        if not source.is_file():
            raise CommandError(Code.EPATH, f"{path!r} is no file in the shared folder")
        name = clip or naming.default_name(source.stem)
        naming.check_name(name)
        in_place = source == sidecar.wav_path(self.folder, name)
        with self._lock:
            if not clip and not in_place and (name in self or sidecar.is_taken(self.folder, name)):
                text = f"there is a clip or file {name} already: name this one with the key clip"
                raise CommandError(Code.EPATH, text)
        loaded = file_exchange.read_source(self.folder, source, name, bpm)
        if not in_place:
            self.add(loaded)
            return self.info(name)
        try:
            sidecar.write_sidecar(self.folder, loaded.info)
        except OSError as error:
            raise naming.write_error(f"{name}.json", error) from None
        with self._lock:
            self._own_names.add(name)
            self._index(loaded)
        return loaded.info
