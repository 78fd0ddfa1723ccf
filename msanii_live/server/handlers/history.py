"""Handlers of undo and redo."""

from __future__ import annotations

from msanii_live.protocol import replies
from msanii_live.protocol.commands import Redo, Undo, UndoList
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, on_disk
from msanii_live.server.history import History


class HistoryHandlers:
    """Commands that undo a client's changes and do them again."""

    def __init__(self, history: History) -> None:
        """Take what each client has changed."""
        self._history = history

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            Undo: on_disk(self._undo),
            Redo: on_disk(self._redo),
            UndoList: Handler(self._list),
        }

    def _undo(self, command: Undo, call: Call) -> Answer:
        warnings = self._history.undo(call.routes)
        return Answer([replies.WARN(command.address, text) for text in warnings])

    def _redo(self, command: Redo, call: Call) -> Answer:
        warnings = self._history.redo(call.routes)
        return Answer([replies.WARN(command.address, text) for text in warnings])

    def _list(self, command: UndoList, call: Call) -> Answer:
        done, undone = self._history.texts(call.routes)
        changes = [("undo", each) for each in done] + [("redo", each) for each in undone]
        return Answer(
            [
                replies.UNDO_ENTRY(call.token, i, len(changes), kind, text)
                for i, (kind, text) in enumerate(changes, start=1)
            ]
        )
