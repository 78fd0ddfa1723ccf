"""Check what becomes of keys and pedals."""

import pytest
from mido import Message

from msanii_live.midi.note_tracker import SHORT_NOTE, NoteTracker
from msanii_live.notes import Note


def played(*events: tuple[float, Message]) -> list[Note]:
    listener = NoteTracker(100)
    for now, message in events:
        listener.receive(message, now)
    return [*listener.finished, *listener.held_notes(10.0)]


def on(note: int, velocity: int = 90, channel: int = 0) -> Message:
    return Message("note_on", note=note, velocity=velocity, channel=channel)


def off(note: int, channel: int = 0) -> Message:
    return Message("note_off", note=note, channel=channel)


def pedal(value: int) -> Message:
    return Message("control_change", control=64, value=value)


def test_a_key_is_a_note_from_down_to_up() -> None:
    assert played((1.0, on(60, 80)), (2.5, off(60))) == [Note(1.0, 2.5, 60, 80)]
    assert played((1.0, on(60)), (2.0, on(60, 0))) == [Note(1.0, 2.0, 60, 90)]


def test_a_held_key_sounds_until_now() -> None:
    assert played((1.0, on(60))) == [Note(1.0, 10.0, 60, 90)]


def test_a_key_struck_again_ends_its_note() -> None:
    notes = played((1.0, on(60)), (2.0, on(60, 40)), (3.0, off(60)))
    assert notes == [Note(1.0, 2.0, 60, 90), Note(2.0, 3.0, 60, 40)]


def test_the_pedal_holds_what_is_let_go_and_no_more() -> None:
    events = [(0.0, on(60)), (0.5, pedal(127)), (1.0, off(60)), (2.0, on(64)), (4.0, pedal(0))]
    assert played(*events, (5.0, off(64))) == [Note(0.0, 4.0, 60, 90), Note(2.0, 5.0, 64, 90)]


def test_a_press_and_its_release_at_one_moment_are_a_short_note() -> None:
    for start in (0.0, 1.0, 7.5):
        assert played((start, on(60)), (start, off(60))) == [
            Note(start, start + SHORT_NOTE, 60, 90)
        ]


def test_a_track_ends_only_its_own_notes() -> None:
    for other in (off(60), on(60, 0), Message("control_change", control=123)):
        listener = NoteTracker(10)
        listener.receive(on(60), 0.0, track=1)
        listener.receive(on(60), 0.0, track=2)
        listener.receive(other, 1.0, track=2)
        assert list(listener.finished) == [Note(0.0, 1.0, 60, 90)]
        assert listener.held_notes(3.0) == [Note(0.0, 3.0, 60, 90)]


@pytest.mark.parametrize("control", [120, 123])
def test_all_notes_off_ends_one_channel(control: int) -> None:
    stop = Message("control_change", control=control, value=0)
    notes = played((0.0, on(60)), (0.0, on(62, channel=1)), (1.0, stop))
    assert [(n.pitch, n.end) for n in notes] == [(60, 1.0), (62, 10.0)]


def test_programs_belong_to_channels_and_notes_keep_theirs() -> None:
    change = lambda program: Message("program_change", program=program, channel=1)  # noqa: E731
    events = [(0.0, change(19)), (0.0, on(60, channel=1)), (1.0, change(56)), (1.0, on(60))]
    notes = played(*events, (2.0, off(60)), (2.0, off(60, 1)), (2.0, on(36, channel=9)))
    assert {(n.program, n.drum) for n in notes} == {(19, False), (0, False), (0, True)}


def test_a_bend_is_told_of() -> None:
    listener = NoteTracker(10)
    listener.receive(Message("pitchwheel", pitch=100), 0.0)
    assert not listener.unsupported
    listener.receive(Message("pitchwheel", pitch=4_000), 0.0)
    assert list(listener.unsupported) == ["pitch bend"]
    assert listener.warnings == ("pitch bend was left out: it is not played here",)


def test_only_the_newest_notes_are_kept() -> None:
    listener = NoteTracker(3)
    for n in range(10):
        listener.receive(on(n), n)
        listener.receive(off(n), n + 0.5)
    assert [note.pitch for note in listener.finished] == [7, 8, 9]
