"""Scenes on disk: JSON files `scenes/NAME.json` in the shared folder, read with suspicion.

Each file records a hash of its own content. One that was edited by hand can be loaded, but is never
replaced or deleted.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from msanii_live.audio import is_clip_name
from msanii_live.errors import Code, CommandError
from msanii_live.library import naming, paths

SCENES_FOLDER = "scenes"
KIND = "msanii-live scene"
VERSION = 1
_MAX_BYTES = 2**20
_log = logging.getLogger(__name__)

SceneContent = Mapping[str, object]


def scene_path(folder: Path, name: str) -> Path:
    """Return the path of a scene. Raises: CommandError: ERANGE, the name is illegal."""
    if not is_clip_name(name):
        raise CommandError(
            Code.ERANGE,
            f"{name!r} is no scene name: use 1 to 64 letters, digits, '_', '.' and '-', "
            "and none of current, last, input, all, none",
        )
    return folder / SCENES_FOLDER / f"{name}.json"


def save_scene(folder: Path, name: str, content: SceneContent) -> None:
    """Write a scene; an earlier one of that name is replaced.

    Raises: CommandError: ERANGE, the name is illegal; EPATH, a file that is not ours, or was edited
    by hand, is in the way, or the disk cannot be written.
    """
    path, shown = scene_path(folder, name), f"{SCENES_FOLDER}/{name}.json"
    try:
        paths.make_folder(folder, path.parent)
    except OSError as error:  # a file or a link is there
        raise naming.write_error(shown, error) from None
    write_scene(path, content, shown)


def write_scene(path: Path, content: SceneContent, shown: str) -> None:
    """Write a scene to a path; see `save_scene`."""
    body = {"kind": KIND, "version": VERSION, **content}
    text = json.dumps({**body, "blake2b": _hash(body)}, indent=1) + "\n"
    try:
        if _is_own(path):
            paths.write_atomically(path, text.encode())
        else:
            paths.write_new(path, text.encode())
    except FileExistsError:
        raise naming.occupied_error(shown) from None
    except OSError as error:
        raise naming.write_error(shown, error) from None


def load_scene(folder: Path, name: str) -> SceneContent:
    """Read a scene.

    Raises: CommandError: ERANGE, the name is illegal; ENOCLIP, there is none; EPATH, the file is no
    scene.
    """
    path = scene_path(folder, name)
    if not paths.is_own_file(folder, path):
        raise naming.unknown_name_error("scene", name, list_scenes(folder))
    try:
        return read_scene(path)
    except (OSError, ValueError) as error:
        text = f"{SCENES_FOLDER}/{name}.json cannot be read: {str(error)[:200]}"
        raise CommandError(Code.EPATH, text) from None


def read_scene(path: Path) -> SceneContent:
    """Read a scene from a path. Raises: OSError, ValueError: it is no scene."""
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("it is too long")
    try:
        content = json.loads(path.read_text("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError("it is no scene")
    if content.get("version") != VERSION:
        raise ValueError("it is a scene of a later version of msanii-live")
    return content


def delete_scene(folder: Path, name: str) -> None:
    """Delete a scene. Raises: CommandError: as `load_scene`; EPATH, it was edited by hand."""
    load_scene(folder, name)
    path = scene_path(folder, name)
    if not _is_own(path):
        raise CommandError(
            Code.EPATH,
            f"{SCENES_FOLDER}/{name}.json was edited by hand and is left alone: delete it yourself",
        )
    paths.delete_if_possible(path)


def list_scenes(folder: Path) -> list[str]:
    """Return the names of all scenes, in order. What is no scene is passed over and logged."""
    found = []
    for path in sorted((folder / SCENES_FOLDER).glob("*.json")):
        if not is_clip_name(path.stem) or not paths.is_own_file(folder, path):
            continue
        try:
            read_scene(path)
        except (OSError, ValueError) as error:
            _log.warning("skipped %s/%s: %s", SCENES_FOLDER, path.name, str(error)[:200])
        else:
            found.append(path.stem)
    return found


def _is_own(path: Path) -> bool:
    """Return whether a scene is as it was written."""
    try:
        if path.is_symlink():
            return False
        content = dict(read_scene(path))
    except (OSError, ValueError):
        return False
    return content.pop("blake2b", "") == _hash(content)


def _hash(body: SceneContent) -> str:
    return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=16).hexdigest()
