"""Handlers of the commands about scenes."""

from __future__ import annotations

from msanii_live.library.json_files import SCENES
from msanii_live.library.library import Library
from msanii_live.protocol import replies
from msanii_live.protocol.commands import SceneFree, SceneList, SceneLoad, SceneSave
from msanii_live.server.handler import Answer, Call, HandlerTable, on_disk, on_engine
from msanii_live.server.scenes import Scenes


class SceneHandlers:
    """Commands that save, load, delete and list scenes."""

    def __init__(self, scenes: Scenes, library: Library) -> None:
        """Take what captures and applies scenes, and the shared folder."""
        self._scenes = scenes
        self._folder = library.folder

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            SceneSave: on_disk(self._save),
            SceneLoad: on_engine(self._load),  # it may start a stream, which may import an engine
            SceneFree: on_disk(self._free),
            SceneList: on_disk(self._list),
        }

    def _save(self, command: SceneSave, call: Call) -> Answer:
        self._scenes.save(command.name)
        return Answer()

    def _load(self, command: SceneLoad, call: Call) -> Answer:
        warnings = self._scenes.load(command.name, command.time)
        return Answer([replies.WARN(command.address, text) for text in warnings])

    def _free(self, command: SceneFree, call: Call) -> Answer:
        SCENES.delete(self._folder, command.name)
        return Answer()

    def _list(self, command: SceneList, call: Call) -> Answer:
        names = SCENES.names(self._folder)
        return Answer(
            [
                replies.SCENE_ENTRY(call.token, i, len(names), name)
                for i, name in enumerate(names, start=1)
            ]
        )
