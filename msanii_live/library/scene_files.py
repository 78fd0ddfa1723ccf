"""Scenes on disk: JSON files `scenes/NAME.json` in the shared folder; see `json_files`."""

from __future__ import annotations

from msanii_live.library.json_files import JsonFiles

SCENES_FOLDER = "scenes"
KIND = "msanii-live scene"
_FILES = JsonFiles(SCENES_FOLDER, KIND, "scene")

scene_path = _FILES.path
save_scene = _FILES.save
write_scene = _FILES.write
rewrite_scene = _FILES.rewrite
load_scene = _FILES.load
read_scene = _FILES.read
delete_scene = _FILES.delete
list_scenes = _FILES.names
