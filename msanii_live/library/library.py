"""The library of clips: all are on disk in the shared folder, recent ones also in memory."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import Code, CommandError
from msanii_live.library import (
    clip_files,
    companions,
    naming,
    ownership,
    paths,
    retention,
    sidecar,
    trash,
)
from msanii_live.library.audio_encoding import SUFFIXES, AudioFormat, choose_format
from msanii_live.library.exports import Exports
from msanii_live.library.folder import open_folder
from msanii_live.library.layout import Layout
from msanii_live.library.scored_clips import ScoredClips

CACHE_BYTES = 2**30
_log = logging.getLogger(__name__)


def ignore(_: object) -> None:
    """Ignore a warning, or what was replaced."""


class Library(ScoredClips):
    """All clips of the shared folder and their files. Every method may be called from any thread.

    Where a method takes a clip's name, "last" means the newest clip. The lock is never held while
    samples are read, written or encoded.
    """

    def __init__(
        self,
        folder: Path,
        cache_bytes: int = CACHE_BYTES,
        keep_bytes: int = 0,
        form: AudioFormat | None = None,
        layout: Layout | None = None,
    ) -> None:
        """Open the folder, create it if necessary, and index its clips.

        cache_bytes: of samples kept in memory. keep_bytes: of clips kept on disk, in the trash too,
        beyond which the oldest are deleted; 0 keeps all. form: of the files that clips are written
        to; by default WAV with 32-bit float samples, which keeps them bit for bit. layout: of the
        files of new clips; by default all lie in the folder itself, and have the clips' names.
        Raises: ConfigError: the folder cannot be created, listed or written.
        """
        self.folder, found = open_folder(folder)
        self._keep_bytes = keep_bytes
        self._form = form or AudioFormat()
        self.layout = layout or Layout()
        self._exports = Exports(self.folder)
        super().__init__(self.folder, found, cache_bytes)
        self._numbers: dict[str, int] = {}

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
                stems = {name}
                if self.layout.folders != "flat":
                    stems.add(self.layout.directory(time.time()) + name)
                if name not in self._infos and not any(
                    sidecar.is_taken(self.folder, stem, self._form.suffix) for stem in stems
                ):
                    self._numbers[verb] = number
                    return name

    def add(
        self,
        clip: Clip,
        warn: Callable[[str], None] = ignore,
        on_replaced: Callable[[trash.TrashedClip], object] = ignore,
    ) -> Path:
        """Add a clip, write it to disk and return its file; it replaces one of the same name.

        Its notes and stems are written beside it. The files that they replace go to the trash. A
        file of the user's is never replaced: the clip is then in memory alone. warn: called with a
        sentence on notes and stems. on_replaced: called with the clip that went to the trash.

        Raises: CommandError: ERANGE, the name is illegal; EPATH, it could not be written, but it
            is in memory and plays.
        """
        name = clip.info.name
        if name not in self:
            naming.check_name(name)
        info = replace(
            clip.info, wrote=time.time(), suffix=self._form.suffix, size=0, blake2b="", file_rate=0,
            companions={},
        )  # fmt: skip
        clip = replace(clip, info=self.layout.place(info), warnings=())
        stem = clip.info.stem
        with self._lock:
            before = None if name in self._unsaved else self._infos.get(name)
            self._index(clip, unsaved=True)
        stamps = ownership.stamps(self.folder, stem, self._form.suffix)
        in_the_way, replaced = ownership.examine(self.folder, stem, self._form.suffix)
        if replaced is not None and replaced.name != name:
            in_the_way = f"{replaced.stem}{replaced.suffix}"
        if in_the_way:
            raise naming.foreign_file_error(in_the_way, name)
        kept: trash.TrashedClip | None = None
        try:
            staged = clip_files.stage_clip(self.folder, clip, self._form, replaced, warn)
            kept = self._keep(replaced, warn)
            with self._lock:
                if stamps != ownership.stamps(self.folder, stem, self._form.suffix) and (
                    in_the_way := ownership.file_in_the_way(self.folder, stem, self._form.suffix)
                ):
                    clip_files.discard(staged)
                    raise naming.foreign_file_error(in_the_way, name)
                clip_files.publish_clip(self.folder, staged, replaced)
                audio = sidecar.audio_path(self.folder, staged.info)
                if self._infos.get(name) is clip.info:
                    self._index(replace(clip, info=staged.info, stems={}))
                    self._stamps[name] = paths.stamp(audio)
        except OSError as error:
            if kept is not None:
                self.trash.undo_keep(kept)
            raise naming.memory_only_error(name, naming.error_reason(error)) from None
        if before is not None and before.stem != stem:
            kept = self._remove_moved(before, warn) or kept
        if kept is not None:
            on_replaced(kept)
        self._delete_oldest()
        return audio

    def _remove_moved(
        self, before: ClipInfo, warn: Callable[[str], None]
    ) -> trash.TrashedClip | None:
        """Put a replaced clip whose files lie elsewhere than the new ones into the trash."""
        own = ownership.read_own(self.folder, before.stem)
        if own is None or own.name != before.name:
            return None
        kept = self._keep(own, warn)
        clip_files.delete_clip(self.folder, own, companions.own_files(self.folder, own))
        return kept

    def _delete_oldest(self) -> None:
        """Delete what is oldest while clips and trash exceed the limit, from the trash first.

        The newest clip and those with a star are kept. Only files whose size and hash a sidecar
        records are counted and deleted.
        """
        if not self._keep_bytes:
            self.trash.prune()
            return
        with self._lock:
            own = [info for info in self._infos.values() if not ownership.is_in_place(info)]
            over = set(retention.clips_over_limit(own, self._keep_bytes))
        room = self._keep_bytes - retention.total_bytes(own)
        self.trash.prune(min(trash.MAX_BYTES, max(0, room)))
        for name, stem in [(info.name, info.stem) for info in own if info.name in over]:
            stamps = ownership.stamps(self.folder, stem, self._form.suffix)
            on_disk = ownership.read_own(self.folder, stem)
            beside = companions.own_files(self.folder, on_disk) if on_disk is not None else []
            with self._lock:
                if (
                    on_disk is None
                    or name in self._unsaved
                    or stamps != ownership.stamps(self.folder, stem, self._form.suffix)
                ):
                    continue
                clip_files.delete_clip(self.folder, on_disk, beside)
                if name in self._infos:
                    self.free(name)

    def rename(self, name: str, to: str) -> None:
        """Rename a clip, its files, notes and stems. A user's file is copied and stays as it is.

        Raises: CommandError: ENOCLIP; ERANGE, `to` is illegal; EPATH, `to` is taken or cannot be
        written.
        """
        naming.check_name(to)
        info = self.info(name)
        own = ownership.read_own(self.folder, info.stem)
        files = companions.own_files(self.folder, own) if own is not None else []
        with self._lock:
            info = self.info(info.name)
            renamed = self.layout.rename(info, to)
            if to in self._infos or sidecar.is_taken(self.folder, renamed.stem, info.suffix):
                raise CommandError(Code.EPATH, f"{to} is taken: free it, or pick another name")
            is_unsaved = info.name in self._unsaved
            if own is not None and not is_unsaved:
                try:
                    renamed = clip_files.rename_clip(self.folder, own, files, renamed)
                except OSError as error:
                    raise naming.write_error(f"{to}{own.suffix}", error) from None
            if own is not None or is_unsaved:
                beside, command = renamed.companions, renamed.command
                renamed = replace(
                    info, name=to, file=renamed.file, companions=beside, command=command
                )
                self._reindex(info, renamed, is_unsaved=is_unsaved)
                return
        self.add(self.get(info.name).renamed(to))
        if ownership.foreign_sidecar(self.folder, info.stem) is None:
            paths.delete_if_possible(sidecar.sidecar_path(self.folder, info.stem))
        self.free(info.name)

    def save(
        self,
        name: str,
        path: str,
        *,
        container: str = "",
        bits: int | None = None,
        rate: int | None = None,
        warn: Callable[[str], None] = ignore,
    ) -> Path:
        """Write a copy of a clip to a file, or write a clip that is only in memory to disk.

        path: a file in the folder, ending in .wav, .flac or .aiff, which a container adds where it
        is missing; its folders are created.
        container, bits, rate: see `choose_format`. warn: called with a sentence.
        Raises: CommandError: ENOCLIP; ERANGE, of the bits; EPATH, outside the folder, another
            clip's file, a file of the user's, or the file cannot be written.
        """
        clip = self.get(name)
        if container and Path(path).suffix.lower() not in SUFFIXES:
            path = f"{path}.{container}"
        target = self.resolve(path)
        is_default = not container and bits is None and rate is None
        if is_default and clip.info.name in self:
            own = sidecar.audio_path(self.folder, self.info(clip.info.name))
            is_unsaved = clip.info.name in self._unsaved
            if target == own or (is_unsaved and target == self.folder / f"{name}{own.suffix}"):
                return self.add(clip) if is_unsaved else target
        form = choose_format(target.suffix, container, bits, rate)
        for text in self._exports.write(clip, target, form, path):
            warn(text)
        return target

    def load(
        self,
        path: str,
        clip: str = "",
        bpm: float | None = None,
        warn: Callable[[str], None] = ignore,
        on_replaced: Callable[[trash.TrashedClip], object] = ignore,
    ) -> ClipInfo:
        """Add a sound file of the folder as a clip; the file itself is not changed.

        clip: its name; by default the file's name, with "-" for characters that a clip's name may
        not have. A WAV that already has that name becomes the clip's own file, unchanged. bpm: its
        tempo, if known. warn, on_replaced: see `add`.
        Raises: CommandError: ERANGE, the name is illegal; EPATH, outside the folder, unreadable,
            beyond a limit, the file's own name is taken, or the clip cannot be written.
        """
        source = self.resolve(path)
        if not paths.is_file(source, path):
            where = f"{self.folder.as_posix()}: put it there first"
            raise CommandError(Code.EPATH, f"{path!r} is no file in the shared folder {where}")
        own = ownership.find_own(self.folder, source)
        name = clip or (own.name if own is not None else naming.default_name(source.stem))
        naming.check_name(name)
        own = own if own is not None and own.name == name else None
        in_place = own is not None or source == sidecar.wav_path(self.folder, name)
        stem = own.stem if own is not None else name
        suffix = source.suffix if in_place else self._form.suffix
        with self._lock:
            is_taken = name in self or sidecar.is_taken(self.folder, stem, suffix)
        in_the_way = (
            ownership.foreign_sidecar(self.folder, stem)
            if in_place
            else ownership.file_in_the_way(self.folder, stem, suffix)
        )
        if in_the_way or (is_taken and not clip and not in_place):
            text = f"there is a clip or file {in_the_way or name} already: "
            raise CommandError(Code.EPATH, text + "name this one with the key clip")
        if own is not None:  # a clip that was freed
            loaded = clip_files.reload_clip(self.folder, own)
            if bpm is not None:
                loaded = replace(loaded, info=replace(loaded.info, bpm=bpm))
        else:
            loaded = clip_files.import_audio(self.folder, source, name, bpm)
        for text in loaded.warnings:
            warn(text)
        loaded = replace(loaded, warnings=())
        if not in_place:
            self.add(loaded, on_replaced=on_replaced)
            return self.info(name)
        stamp = paths.stamp(source)
        try:
            sidecar.write_sidecar(self.folder, loaded.info)
        except OSError as error:
            raise naming.write_error(f"{stem}.json", error) from None
        with self._lock:
            self._index(loaded)
            self._stamps[name] = stamp
        return loaded.info
