"""The check of the shared folder. It looks, and creates nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from msanii_live.cli.doctor.checks import Check, mend, note, ok
from msanii_live.library.audio_encoding import AudioFormat, hindrances
from msanii_live.library.lock import find_folder_owner

LITTLE, TOO_LITTLE = 2 * 2**30, 100 * 2**20  # bytes free: an hour of clips takes 1.3 GB


def check_folder(folder: Path) -> Iterator[Check]:
    """Check that clips can be written to the shared folder, that no server has it, and its room."""
    remedy = "give yourself the right to write there, or name another folder with --folder"
    try:
        existing = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        if not existing.is_dir():
            yield mend("folder", f"{existing} is a file, not a folder", remedy)
            return
        if not _is_writable(existing):
            yield mend("folder", f"{existing}: Permission denied", remedy)
            return
        free = shutil.disk_usage(existing).free
        owner = find_folder_owner(folder)
    except OSError as error:
        yield mend("folder", f"{folder}: {error.strerror or error}", remedy)
        return
    if owner:
        another = "nothing, if that is the server you mean; else end it, or pick another --folder"
        yield note("folder", f"{folder}: another msanii-live, process {owner}, has it", another)
    to_come = "" if existing == folder else ", which the server will create"
    room = f"{folder}{to_come}, {free / 2**30:.1f} GiB free"
    if free < TOO_LITTLE:
        yield mend("folder", room, "free some disk space: a minute of sound takes 21 MB")
    elif free < LITTLE:
        yield note("folder", room, "free some disk space, or let --keep-gb delete the oldest clips")
    else:
        yield ok("folder", room)


def check_save_format(form: AudioFormat) -> Iterator[Check]:
    """Check which programs read clips of the chosen form."""
    found = hindrances(form)
    for text in found:
        what, _, remedy = text.partition(": ")
        yield note("clip files", what, remedy)
    if not found:
        yield ok("clip files", f"{form.container} of {form.bits} bits is read by every client")


def _is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder, by the rights of this process."""
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)
