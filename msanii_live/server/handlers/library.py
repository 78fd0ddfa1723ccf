"""Handlers of the commands about clips in the shared folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msanii_live.audio import ClipInfo
from msanii_live.library.library import Library
from msanii_live.protocol import replies
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import (
    ClipCrop,
    ClipFree,
    ClipInfoCommand,
    ClipList,
    ClipLoad,
    ClipParents,
    ClipRename,
    ClipSave,
    ClipStar,
)
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.changes import Removal, Renaming, Replacement, rename_clip
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, on_disk
from msanii_live.server.handlers.playback import span
from msanii_live.server.history import History

PAGE = 50  # clips
MAX_ANCESTORS = 200


class LibraryHandlers:
    """Commands that list, describe, load, save, rename and free clips."""

    def __init__(self, library: Library, history: History) -> None:
        """Take the shared folder, and what can be undone."""
        self._library = library
        self._history = history

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            ClipList: Handler(self._list),
            ClipInfoCommand: on_disk(self._info),
            ClipLoad: on_disk(self._load),
            ClipSave: on_disk(self._save),
            ClipRename: on_disk(self._rename),
            ClipFree: on_disk(self._free),
            ClipStar: on_disk(self._star),
            ClipParents: Handler(self._parents),
            ClipCrop: on_disk(self._crop),
        }

    def _list(self, command: ClipList, call: Call) -> Answer:
        infos = self._library.infos()
        first = (command.page - 1) * PAGE
        return Answer(
            [
                replies.CLIP_ENTRY(
                    call.token,
                    first + i + 1,
                    len(infos),
                    info.name,
                    info.seconds,
                    info.rate_on_disk,
                    info.channels,
                )
                for i, info in enumerate(infos[first : first + PAGE])
            ]
        )

    def _info(self, command: ClipInfoCommand, call: Call) -> Answer:
        info = self._library.refresh(command.name)
        return Answer([clip_info_reply(call.token, info, self._library)])

    def _load(self, command: ClipLoad, call: Call) -> Answer:
        warnings: list[str] = []
        self._library.load(
            command.path,
            command.clip,
            command.bpm,
            warnings.append,
            lambda old: self._history.record(call.routes, Replacement(self._library, old)),
        )
        return _with_warnings(command, warnings)

    def _save(self, command: ClipSave, call: Call) -> Answer:
        warnings: list[str] = []
        self._library.save(
            command.name,
            command.path,
            container=command.format,
            bits=command.bits,
            rate=command.rate,
            warn=warnings.append,
        )
        return _with_warnings(command, warnings)

    def _rename(self, command: ClipRename, call: Call) -> Answer:
        name = self._library.info(command.name).name
        rename_clip(self._library, name, command.to)
        self._history.record(call.routes, Renaming(self._library, name, command.to))
        return Answer()

    def _free(self, command: ClipFree, call: Call) -> Answer:
        remove = self._library.delete if command.delete else self._library.free
        self._history.record(call.routes, Removal(self._library, remove(command.name)))
        return Answer()

    def _star(self, command: ClipStar, call: Call) -> Answer:
        self._library.star(command.name, bool(command.on))
        return Answer()

    def _crop(self, command: ClipCrop, call: Call) -> Answer:
        clip = span(self._library.get(command.name), command.start, command.end)
        name = command.clip or self._library.next_name("crop")
        facts = {key: value for key, value in command.as_dict().items() if key != "clip"}
        info = replace(
            clip.info, name=name, file="", command=facts, parents=(clip.info.name,), starred=False
        )
        self._library.add(
            replace(clip, info=info),
            on_replaced=lambda old: self._history.record(
                call.routes, Replacement(self._library, old)
            ),
        )
        return Answer([clip_info_reply(call.token, self._library.info(name), self._library)])

    def _parents(self, command: ClipParents, call: Call) -> Answer:
        found = ancestry(self._library, command.name)
        return Answer([replies.CLIP_PARENT(call.token, *each) for each in found])


def ancestry(library: Library, name: str) -> list[tuple[int, str, str, int]]:
    """Return what a clip was made from, as (depth, clip, parent, whether that is in the list).

    Each pair of clip and parent is told once, and at most `MAX_ANCESTORS`.
    Raises: CommandError: ENOCLIP.
    """
    found: dict[tuple[str, str], tuple[int, str, str, int]] = {}
    waiting = [(1, library.info(name))]
    while waiting and len(found) < MAX_ANCESTORS:
        depth, info = waiting.pop(0)
        for parent in info.parents:
            if (info.name, parent) in found:
                continue
            is_there = parent in library
            found[info.name, parent] = (depth, info.name, parent, int(is_there))
            if is_there:
                waiting.append((depth + 1, library.info(parent)))
    return list(found.values())


def _with_warnings(command: Command, warnings: Sequence[str]) -> Answer:
    return Answer([replies.WARN(command.address, text) for text in warnings])


def clip_info_reply(token: str, info: ClipInfo, library: Library) -> ReplyMessage:
    """Return the reply that describes a clip of the library."""
    return replies.CLIP_INFO(
        token,
        info.name,
        library.path(info.name).as_posix(),
        info.seconds,
        info.rate_on_disk,
        info.channels,
        info.seed,
        info.bpm,
        info.engine,
    )
