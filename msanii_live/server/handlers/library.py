"""Handlers of the commands about clips in the shared folder."""

from __future__ import annotations

from collections.abc import Sequence

from msanii_live.audio import ClipInfo
from msanii_live.library.library import Library
from msanii_live.protocol import replies
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import (
    ClipFree,
    ClipInfoCommand,
    ClipList,
    ClipLoad,
    ClipRename,
    ClipSave,
)
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, on_disk

PAGE = 50  # clips


class LibraryHandlers:
    """Commands that list, describe, load, save, rename and free clips."""

    def __init__(self, library: Library) -> None:
        """Take the shared folder."""
        self._library = library

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            ClipList: Handler(self._list),
            ClipInfoCommand: on_disk(self._info),
            ClipLoad: on_disk(self._load),
            ClipSave: on_disk(self._save),
            ClipRename: on_disk(self._rename),
            ClipFree: on_disk(self._free),
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
        self._library.load(command.path, command.clip, command.bpm, warnings.append)
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
        self._library.rename(command.name, command.to)
        return Answer()

    def _free(self, command: ClipFree, call: Call) -> Answer:
        self._library.free(command.name)
        return Answer()


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
