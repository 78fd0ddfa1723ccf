"""Handlers of the commands about the automation of params."""

from __future__ import annotations

from msanii_live.protocol import replies
from msanii_live.protocol.commands import (
    AutomationFree,
    AutomationList,
    AutomationPlay,
    AutomationRecord,
    AutomationStop,
)
from msanii_live.server.automation import AutomationRecorder
from msanii_live.server.handler import Answer, Call, HandlerTable, on_disk
from msanii_live.timing.transport import Transport


class AutomationHandlers:
    """Commands that record, play, stop, delete and list automation."""

    def __init__(self, recorder: AutomationRecorder, transport: Transport) -> None:
        """Take what records and plays automation, and the time that it follows."""
        self._recorder = recorder
        self._transport = transport

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            AutomationRecord: on_disk(self._record),
            AutomationPlay: on_disk(self._play),
            AutomationStop: on_disk(self._stop),
            AutomationFree: on_disk(self._free),
            AutomationList: on_disk(self._list),
        }

    def _record(self, command: AutomationRecord, call: Call) -> Answer:
        self._recorder.record(command.name, bool(command.overdub))
        return self._answer(command.address)

    def _play(self, command: AutomationPlay, call: Call) -> Answer:
        self._recorder.play(command.name, bool(command.loop), command.at)
        return self._answer(command.address)

    def _answer(self, address: str) -> Answer:
        if self._transport.is_running:
            return Answer()
        text = "the transport stands still: /msanii/transport run 1 starts it"
        return Answer([replies.WARN(address, text)])

    def _stop(self, command: AutomationStop, call: Call) -> Answer:
        self._recorder.stop()
        return Answer()

    def _free(self, command: AutomationFree, call: Call) -> Answer:
        self._recorder.free(command.name)
        return Answer()

    def _list(self, command: AutomationList, call: Call) -> Answer:
        names = self._recorder.names()
        state = self._recorder.state
        if state.name and state.name not in names:
            names = sorted([*names, state.name])
        entries = []
        for i, name in enumerate(names, start=1):
            length, count = self._recorder.size(name)
            word = state.state if name == state.name else ""
            entries.append(
                replies.AUTOMATION_ENTRY(call.token, i, len(names), name, length, count, word)
            )
        return Answer(entries)
