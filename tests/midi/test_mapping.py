"""Check what MIDI controls move: learning, soft takeover, notes, and what is kept."""

from __future__ import annotations

import pytest
from mido import Message

from msanii_live.errors import Code, CommandError
from msanii_live.midi.mapping import Learning, MidiControl, MidiMapper, MidiMapping, read_control


class Desk:
    """A mapper with one param, and the commands that it has sent."""

    def __init__(self) -> None:
        self.value = 0.5
        self.sent: list[str] = []
        self.changes = 0
        self.mapper = MidiMapper(lambda _: self.value, self.set, self.sent.append, self.changed)

    def set(self, name: str, value: float) -> None:
        assert name == "stream.mix"
        self.value = value

    def changed(self) -> None:
        self.changes += 1

    def learn(self, target: str = "stream.mix", kind: str = "", **how: bool) -> list[MidiMapping]:
        learnt: list[MidiMapping] = []
        self.mapper.learn(
            Learning(target, kind, 0.0, 1.0, how.get("command", False), learnt.append)
        )
        return learnt

    def move(self, *values: int, control: int = 7) -> None:
        for value in values:
            self.receive("control_change", control=control, value=value)

    def receive(self, kind: str, **fields: int) -> None:
        self.mapper.receive(Message(kind, **fields), 0.0)


def test_the_next_control_that_is_moved_is_learnt_once() -> None:
    desk = Desk()
    learnt = desk.learn()
    desk.move(0)  # a control that is let go is not moved
    assert not learnt
    desk.move(10)
    desk.move(20, control=8)
    assert [each.control for each in learnt] == [MidiControl("cc", 1, 7)]
    assert desk.mapper.mappings == learnt
    assert desk.changes == 1
    assert desk.value == 0.5


def test_a_controller_takes_over_only_at_the_params_value() -> None:
    desk = Desk()
    desk.learn()
    desk.move(10, 20, 40)
    assert desk.value == 0.5
    desk.move(90)  # passes 0.5
    assert desk.value == pytest.approx(90 / 127)
    desk.move(10)
    assert desk.value == pytest.approx(10 / 127)
    desk.value = 0.9  # set by another client
    desk.move(20, 30)
    assert desk.value == 0.9
    desk.move(127, 100)
    assert desk.value == pytest.approx(100 / 127)


def test_a_kind_of_control_can_be_asked_for() -> None:
    desk = Desk()
    learnt = desk.learn(kind="pressure")
    desk.receive("note_on", note=60, velocity=100)
    desk.receive("aftertouch", value=64, channel=9)
    assert learnt[0].control == MidiControl("pressure", 10, -1)
    desk.receive("aftertouch", value=127, channel=9)
    assert desk.value == 1.0  # pressure begins at 0 each time, so it takes over at once


def test_a_command_is_sent_by_a_note_and_by_a_controller_that_rises() -> None:
    desk = Desk()
    desk.learn("/msanii/stop", command=True)
    desk.receive("note_on", note=60, velocity=1)
    assert desk.sent == []
    desk.receive("note_off", note=60)
    desk.receive("note_on", note=60, velocity=90)
    desk.receive("note_on", note=60, velocity=0)
    assert desk.sent == ["/msanii/stop"]
    desk.learn("/msanii/undo", command=True)
    desk.move(1, 63, 64, 127, 100, 20, 70)
    assert desk.sent == ["/msanii/stop", "/msanii/undo", "/msanii/undo"]


def test_mappings_are_freed() -> None:
    desk = Desk()
    desk.learn()
    desk.move(10)
    with pytest.raises(CommandError) as caught:
        desk.mapper.free("stream.strength")
    assert caught.value.code is Code.ERANGE
    desk.mapper.free("stream.mix")
    assert desk.mapper.mappings == []
    learnt = desk.learn()
    desk.mapper.free("stream.mix")  # ends the learning
    desk.move(10)
    assert not learnt
    desk.mapper.free("all")


def test_a_mapping_survives_json_and_bad_ones_are_refused() -> None:
    mapping = MidiMapping("stream.mix", MidiControl("note", 16, 127), 0.2, 0.8)
    raw = mapping.as_dict()
    assert MidiMapping.from_dict({**raw, "control": list(mapping.control)}) == mapping
    for wrong in (
        {}, None, {**raw, "control": ["cc", 0, 1]}, {**raw, "control": ["bend", 1, 1]},
        {**raw, "low": float("nan")}, {**raw, "control": ["cc", 1]}, {**raw, "high": "high"},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="mapping"):
            MidiMapping.from_dict(wrong)


def test_other_messages_move_nothing() -> None:
    assert read_control(Message("clock")) is None
    assert read_control(Message("pitchwheel", pitch=100)) is None
    assert read_control(Message("polytouch", note=3, value=127)) == (
        MidiControl("pressure", 1, 3),
        1.0,
    )
