"""The files that belong to a clip besides its sound: its notes as MIDI, and its stems.

A clip's sidecar records the size and hash of each by what follows the clip's name: ".mid",
".drums.wav". A file of the user's is never replaced, renamed or deleted: where one has the name,
the clip's own gets a number ("-2.mid").
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from msanii_live.audio import Clip, ClipInfo, Samples
from msanii_live.library import naming, ownership, paths
from msanii_live.library.audio_encoding import AudioFormat, encode_clip
from msanii_live.library.audio_files import decode_own
from msanii_live.midi import files as midi
from msanii_live.midi.takes import LIVE_TAKE
from msanii_live.notes import PARTS, Score

MIDI = ".mid"
STEMS = {part: f".{part}.wav" for part in PARTS}
_MAX_NUMBER = 9_999
_LENGTH_TOLERANCE = 1e-3  # s by which the lengths of notes and sound may be off
_log = logging.getLogger(__name__)

Warn = Callable[[str], None]


@dataclass(frozen=True)
class OwnFile:
    """A companion whose file is the one that was written. stamp: shows a later change."""

    suffix: str
    path: Path
    stamp: paths.Stamp | None

    @property
    def is_unchanged(self) -> bool:
        """Whether the file is still the same."""
        return paths.stamp(self.path) == self.stamp


@dataclass(frozen=True)
class StagedFile:
    """A companion under a temporary name. replaces: the stamp of the own file there, or None."""

    temporary: Path
    target: Path
    replaces: paths.Stamp | None

    def publish(self) -> None:
        """Rename the file to its name. Raises: OSError: it cannot be, or a user's file is there."""
        try:
            if self.replaces is None:
                paths.rename_new(self.temporary, self.target)
            elif paths.stamp(self.target) == self.replaces:
                os.replace(self.temporary, self.target)
            else:
                raise FileExistsError(f"{self.target.name} was changed meanwhile")
        finally:
            paths.delete_if_possible(self.temporary)


def kind(suffix: str) -> str | None:
    """Return what a companion of this suffix is: ".mid" or ".drums.wav"; None if it is none.

    >>> kind("-2.mid"), kind(".bass.wav"), kind(".wav")
    ('.mid', '.bass.wav', None)
    """
    match = naming.COMPANION_SUFFIX.fullmatch(suffix)
    return match[2] if match else None


def kinds(info: ClipInfo) -> list[str]:
    """Return what companions a clip has: ".mid", ".drums.wav" and so on, in that order."""
    found = {kind(suffix) for suffix in info.companions}
    return [each for each in (MIDI, *STEMS.values()) if each in found]


def own_files(folder: Path, info: ClipInfo) -> list[OwnFile]:
    """Return the companions of a clip whose files are those that the server wrote."""
    found = []
    for suffix, record in info.companions.items():
        path = folder / f"{info.stem}{suffix}"
        stamp = paths.stamp(path)
        if ownership.matches(path, int(record["size"]), str(record["blake2b"])):
            found.append(OwnFile(suffix, path, stamp))
    return found


def changed_files(folder: Path, info: ClipInfo) -> list[str]:
    """Return the names of a clip's companions that lie there and are not as they were written."""
    own = {file.path for file in own_files(folder, info)}
    there = (folder / f"{info.stem}{suffix}" for suffix in info.companions)
    return [path.name for path in there if path not in own and os.path.lexists(path)]


def find_path(folder: Path, info: ClipInfo, wanted: str) -> Path | None:
    """Return the path of a clip's companion, None if it has none or the user changed the file.

    wanted: ".mid" or a value of `STEMS`.
    """
    of_kind = {s: record for s, record in info.companions.items() if kind(s) == wanted}
    files = own_files(folder, replace(info, companions=of_kind))
    return files[0].path if files else None


def stage(
    folder: Path, clip: Clip, form: AudioFormat, replaced: Iterable[OwnFile], warn: Warn
) -> tuple[list[StagedFile], dict[str, dict[str, int | str]]]:
    """Write a clip's notes and stems under temporary names; return them and their records.

    form: of the clip's file. replaced: what they may replace. warn: called with a sentence.
    """
    staged: list[StagedFile] = []
    records: dict[str, dict[str, int | str]] = {}
    own = {file.suffix: file for file in replaced}
    for base, content in _contents(clip, form):
        suffix = _free_suffix(folder, clip.info.stem, base, own)
        target = folder / f"{clip.info.stem}{suffix}"
        if suffix not in (base, *own):
            theirs = f"{clip.info.stem}{base}"
            warn(f"{theirs} is not msanii-live's own and is left alone: see {target.name}")
        try:
            temporary = paths.write_temporary(folder, content)
        except OSError as error:
            warn(f"{target.name} could not be written ({naming.error_reason(error)})")
            continue
        staged.append(StagedFile(temporary, target, own[suffix].stamp if suffix in own else None))
        found = ownership.fingerprint(content)
        records[suffix] = {"size": found.size, "blake2b": found.blake2b}
    return staged, records


def with_records(info: ClipInfo, records: Mapping[str, Mapping[str, int | str]]) -> ClipInfo:
    """Return a clip's info with the records of its companions.

    Where its command rendered what was played last, it now names the file of those notes.
    """
    names = [f"{info.stem}{suffix}" for suffix in records if kind(suffix) == MIDI]
    command = dict(info.command)
    if names and command.get("midi") == LIVE_TAKE:
        command["midi"] = names[0]
    return replace(info, companions=records, command=command)


def publish(staged: Iterable[StagedFile]) -> None:
    """Rename staged files to their names. One that cannot be renamed is logged and dropped."""
    for file in staged:
        try:
            file.publish()
        except OSError as error:
            reason = naming.error_reason(error)
            _log.warning("%s could not be written: %s", file.target.name, reason)


def discard(staged: Iterable[StagedFile]) -> None:
    """Delete staged files."""
    for file in staged:
        paths.delete_if_possible(file.temporary)


def delete(files: Iterable[OwnFile]) -> None:
    """Delete the files that are still unchanged."""
    for file in files:
        if file.is_unchanged:
            paths.delete_if_possible(file.path)


def plan_renaming(folder: Path, own: ClipInfo, files: Iterable[OwnFile], to: ClipInfo) -> ClipInfo:
    """Return a clip's info under its new name, with the names that its companions will have.

    to: has the new name and file.
    """
    records: dict[str, Mapping[str, int | str]] = {}
    command = dict(own.command)
    for file in files:
        base = kind(file.suffix) or file.suffix
        suffix = _free_suffix(folder, to.stem, base, {})
        records[suffix] = own.companions[file.suffix]
        old, new = f"{own.stem}{file.suffix}", f"{to.stem}{suffix}"
        command = {key: new if value == old else value for key, value in command.items()}
    return replace(own, name=to.name, file=to.file, companions=records, command=command)


def rename(folder: Path, files: Iterable[OwnFile], renamed: ClipInfo) -> None:
    """Rename companions as `plan_renaming` says; one that cannot be renamed is logged."""
    for file, suffix in zip(files, renamed.companions, strict=True):
        try:
            if file.is_unchanged:
                paths.rename_new(file.path, folder / f"{renamed.stem}{suffix}")
        except OSError as error:
            reason = naming.error_reason(error)
            _log.warning("%s could not be renamed: %s", file.path.name, reason)


def read_score(folder: Path, info: ClipInfo) -> tuple[Score | None, tuple[str, ...]]:
    """Return the notes of a clip from its MIDI file, and warnings; None if there is no such file.

    A file that the user has changed is not the clip's any more.
    """
    for suffix, record in info.companions.items():
        if kind(suffix) != MIDI:
            continue
        path = folder / f"{info.stem}{suffix}"
        content = _read(path, record, midi.MAX_BYTES)
        if content is None:
            if not path.is_file():
                return None, ()
            return None, (
                f"{path.name} was changed since it was written, so it is no more the notes of "
                f"{info.name}: /msanii/render {path.name} plays it",
            )
        try:
            score = midi.decode(content)
        except ValueError as error:
            _log.warning("%s cannot be read: %s", path.name, error)
            return None, ()
        is_same = abs(score.seconds - info.seconds) < _LENGTH_TOLERANCE
        return (replace(score, seconds=info.seconds) if is_same else score), ()
    return None, ()


def read_stems(folder: Path, info: ClipInfo) -> dict[str, Samples]:
    """Return a clip's stems by part, each of its shape; without those whose files were changed."""
    stems, rate = {}, info.rate_on_disk / info.sample_rate
    longest = 2**16 + round(4 * info.channels * info.frames * rate)  # bytes, with the header
    for suffix, record in info.companions.items():
        part = (kind(suffix) or "").split(".")[1]
        name, content = f"{info.stem}{suffix}", None
        if part in PARTS:
            content = _read(folder / name, record, longest)
        if content is not None:
            stems[part] = decode_own(content, name, info.sample_rate, info.channels)
    return {part: stems[part] for part in PARTS if part in stems}


def _read(path: Path, record: Mapping[str, int | str], max_bytes: int) -> bytes | None:
    """Return a companion's content, None if it is not what the sidecar records."""
    try:
        size = path.stat().st_size
        if path.is_symlink() or size != record["size"] or size > max_bytes:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    found = ownership.fingerprint(content)
    return content if (found.size, found.blake2b) == (record["size"], record["blake2b"]) else None


def _contents(clip: Clip, form: AudioFormat) -> Iterable[tuple[str, bytes | memoryview]]:
    """Yield the suffix and the bytes of each companion. Stems are always 32-bit float."""
    if clip.score is not None and clip.score.notes:
        yield MIDI, midi.to_midi(clip.score)
    for part in PARTS:
        if part in clip.stems:
            samples = np.ascontiguousarray(clip.stems[part], dtype=np.float32)
            content, _ = encode_clip(Clip(samples, clip.info), AudioFormat("wav", 32, form.rate))
            yield STEMS[part], content


def _free_suffix(folder: Path, stem: str, base: str, own: Mapping[str, OwnFile]) -> str:
    """Return the first suffix whose file is own or does not exist: ".mid", "-2.mid" and so on."""
    suffix = base
    for number in range(2, _MAX_NUMBER):
        if suffix in own or not os.path.lexists(folder / f"{stem}{suffix}"):
            break
        suffix = f"-{number}{base}"
    return suffix
