"""The files of a clip, its sound, sidecar, notes and stems: written, renamed, deleted and read."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo, make_clip
from msanii_live.library import audio_files, companions, ownership, paths, sidecar
from msanii_live.library.audio_encoding import AudioFormat, encode_clip
from msanii_live.library.tempo import read_tempo

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StagedClip:
    """A clip's files under temporary names.

    info: with the sizes and hashes of the files. stale: companions of the clip that it replaces.
    """

    audio: Path
    sidecar: Path
    info: ClipInfo
    beside: list[companions.StagedFile]
    stale: list[companions.OwnFile]


def stage_clip(
    folder: Path, clip: Clip, form: AudioFormat, replaced: ClipInfo | None, warn: companions.Warn
) -> StagedClip:
    """Write a clip's files under temporary names.

    replaced: the info of a clip of that name whose files are the server's own. warn: called with a
    sentence on notes and stems that could not be written.
    Raises: OSError: the disk is full or cannot be written; nothing is left behind.
    """
    replaceable = companions.own_files(folder, replaced) if replaced is not None else []
    content, _ = encode_clip(clip, form)
    with ThreadPoolExecutor(1) as pool:  # the disk takes as long as the hash
        hashing = pool.submit(ownership.fingerprint, content)
        audio = paths.write_temporary(folder, content)
    found = hashing.result()
    info = replace(
        clip.info,
        suffix=form.suffix,
        size=found.size,
        blake2b=found.blake2b,
        file_rate=0 if form.rate == clip.info.sample_rate else form.rate,
    )
    beside: list[companions.StagedFile] = []
    try:
        beside, records = companions.stage(folder, clip, form, replaceable, warn)
        info = companions.with_records(info, records)
        side = paths.write_temporary(folder, info.to_json().encode())
    except BaseException:
        companions.discard(beside)
        paths.delete_if_possible(audio)
        raise
    stale = [file for file in replaceable if file.suffix not in records]
    told = {f"{Path(clip.info.stem).name}{companions.kind(suffix)}" for suffix in records}
    for name in companions.changed_files(folder, replaced) if replaced is not None else []:
        if name not in told:
            warn(f"{name} was changed by hand and stays: it is not of the new {clip.info.name}")
    return StagedClip(audio, side, info, beside, stale)


def discard(staged: StagedClip) -> None:
    """Delete staged files."""
    paths.delete_if_possible(staged.audio)
    paths.delete_if_possible(staged.sidecar)
    companions.discard(staged.beside)


def publish_clip(folder: Path, staged: StagedClip, replaced: ClipInfo | None) -> None:
    """Rename staged files to a clip's names, the sidecar last: it never lacks a file.

    replaced: the info of a clip of that name whose files are the server's own.
    Raises: OSError: they cannot be renamed; no staged file is left behind.
    """
    target = sidecar.audio_path(folder, staged.info)
    paths.make_folder(folder, target.parent)
    side = sidecar.sidecar_path(folder, staged.info.stem)
    try:
        os.replace(staged.audio, target)
        try:
            companions.publish(staged.beside)
            os.replace(staged.sidecar, side)
        except BaseException:
            # The old sidecar describes what is no more; without one, the sound is no clip.
            paths.delete_if_possible(side)
            paths.delete_if_possible(target)
            companions.delete(companions.own_files(folder, staged.info))
            raise
    except BaseException:
        discard(staged)
        raise
    if replaced is not None and replaced.suffix != staged.info.suffix:
        paths.delete_if_possible(sidecar.audio_path(folder, replaced))
    companions.delete(staged.stale)


def rename_clip(
    folder: Path, own: ClipInfo, beside: list[companions.OwnFile], to: ClipInfo
) -> ClipInfo:
    """Rename a clip's files and return its new info.

    After a crash at any point, one of the names has both sound and sidecar.
    own: the info on disk of a clip whose files are the server's own. beside: its companions. to:
    has the new name and file.
    Raises: OSError: they cannot be renamed, or `to` is taken; the old files are unchanged.
    """
    renamed = companions.plan_renaming(folder, own, beside, to)
    side = sidecar.sidecar_path(folder, to.stem)
    paths.write_new(side, renamed.to_json().encode())
    try:
        os.replace(sidecar.audio_path(folder, own), sidecar.audio_path(folder, renamed))
    except BaseException:
        paths.delete_if_possible(side)
        raise
    companions.rename(folder, beside, renamed)
    paths.delete_if_possible(sidecar.sidecar_path(folder, own.stem))
    return renamed


def delete_clip(folder: Path, own: ClipInfo, beside: Iterable[companions.OwnFile]) -> None:
    """Delete a clip's files, the sidecar first: a sound file without a sidecar is not a clip.

    own: the info on disk of a clip whose files are the server's own. beside: its companions.
    """
    paths.delete_if_possible(sidecar.sidecar_path(folder, own.stem))
    paths.delete_if_possible(sidecar.audio_path(folder, own))
    companions.delete(beside)
    paths.remove_if_empty(folder, sidecar.audio_path(folder, own).parent)
    _log.info("removed the files of %s", own.name)


def reload_clip(folder: Path, info: ClipInfo) -> Clip:
    """Read a clip's audio from disk. If the user changed it, the info is that of the new sound.

    Raises: CommandError: EPATH, it cannot be read.
    """
    audio = sidecar.audio_path(folder, info)
    try:
        content = audio.read_bytes()
        found = ownership.fingerprint(content)
        is_own = (found.size, found.blake2b) == (info.size, info.blake2b)
        is_own = is_own or (not info.blake2b and ownership.is_own_audio(folder, info))
    except OSError as error:
        raise paths.access_error(audio.name, error) from None
    if is_own:
        samples = audio_files.decode_own(content, audio.name, info.sample_rate, info.channels)
        info = replace(info, frames=len(samples), channels=samples.shape[1])
        score, warnings = companions.read_score(folder, info)
        return Clip(samples, info, warnings, score)
    clip = import_audio(folder, audio, info.name, _bpm_key(info))
    if info.heard and info.heard == found.blake2b:  # its notes are still those of this sound
        frames, channels = clip.samples.shape
        info = replace(info, frames=frames, channels=channels)
        score, warnings = companions.read_score(folder, info)
        return Clip(clip.samples, info, (*clip.warnings, *warnings), score)
    return replace(clip, info=replace(clip.info, suffix=info.suffix))


def import_audio(folder: Path, source: Path, name: str = "", bpm: float | None = None) -> Clip:
    """Read a sound file of the folder as a clip: float32 (frames, 2) at 44,100 Hz.

    name: of the clip; by default the file's path inside the folder. bpm: its tempo, if the user
    knows it; else the one that the file declares.
    Raises: CommandError: EPATH, unreadable or beyond a limit.
    """
    shown = source.relative_to(folder).as_posix()
    command: dict[str, int | float | str] = {"address": "/msanii/clip/load", "path": shown}
    decoded = audio_files.decode_untrusted(source, shown)
    tempo = read_tempo(source, len(decoded.samples) / audio_files.SAMPLE_RATE)
    warnings = decoded.warnings
    if bpm is not None:
        command["bpm"] = bpm
    elif tempo.is_guess:
        warnings += (
            f"{shown} is marked as a loop without a tempo: from its length it is taken to have "
            f"{tempo.bpm:g} bpm; the key bpm of /msanii/clip/load says otherwise",
        )
    info = make_clip(
        decoded.samples,
        audio_files.SAMPLE_RATE,
        name=name or shown,
        command=command,
        bpm=tempo.bpm if bpm is None else bpm,
        loops=tempo.loops,
        wrote=time.time(),
    ).info
    return Clip(decoded.samples, info, warnings)


def _bpm_key(info: ClipInfo) -> float | None:
    """Return the tempo that the user gave when the file was loaded; None if none was given."""
    bpm = info.command.get("bpm")
    is_load = info.command.get("address") == "/msanii/clip/load"
    return float(bpm) if is_load and isinstance(bpm, int | float) else None
