"""Clips in and out of the library: sound files read as clips, and copies of clips written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.library import audio_files, naming, paths, sidecar


def export_clip(folder: Path, clip: Clip, target: Path, shown: str) -> None:
    """Write a copy of a clip.

    folder: the shared folder. target: inside it, ending in .wav (32-bit float) or .flac (24 bits);
    its folders are created. shown: its name in error texts.
    Raises: CommandError: EPATH, another suffix, another clip's file, or it cannot be written.
    """
    suffix = target.suffix.lower()
    if suffix not in (".wav", ".flac"):
        raise CommandError(Code.EPATH, f"{shown!r} must end in .wav or .flac")
    is_wav_of_stem = target == sidecar.wav_path(folder, target.stem)
    if is_wav_of_stem and sidecar.sidecar_path(folder, target.stem).exists():
        raise CommandError(Code.EPATH, f"{shown} is clip {target.stem}'s own: pick another path")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        paths.write_atomically(target, audio_files.encode_audio(clip, suffix))
    except OSError as error:
        raise naming.write_error(shown, error) from None


def read_source(folder: Path, source: Path, name: str, bpm: float | None) -> Clip:
    """Read a sound file of the folder as a clip with this name.

    A WAV that has a sidecar of this name is a clip that was freed; its info is kept.
    bpm: its tempo, if known.
    Raises: CommandError: EPATH, unreadable or beyond a limit.
    """
    in_place = source == sidecar.wav_path(folder, name)
    known = sidecar.read_clip(folder, name) if in_place else None
    if known is not None:
        clip = sidecar.reload_clip(source, known)
    else:
        clip = sidecar.import_audio(folder, source, name)
    return clip if bpm is None else Clip(clip.samples, replace(clip.info, bpm=bpm))
