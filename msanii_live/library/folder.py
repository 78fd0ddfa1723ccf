"""The shared folder at start-up: made, checked for writing, cleared of leftovers, indexed."""

from __future__ import annotations

from pathlib import Path

from msanii_live.audio import ClipInfo
from msanii_live.errors import ConfigError
from msanii_live.library import naming, paths, sidecar
from msanii_live.library.json_files import AUTOMATIONS, SCENES


def open_folder(folder: Path) -> tuple[Path, list[ClipInfo]]:
    """Create a folder if necessary; return its resolved path and the clips in it.

    Raises: ConfigError: the folder cannot be created, listed or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        resolved = folder.resolve()
        paths.delete_if_possible(paths.write_temporary(resolved, b""))
        for each in (resolved, *(resolved / files.subfolder for files in (SCENES, AUTOMATIONS))):
            paths.delete_leftovers(each)
        return resolved, sidecar.read_clips(resolved)
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"folder is {folder.as_posix()}: it cannot be written "
            f"({naming.error_reason(error)}); make it writable, or pick another with --folder"
        ) from None
