"""The notes and the stems of a clip: from the files beside it, or from the server's page."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile

from msanii_live.audio import Samples
from msanii_live.client.clip_source import PageAddress, UnreadableClip, fetch_file
from msanii_live.errors import CommandError
from msanii_live.library import companions, sidecar
from msanii_live.midi import files as midi
from msanii_live.notes import PARTS, Score


def read_notes(path: Path, name: str) -> Score | None:
    """Return the notes of a clip whose files are here; None if they are not known.

    path: of its sound file. Raises: UnreadableClip: the clip has no sidecar any more.
    """
    try:
        info = sidecar.read_sidecar(path.parent, path.stem)
    except (OSError, ValueError) as error:
        raise UnreadableClip(f"cannot read {path.stem}.json beside {path}: {error}") from None
    return companions.read_score(path.parent, info)[0]


def read_stems(path: Path, name: str) -> dict[str, Samples]:
    """Return the stems of a clip whose files are here, by part; empty if it has none.

    Raises: UnreadableClip.
    """
    try:
        return companions.read_stems(path.parent, sidecar.read_sidecar(path.parent, path.stem))
    except (OSError, ValueError, CommandError) as error:
        raise UnreadableClip(f"cannot read the stems beside {path}: {error}") from None


def fetch_notes(page: PageAddress, name: str, path: str) -> Score | None:
    """Return the notes of a clip from the server's page; None if they are not known.

    Raises: UnreadableClip: as `fetch`.
    """
    content = fetch_file(page, name, companions.MIDI, path)
    try:
        return midi.decode(content) if content is not None else None
    except ValueError as error:
        raise UnreadableClip(f"{page.clip_url(name, companions.MIDI)}: {error}") from None


def fetch_stems(page: PageAddress, name: str, path: str) -> dict[str, Samples]:
    """Return the stems of a clip from the server's page, by part; empty if it has none.

    Raises: UnreadableClip: as `fetch`.
    """
    stems = {}
    for part in PARTS:
        content = fetch_file(page, name, companions.STEMS[part], path)
        if content is None:
            continue
        try:
            samples, _ = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            url = page.clip_url(name, companions.STEMS[part])
            raise UnreadableClip(f"{url} is no sound: {error}") from None
        stems[part] = np.asarray(samples, dtype=np.float32)
    return stems
