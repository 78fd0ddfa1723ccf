"""Sidecars: the JSON file beside each clip, read with suspicion because anyone may write one."""

from __future__ import annotations

import logging
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import soundfile

from msanii_live.audio import ClipInfo, is_clip_name
from msanii_live.library import paths
from msanii_live.library.json_files import AUTOMATIONS, SCENES
from msanii_live.library.layout import is_placed
from msanii_live.library.naming import is_companion_suffix

_log = logging.getLogger(__name__)
FOLDERS = (SCENES.subfolder, AUTOMATIONS.subfolder)  # that hold no clips
OWN_PREFIX = ".msanii-live."  # of the files that a server keeps for itself
AUDIO_SUFFIXES = (".wav", ".flac", ".aiff")  # of clips
_MAX_SIDECAR_BYTES = 2**20
_MAX_TEXT = 10_000  # characters of an argument
_MAX_NAME = 256  # bytes of what is sent in replies
_MAX_ITEMS = 256
_MAX_COMPANIONS = 16
_HASH = re.compile(r"[0-9a-f]{32}")
_INT32 = 2**31 - 1
_RANGES: dict[str, tuple[float, float]] = {
    "sample_rate": (1, 768_000),
    "file_rate": (0, 768_000),
    "channels": (1, 64),
    "frames": (1, _INT32),
    "seed": (0, _INT32),
    "size": (0, 2**53),
    "bpm": (0, 1_000),
    "bar_offset": (0, 1),
    "wrote": (0, 1e11),
}
_INTEGERS = ("sample_rate", "file_rate", "channels", "frames", "seed", "size")
_TEXTS = (
    "name",
    "file",
    "engine",
    "style",
    "key",
    "precision",
    "suffix",
    "blake2b",
    "licence",
    "heard",
)


def wav_path(folder: Path, stem: str) -> Path:
    """Return the path of a clip's WAV. stem: see `ClipInfo.stem`, here and below."""
    return folder / f"{stem}.wav"


def audio_path(folder: Path, info: ClipInfo) -> Path:
    """Return the path of a clip's sound file."""
    return folder / f"{info.stem}{info.suffix}"


def sidecar_path(folder: Path, stem: str) -> Path:
    """Return the path of a clip's sidecar."""
    return folder / f"{stem}.json"


def is_taken(folder: Path, stem: str, suffix: str = ".wav") -> bool:
    """Return whether a file has the name of a clip's sidecar, WAV, or sound file."""
    return any(os.path.lexists(folder / f"{stem}{end}") for end in {".json", ".wav", suffix})


def write_sidecar(folder: Path, info: ClipInfo) -> None:
    """Write a clip's sidecar; its sound file already exists.

    Raises: OSError: it cannot be written; an older sidecar is unchanged.
    """
    paths.write_atomically(sidecar_path(folder, info.stem), info.to_json().encode())


def read_sidecar(folder: Path, stem: str) -> ClipInfo:
    """Return the info in a sidecar. If the user has renamed its file, the name is the file's.

    In a folder inside the shared folder, only what the server put there is a clip.
    Raises: OSError, ValueError: it cannot be read, or is no sidecar of ours.
    """
    path = sidecar_path(folder, stem)
    info = read_facts(path)
    if "/" in stem and info.file != stem:
        raise ValueError("it was copied from another folder")
    is_at_home = info.file.rsplit("/", 1)[-1] == path.stem and is_clip_name(info.name)
    name = info.name if is_at_home else stem
    return replace(info, name=name, file="" if name == stem else stem)


def read_facts(path: Path) -> ClipInfo:
    """Return the info in a sidecar as it was written, wherever it lies.

    Raises: OSError, ValueError: it cannot be read, or is no sidecar of ours.
    """
    if path.stat().st_size > _MAX_SIDECAR_BYTES:
        raise ValueError("it is too long")
    try:
        info = ClipInfo.from_json(path.read_text("utf-8"))
        _check(info)
    except (TypeError, RecursionError, OverflowError) as error:
        raise ValueError(str(error)[:200]) from None
    return info


def read_clips(folder: Path) -> list[ClipInfo]:
    """Return the infos of all complete clips, oldest first: in the folder, and one level below.

    Of two clips of one name, it is the one that was written last.
    Raises: OSError: the folder cannot be listed.
    """
    places = [path for path in folder.iterdir() if is_folder_of_clips(path)]
    files = [path for path in folder.glob("*.json") if not path.name.startswith(OWN_PREFIX)]
    stems = [path.stem for path in files]
    stems += [f"{place.name}/{path.stem}" for place in places for path in place.glob("*.json")]
    found = (read_clip(folder, stem) for stem in stems)
    infos = sorted((info for info in found if info is not None), key=lambda info: info.wrote)
    newest = {info.name: info for info in infos}
    for info in infos:
        if newest[info.name] is not info:
            _log.warning("skipped %s: %s is newer", info.stem, newest[info.name].stem)
    return [info for info in infos if newest[info.name] is info]


def is_folder_of_clips(path: Path) -> bool:
    """Return whether clips are looked for in a folder inside the shared folder."""
    try:
        is_ours = path.name.startswith(".") or path.name in FOLDERS
        return path.is_dir() and not path.is_symlink() and not is_ours
    except OSError:
        return False


def read_clip(folder: Path, stem: str) -> ClipInfo | None:
    """Read a clip's info; None unless it has a legal sidecar and a whole sound file.

    If the sound file was written again by another program, the info gives its new length.
    """
    if not paths.is_own_file(folder, sidecar_path(folder, stem)):
        return None
    try:
        info = read_sidecar(folder, stem)
        if not is_clip_name(info.name):
            return None
        audio = audio_path(folder, info)
        if not paths.is_own_file(folder, audio):
            return None
        header = soundfile.info(str(audio))
    except (OSError, ValueError, soundfile.SoundFileError) as error:
        _log.warning("skipped %s.json: %s", stem, str(error)[:300])
        return None
    if _agrees(info, header.frames, header.samplerate):
        return info
    if _is_cut_short(audio):
        _log.warning("skipped %s: it ends before its declared length", audio.name)
        return None
    try:
        changed = ClipInfo(
            name=info.name,
            file=info.file,
            sample_rate=info.sample_rate,
            channels=info.channels,
            frames=round(header.frames * info.sample_rate / header.samplerate),
            command=info.command if "path" in info.command else {},
            wrote=info.wrote,
            suffix=info.suffix,
        )
        _check(changed)
    except (ValueError, ArithmeticError):
        _log.warning("skipped %s: its length is not the one in its sidecar", audio.name)
        return None
    return changed


def _agrees(info: ClipInfo, frames: int, rate: int) -> bool:
    if rate == info.sample_rate:
        return frames == info.frames
    # A file that was loaded in place keeps its own rate; resampling rounds its length.
    return rate > 0 and abs(frames * info.sample_rate / rate - info.frames) <= 2


def _is_cut_short(audio: Path) -> bool:
    """Return whether a WAV has fewer bytes than it declares. A length never filled in is none."""
    try:
        size = audio.stat().st_size
        with audio.open("rb") as file:
            head = file.read(8)
    except OSError:
        return True
    if head[:4] != b"RIFF" or len(head) < 8:
        return False
    (declared,) = struct.unpack("<I", head[4:])
    return bool(size < declared + 8 and declared < 0x7FFF_0000)


def _check(info: ClipInfo) -> None:
    """Check the values of a sidecar: each must fit every reply about the clip.

    Raises: ValueError: naming the field.
    """
    for name, (low, high) in _RANGES.items():
        value = getattr(info, name)
        kinds = (int,) if name in _INTEGERS else (int, float)
        if type(value) not in kinds or not low <= value <= high:
            raise ValueError(f"{name} is {_shown(value)}")
    for name in _TEXTS:
        value = getattr(info, name)
        if not isinstance(value, str) or not _is_sendable(value, _MAX_NAME):
            raise ValueError(f"{name} is {_shown(value)}")
    if info.file and not is_placed(info.file):
        raise ValueError(f"file is {_shown(info.file)}")
    if info.suffix not in AUDIO_SUFFIXES:
        raise ValueError(f"suffix is {_shown(info.suffix)}")
    for name in ("loops", "starred"):
        if type(getattr(info, name)) is not bool:
            raise ValueError(f"{name} is {_shown(getattr(info, name))}")
    if len(info.parents) > _MAX_ITEMS or not all(
        isinstance(parent, str) and _is_sendable(parent, _MAX_TEXT) for parent in info.parents
    ):
        raise ValueError("parents are no names")
    _check_values("command", info.command)
    _check_values("reached", info.reached)
    _check_companions(info.companions)


def _check_companions(companions: object) -> None:
    if not isinstance(companions, Mapping) or len(companions) > _MAX_COMPANIONS:
        raise ValueError("companions are no list of files")
    for suffix, record in companions.items():
        is_record = isinstance(record, Mapping) and set(record) == {"size", "blake2b"}
        if not (is_record and is_companion_suffix(suffix)):
            raise ValueError(f"a companion is {_shown(suffix)}")
        size, blake2b = record["size"], record["blake2b"]
        is_size = type(size) is int and 0 <= size <= _RANGES["size"][1]
        if not (is_size and isinstance(blake2b, str) and _HASH.fullmatch(blake2b)):
            raise ValueError(f"the size or hash of {suffix} is illegal")


def _check_values(name: str, values: object) -> None:
    if not isinstance(values, Mapping) or len(values) > _MAX_ITEMS:
        raise ValueError(f"{name} is no list of values")
    for key, value in values.items():
        is_text = isinstance(value, str) and _is_sendable(value, _MAX_TEXT)
        is_number = isinstance(value, int | float) and abs(value) <= 2.0**63
        if not (_is_sendable(key, _MAX_NAME) and (is_text or is_number)):
            raise ValueError(f"{_shown(key)} in {name} is {_shown(value)}")


def _is_sendable(text: str, max_bytes: int) -> bool:
    """Return whether a text can be sent by OSC: no NUL, no lone surrogate, not too long."""
    try:
        return "\0" not in text and len(text.encode()) <= max_bytes
    except UnicodeEncodeError:
        return False


def _shown(value: object) -> str:
    try:
        return repr(value)[:60]
    except ValueError:  # a number with too many digits to print
        return "too long"
