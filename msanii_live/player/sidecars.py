"""A clip's two files: its WAV and the JSON beside it, by which a restart finds it again."""

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
from msanii_live.player.paths import discard, is_own_file, stage, write_whole
from msanii_live.player.sounds import RATE, decode, encode, read_foreign

_log = logging.getLogger(__name__)
_MOST_BYTES = 2**20


def wav_of(folder: Path, name: str) -> Path:
    """Return where a clip's audio lies."""
    return folder / f"{name}.wav"


def sidecar_of(folder: Path, name: str) -> Path:
    """Return where a clip's sidecar lies."""
    return folder / f"{name}.json"


def is_taken(folder: Path, name: str) -> bool:
    """Tell whether either of a clip's files is there."""
    return any(os.path.lexists(of(folder, name)) for of in (wav_of, sidecar_of))


def is_foreign(folder: Path, name: str) -> bool:
    """Tell whether a WAV of this name is there that no sidecar calls a clip."""
    return os.path.lexists(wav_of(folder, name)) and not sidecar_of(folder, name).exists()


def stage_clip(folder: Path, clip: Clip) -> tuple[Path, Path]:
    """Write a clip's WAV and sidecar under temporary names.

    Raises: OSError: the disk is full or cannot be written; nothing is left behind.
    """
    wav = stage(folder, encode(clip, ".wav"))
    try:
        return wav, stage(folder, clip.info.to_json().encode())
    except BaseException:
        discard(wav)
        raise


def publish_clip(folder: Path, name: str, staged: tuple[Path, Path]) -> None:
    """Give staged files their names, the WAV first, so that a listed clip always has its audio.

    Raises: OSError: it cannot be done; no staged file is left behind.
    """
    wav, sidecar = staged
    target = sidecar_of(folder, name)
    try:
        os.replace(wav, wav_of(folder, name))
        try:
            os.replace(sidecar, target)
        except BaseException:
            discard(target)  # it describes the WAV that was there before
            raise
    except BaseException:
        discard(wav)
        discard(sidecar)
        raise


def write_sidecar(folder: Path, info: ClipInfo) -> None:
    """Write a clip's sidecar alone: its WAV is there.

    Raises: OSError: it cannot be done; an older sidecar is untouched.
    """
    write_whole(sidecar_of(folder, info.name), info.to_json().encode())


def rename_clip(folder: Path, name: str, renamed: ClipInfo) -> None:
    """Rename a clip's files. Whenever this is cut short, one name or the other has both files.

    Raises: OSError: it cannot be done; the old files are as they were.
    """
    write_sidecar(folder, renamed)
    try:
        os.replace(wav_of(folder, name), wav_of(folder, renamed.name))
    except BaseException:
        discard(sidecar_of(folder, renamed.name))
        raise
    discard(sidecar_of(folder, name))


def read_again(wav: Path, info: ClipInfo) -> Clip:
    """Read a clip's audio from disk, as long as it now is.

    Raises: CommandError: EPATH, it cannot be read.
    """
    samples = decode(wav, wav.name, info.sample_rate, info.channels)
    return Clip(samples, replace(info, frames=len(samples), channels=samples.shape[1]))


def take_in(folder: Path, source: Path, name: str = "") -> Clip:
    """Read a sound file of the folder as a clip of float32 (frames, 2) at 44,100 Hz.

    name: the clip's; where empty the file's path inside the folder.
    Raises: CommandError: EPATH, unreadable or beyond a limit.
    """
    shown = source.relative_to(folder).as_posix()
    command: dict[str, int | float | str] = {"address": "/msanii/clip/load", "path": shown}
    samples = read_foreign(source, shown)
    return make_clip(samples, RATE, name=name or shown, command=command, wrote=time.time())


def read_clips(folder: Path) -> list[ClipInfo]:
    """List the clips of the folder that are whole, oldest first.

    Raises: OSError: the folder cannot be listed.
    """
    found = (read_clip(folder, path.stem) for path in folder.glob("*.json"))
    return sorted((info for info in found if info is not None), key=lambda info: info.wrote)


def read_clip(folder: Path, name: str) -> ClipInfo | None:
    """Read what is known of one clip; None unless its sidecar and its WAV agree.

    The file's name is the clip's, whatever the sidecar says: files may be renamed from outside.
    """
    sidecar, wav = sidecar_of(folder, name), wav_of(folder, name)
    if not is_clip_name(name) or not is_own_file(folder, sidecar) or not is_own_file(folder, wav):
        return None
    try:
        if sidecar.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too long")
        info = replace(ClipInfo.from_json(sidecar.read_text("utf-8")), name=name)
        _check_types(info)
        header = soundfile.info(str(wav))
    except (OSError, ValueError, TypeError, RecursionError, soundfile.SoundFileError) as error:
        _log.info("passed over %s: %s", sidecar.name, error)
        return None
    if not _agrees(info, header.frames, header.samplerate):
        _log.warning("passed over %s: its length is not the one in its sidecar", wav.name)
        return None
    return info


def _agrees(info: ClipInfo, frames: int, rate: int) -> bool:
    if rate == info.sample_rate:
        return frames == info.frames
    # A file taken in where it lay keeps its own rate; resampling rounds its length.
    return rate > 0 and abs(frames * info.sample_rate / rate - info.frames) <= 2


def _check_types(info: ClipInfo) -> None:
    """Refuse values that would only fail later, in a reply.

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
