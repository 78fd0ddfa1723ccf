"""The shared folder: every finished clip, in memory while recent and on disk for good."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import Code, CommandError, ConfigError
from msanii_live.library import audio_files, naming, paths, retention, sidecar
from msanii_live.library.cache import ClipCache

MEMORY_BYTES = 2**30


class Library:
    """Hold all clips, oldest first inside; every method may be called from any thread.

    Wherever a clip's name is asked for, "last" is the newest. The lock is never held while
    samples are read, written or encoded.
    """

    def __init__(self, folder: Path, memory_bytes: int = MEMORY_BYTES, keep_bytes: int = 0) -> None:
        """Open the folder, made if need be, and find its clips again.

        keep_bytes: of clips on disk, beyond which the oldest are deleted; 0 keeps all.
        Raises: ConfigError: it cannot be made, listed or written.
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
                f"folder is {folder.as_posix()}: it cannot be written ({naming.error_reason(error)}); "
                "make it writable, or pick another with --folder"
            ) from None
        self._keep_bytes = keep_bytes
        self._lock = threading.RLock()
        self._infos = {info.name: info for info in found}
        self._ours = set(self._infos)  # names whose WAV may be replaced
        self._unsaved: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._memory = ClipCache(memory_bytes)

    def __len__(self) -> int:
        """Count the clips."""
        with self._lock:
            return len(self._infos)

    def __contains__(self, name: object) -> bool:
        """Tell whether a clip has this name."""
        with self._lock:
            return name in self._infos

    def names(self) -> list[str]:
        """List the clips, newest first."""
        return [info.name for info in self.infos()]

    def infos(self) -> list[ClipInfo]:
        """List what is known of the clips, newest first."""
        with self._lock:
            return list(reversed(self._infos.values()))

    def info(self, name: str) -> ClipInfo:
        """Return what is known of a clip.

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
        """Return where a clip's WAV is.

        Raises: CommandError: ENOCLIP; EPATH, it could not be written and is only in memory.
        """
        name = self.info(name).name
        with self._lock:
            if name in self._unsaved:
                raise naming.memory_only_error(name, "it could not be written")
        return sidecar.wav_path(self.folder, name)

    def resolve(self, text: str) -> Path:
        """Return the path inside the folder that a text names; see `paths.resolve`."""
        return paths.resolve(self.folder, text)

    def get(self, name: str) -> Clip:
        """Return a clip, or a sound file of the folder as float32 (frames, 2) at 44,100 Hz.

        A recent clip comes from memory, without a look at the disk.

        Raises: CommandError: ENOCLIP; EPATH, outside the folder, unreadable or beyond a limit.
        """
        with self._lock:
            info = self.info(name) if name == "last" else self._infos.get(name)
            cached = self._memory.get(info.name) if info is not None else None
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
                self._memory.put(info.name, clip)
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
            clip = self._memory.get(key)
        if clip is None:
            clip = sidecar.import_audio(self.folder, path)
            with self._lock:
                self._memory.put(key, clip)
        return clip

    def next_name(self, verb: str) -> str:
        """Make up a name such as generate-0007 that no clip or file has, and never the same twice.

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
        """Take a clip in, in place of one of the same name; return its WAV, whole on disk.

        Raises: CommandError: ERANGE, the name is illegal; EPATH, it could not be written, but is
            in memory and plays.
        """
        name = clip.info.name
        naming.check_name(name)
        clip = Clip(clip.samples, replace(clip.info, wrote=time.time()))
        wav = sidecar.wav_path(self.folder, name)
        with self._lock:
            self._remember(clip, unsaved=True)
            foreign = name not in self._ours and sidecar.is_foreign(self.folder, name)
        if foreign:
            raise naming.foreign_file_error(name)
        try:
            staged = sidecar.stage_clip(self.folder, clip)
            with self._lock:
                self._ours.add(name)  # first: it may fail with the WAV in place
                sidecar.publish_clip(self.folder, name, staged)
                if self._infos.get(name) is clip.info:
                    self._unsaved.discard(name)
                    self._memory.unpin(name)
        except OSError as error:
            raise naming.memory_only_error(name, naming.error_reason(error)) from None
        self._clean()
        return wav

    def _clean(self) -> None:
        """Delete the oldest clips, files and all, while there are too many; never the newest."""
        if not self._keep_bytes:
            return
        with self._lock:
            for name in retention.beyond(self._infos.values(), self._keep_bytes):
                if name not in self._ours or name in self._unsaved:
                    continue
                retention.delete(self.folder, name)
                self._ours.discard(name)
                self.free(name)

    def _remember(self, clip: Clip, *, unsaved: bool = False) -> None:
        name = clip.info.name
        with self._lock:
            self._infos.pop(name, None)  # so that it is the newest
            self._infos[name] = clip.info
            self._memory.put(name, clip, pinned=unsaved)
            (self._unsaved.add if unsaved else self._unsaved.discard)(name)

    def free(self, name: str) -> None:
        """Forget a clip; its file, if it has one, stays and is found again at the next start.

        Raises: CommandError: ENOCLIP.
        """
        with self._lock:
            name = self.info(name).name
            del self._infos[name]
            self._memory.drop(name)
            self._unsaved.discard(name)

    def rename(self, name: str, to: str) -> None:
        """Give a clip and its files another name.

        Raises: CommandError: ENOCLIP; ERANGE, `to` is illegal; EPATH, taken or not to be written.
        """
        naming.check_name(to)
        with self._lock:
            info = self.info(name)
            if to in self._infos or sidecar.is_taken(self.folder, to):
                raise CommandError(Code.EPATH, f"{to} is taken: free it, or pick another name")
            renamed = replace(info, name=to)
            unsaved = info.name in self._unsaved
            if not unsaved:
                try:
                    sidecar.rename_clip(self.folder, info.name, renamed)
                except OSError as error:
                    raise naming.write_error(f"{to}.wav", error) from None
                self._ours.discard(info.name)
                self._ours.add(to)
            cached = self._memory.get(info.name)
            self._memory.drop(info.name)
            if cached is not None:
                self._memory.put(to, cached.renamed(to), pinned=unsaved)
            if unsaved:
                self._unsaved.remove(info.name)
                self._unsaved.add(to)
            # It keeps its place among the newest.
            infos = [renamed if known is info else known for known in self._infos.values()]
            self._infos = {known.name: known for known in infos}

    def save(self, name: str, path: str) -> Path:
        """Write a copy of a clip, or write again a clip that is only in memory.

        path: a file in the folder, ending in .wav (32-bit float) or .flac (24 bits); its own
        folders are made.
        Raises: CommandError: ENOCLIP; EPATH, outside, another clip's file, or not to be written.
        """
        clip = self.get(name)
        target = self.resolve(path)
        suffix = target.suffix.lower()
        if suffix not in (".wav", ".flac"):
            raise CommandError(Code.EPATH, f"{path!r} must end in .wav or .flac")
        if target == sidecar.wav_path(self.folder, clip.info.name) and clip.info.name in self:
            return self.add(clip) if clip.info.name in self._unsaved else target
        stem = target.stem
        if (
            target == sidecar.wav_path(self.folder, stem)
            and sidecar.sidecar_path(self.folder, stem).exists()
        ):
            raise CommandError(Code.EPATH, f"{path} is clip {stem}'s own: pick another path")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            paths.write_atomically(target, audio_files.encode_audio(clip, suffix))
        except OSError as error:
            raise naming.write_error(path, error) from None
        return target

    def load(self, path: str, clip: str = "", bpm: float | None = None) -> ClipInfo:
        """Take a sound file of the folder in as a clip; the file itself is left as it is.

        clip: its name; where empty the file's, with other characters than a name may have made
        "-". A WAV that already has that name is the clip's own file from then on, untouched.
        bpm: its tempo, where known.
        Raises: CommandError: ERANGE, the name is illegal; EPATH, outside the folder, unreadable,
            beyond a limit, the file's own name is taken, or not to be written.
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
        # A WAV with a sidecar is a clip that was freed, or never was.
        known = sidecar.read_clip(self.folder, name) if in_place else None
        if known is not None:
            taken = sidecar.reload_clip(source, known)
        else:
            taken = sidecar.import_audio(self.folder, source, name)
        if bpm is not None:
            taken = Clip(taken.samples, replace(taken.info, bpm=bpm))
        if not in_place:
            self.add(taken)
            return self.info(name)
        try:
            sidecar.write_sidecar(self.folder, taken.info)
        except OSError as error:
            raise naming.write_error(f"{name}.json", error) from None
        with self._lock:
            self._ours.add(name)
            self._remember(taken)
        return taken.info
