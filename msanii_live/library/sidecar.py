"""The two files of a clip: its WAV, and a JSON sidecar with its info."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import soundfile

from msanii_live.audio import Clip, ClipInfo, is_clip_name, make_clip
from msanii_live.library.audio_files import SAMPLE_RATE, decode_untrusted, encode_audio, read_audio
from msanii_live.library.paths import (
    delete_if_possible,
    is_own_file,
    write_atomically,
    write_temporary,
)

_log = logging.getLogger(__name__)
_MAX_SIDECAR_BYTES = 2**20


def wav_path(folder: Path, name: str) -> Path:
    """Return the path of a clip's WAV."""
    return folder / f"{name}.wav"


def sidecar_path(folder: Path, name: str) -> Path:
    """Return the path of a clip's sidecar."""
    return folder / f"{name}.json"


def is_taken(folder: Path, name: str) -> bool:
    """Return whether either of a clip's files exists."""
    return any(os.path.lexists(path(folder, name)) for path in (wav_path, sidecar_path))


def is_foreign(folder: Path, name: str) -> bool:
    """Return whether there is a WAV of this name without a sidecar: it is the user's own."""
    return os.path.lexists(wav_path(folder, name)) and not sidecar_path(folder, name).exists()


def stage_clip(folder: Path, clip: Clip) -> tuple[Path, Path]:
    """Write a clip's WAV and sidecar under temporary names.

    Raises: OSError: the disk is full or cannot be written; nothing is left behind.
    """
    wav = write_temporary(folder, encode_audio(clip, ".wav"))
    try:
        return wav, write_temporary(folder, clip.info.to_json().encode())
    except BaseException:
        delete_if_possible(wav)
        raise


def publish_clip(folder: Path, name: str, staged: tuple[Path, Path]) -> None:
    """Rename staged files to a clip's names, the WAV first: a sidecar never lacks its audio.

    Raises: OSError: they cannot be renamed; no staged file is left behind.
    """
    wav, sidecar = staged
    target = sidecar_path(folder, name)
    try:
        os.replace(wav, wav_path(folder, name))
        try:
            os.replace(sidecar, target)
        except BaseException:
            delete_if_possible(target)  # it describes the previous WAV
            raise
    except BaseException:
        delete_if_possible(wav)
        delete_if_possible(sidecar)
        raise


def write_sidecar(folder: Path, info: ClipInfo) -> None:
    """Write a clip's sidecar; its WAV already exists.

    Raises: OSError: it cannot be written; an older sidecar is unchanged.
    """
    write_atomically(sidecar_path(folder, info.name), info.to_json().encode())


def rename_clip(folder: Path, name: str, renamed: ClipInfo) -> None:
    """Rename a clip's files. After a crash at any point, one of the names has both files.

    renamed: the info with the new name.
    Raises: OSError: they cannot be renamed; the old files are unchanged.
    """
    write_sidecar(folder, renamed)
    try:
        os.replace(wav_path(folder, name), wav_path(folder, renamed.name))
    except BaseException:
        delete_if_possible(sidecar_path(folder, renamed.name))
        raise
    delete_if_possible(sidecar_path(folder, name))


def reload_clip(wav: Path, info: ClipInfo) -> Clip:
    """Read a clip's audio from disk; its length is the file's.

    Raises: CommandError: EPATH, it cannot be read.
    """
    samples = read_audio(wav, wav.name, info.sample_rate, info.channels)
    return Clip(samples, replace(info, frames=len(samples), channels=samples.shape[1]))


def import_audio(folder: Path, source: Path, name: str = "") -> Clip:
    """Read a sound file of the folder as a clip: float32 (frames, 2) at 44,100 Hz.

    name: of the clip; by default the file's path inside the folder.
    Raises: CommandError: EPATH, unreadable or beyond a limit.
    """
    shown = source.relative_to(folder).as_posix()
    command: dict[str, int | float | str] = {"address": "/msanii/clip/load", "path": shown}
    samples = decode_untrusted(source, shown)
    return make_clip(samples, SAMPLE_RATE, name=name or shown, command=command, wrote=time.time())


def read_clips(folder: Path) -> list[ClipInfo]:
    """Return the infos of all complete clips of the folder, oldest first.

    Raises: OSError: the folder cannot be listed.
    """
    found = (read_clip(folder, path.stem) for path in folder.glob("*.json"))
    return sorted((info for info in found if info is not None), key=lambda info: info.wrote)


def read_clip(folder: Path, name: str) -> ClipInfo | None:
    """Read a clip's info; None unless its sidecar and its WAV agree.

    The name comes from the file and not from the sidecar: the user may rename files.
    """
    sidecar, wav = sidecar_path(folder, name), wav_path(folder, name)
    if not is_clip_name(name) or not is_own_file(folder, sidecar) or not is_own_file(folder, wav):
        return None
    try:
        if sidecar.stat().st_size > _MAX_SIDECAR_BYTES:
            raise ValueError("it is too long")
        info = replace(ClipInfo.from_json(sidecar.read_text("utf-8")), name=name)
        _check_types(info)
        header = soundfile.info(str(wav))
    except (OSError, ValueError, TypeError, RecursionError, soundfile.SoundFileError) as error:
        _log.info("skipped %s: %s", sidecar.name, error)
        return None
    if not _agrees(info, header.frames, header.samplerate):
        _log.warning("skipped %s: its length is not the one in its sidecar", wav.name)
        return None
    return info


def _agrees(info: ClipInfo, frames: int, rate: int) -> bool:
    if rate == info.sample_rate:
        return frames == info.frames
    # A file that was loaded in place keeps its own rate; resampling rounds its length.
    return rate > 0 and abs(frames * info.sample_rate / rate - info.frames) <= 2


def _check_types(info: ClipInfo) -> None:
    """Check the types of the values, which would otherwise fail later, in a reply.

    Raises: ValueError: naming the field.
    """
    for name in ("sample_rate", "channels", "frames", "seed"):
        value = getattr(info, name)
        if type(value) is not int or value < (0 if name == "seed" else 1):
            raise ValueError(f"{name} is {value!r}")
    for name in ("bpm", "bar_offset", "wrote"):
        value = getattr(info, name)
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{name} is {value!r}")
    for name in ("engine", "style", "key", "precision"):
        if not isinstance(getattr(info, name), str):
            raise ValueError(f"{name} is no text")
    if not isinstance(info.command, Mapping) or not all(isinstance(p, str) for p in info.parents):
        raise ValueError("command or parents have the wrong form")
