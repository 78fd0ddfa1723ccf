"""MIDI files in the shared folder: found by name, and written under free names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msanii_live.errors import Code, CommandError
from msanii_live.library import naming, paths, sidecar
from msanii_live.midi.files import SUFFIXES, to_midi
from msanii_live.notes import Score


def find(folder: Path, text: str) -> Path:
    """Return the MIDI file that a text names: a path inside the folder, with or without suffix.

    folder: absolute and resolved.
    Raises: CommandError: EPATH, outside the folder or not a MIDI file; ENOCLIP, there is none.
    """
    path = paths.resolve(folder, text)
    candidates = [path] if path.suffix.lower() in SUFFIXES else []
    candidates += [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    for candidate in (*candidates, *_in_folders_of_clips(folder, candidates)):
        if paths.is_own_file(folder, candidate):
            return candidate
    if path.is_file():
        raise CommandError(Code.EPATH, f"{text!r} is no MIDI file: its name must end in .mid")
    try:
        known = [p.name for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES]
    except OSError:
        known = []
    unknown = naming.unknown_name_error("MIDI file or take", text, known)
    raise CommandError(unknown.code, f"{unknown.text}; files lie in the shared folder {folder}")


def _in_folders_of_clips(folder: Path, candidates: list[Path]) -> Iterator[Path]:
    """Yield the paths that these have in the folders in which clips may lie, the newest first."""
    with contextlib.suppress(OSError):
        for place in sorted(filter(sidecar.is_folder_of_clips, folder.iterdir()), reverse=True):
            yield from (place / path.name for path in candidates if path.parent == folder)


def write_new(folder: Path, stem: str, score: Score) -> Path:
    """Write a score under the first free name of STEM.mid, STEM-2.mid and so on.

    stem: relative to the folder. Raises: OSError: it cannot be written.
    """
    content, number, path = to_midi(score), 1, folder / f"{stem}.mid"
    paths.make_folder(folder, path.parent)
    while True:
        try:
            paths.write_new(path, content)
        except FileExistsError:
            number += 1
            path = folder / f"{stem}-{number}.mid"
        else:
            return path
