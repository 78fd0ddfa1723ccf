"""Handlers of undo and redo."""

from __future__ import annotations

from msanii_live.protocol.commands import Redo, Undo
from msanii_live.server.handler import Answer, Call, HandlerTable, on_disk
from msanii_live.server.history import History


class HistoryHandlers:
    """Commands that undo a client's changes and do them again."""

    def __init__(self, history: History) -> None:
        """Take what each client has changed."""
        self._history = history

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {Undo: on_disk(self._undo), Redo: on_disk(self._redo)}

    def _undo(self, command: Undo, call: Call) -> Answer:
        self._history.undo(call.routes)
        return Answer()

    def _redo(self, command: Redo, call: Call) -> Answer:
        self._history.redo(call.routes)
        return Answer()
