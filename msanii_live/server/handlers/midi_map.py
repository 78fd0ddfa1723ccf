"""Handlers of the commands that map MIDI controls."""

from __future__ import annotations

from msanii_live.midi.input import MidiInput
from msanii_live.midi.mapping import MidiMapping
from msanii_live.protocol import replies
from msanii_live.protocol.commands import MapFree, MapLearn, MapList
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.events import EventSender
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, on_disk
from msanii_live.server.midi_map import MidiMap

TOPIC = "map"


class MidiMapHandlers:
    """Commands that learn, list and remove mappings."""

    def __init__(self, midi_map: MidiMap, midi: MidiInput, events: EventSender) -> None:
        """Take the mappings, the MIDI input, and what sends events."""
        self._map = midi_map
        self._midi = midi
        self._events = events

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            MapLearn: on_disk(self._learn),
            MapList: Handler(self._list),
            MapFree: on_disk(self._free),
        }

    def _learn(self, command: MapLearn, call: Call) -> Answer:
        self._map.learn(
            command,
            lambda mapping: self._events.send([_entry(call.token, mapping)], call.routes, TOPIC),
        )
        if self._midi.is_open:
            return Answer()
        text = "there is no MIDI input: start the server with --midi-in"
        return Answer([replies.WARN(command.address, text)])

    def _list(self, command: MapList, call: Call) -> Answer:
        return Answer([_entry(call.token, mapping) for mapping in self._map.mapper.mappings])

    def _free(self, command: MapFree, call: Call) -> Answer:
        self._map.free(command.param)
        return Answer()


def _entry(token: str, mapping: MidiMapping) -> ReplyMessage:
    return replies.MAP_ENTRY(token, mapping.target, *mapping.control, mapping.low, mapping.high)
