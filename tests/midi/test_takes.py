"""Check that the last bars are at hand, whole, whatever is held and whenever they are asked for."""

from types import SimpleNamespace

import pytest
from mido import Message

from msanii_live.errors import Code
from msanii_live.midi.takes import MidiRecorder
from msanii_live.timing.transport import Transport
from tests.library.clips import refusal


@pytest.fixture
def transport() -> Transport:
    clock = SimpleNamespace(now=100.0)
    return Transport(bpm=120.0, clock=lambda: clock.now)  # a bar is 2 s; bar 0 begins at 100


def play(takes: MidiRecorder, pitch: int, start: float, end: float | None = None) -> None:
    takes.receive(Message("note_on", note=pitch, velocity=80), start)
    if end is not None:
        takes.receive(Message("note_off", note=pitch), end)


def test_nothing_played_is_refused(transport: Transport) -> None:
    with refusal(Code.ENOCLIP):
        MidiRecorder().last_bars(4, transport)


def test_the_last_bars_end_at_the_bar_line_after_the_last_note(transport: Transport) -> None:
    takes = MidiRecorder()
    play(takes, 60, 100.0, 101.0)
    play(takes, 62, 103.0, 104.9)
    play(takes, 64, 105.0, 105.5)  # in the third bar, which ends at 106
    score = takes.last_bars(2, transport)
    assert (score.seconds, score.bpm, score.is_loop) == (4.0, 120.0, True)
    assert [(n.pitch, n.start, n.end) for n in score.notes] == [
        (62, pytest.approx(1.0), pytest.approx(2.9)),
        (64, pytest.approx(3.0), pytest.approx(3.5)),
    ]
    assert len(takes.last_bars(3, transport).notes) == 3


def test_a_drone_held_for_long_sounds_from_the_first_frame(transport: Transport) -> None:
    takes = MidiRecorder()
    play(takes, 40, 100.0)
    play(takes, 64, 120.5, 121.0)
    score = takes.last_bars(1, transport)
    assert next((n.pitch, n.start, n.end) for n in score.notes) == (40, 0.0, 2.0)


def test_a_hand_that_is_early_means_the_next_bar(transport: Transport) -> None:
    takes = MidiRecorder()
    play(takes, 60, 101.97, 102.4)
    assert takes.last_bars(1, transport).notes[0].start == 0.0
    assert takes.last_bars(1, transport).notes[0].end == pytest.approx(0.4)


def test_parts_of_bars_say_where_the_bar_is(transport: Transport) -> None:
    takes = MidiRecorder()
    play(takes, 60, 101.5, 101.8)
    score = takes.last_bars(0.5, transport)
    assert (score.seconds, score.bar, score.is_loop) == (1.0, 0.5, False)
    assert score.notes[0].start == pytest.approx(0.5)


def test_a_cable_pulled_out_ends_what_hangs(transport: Transport) -> None:
    takes = MidiRecorder()
    play(takes, 60, 100.5)
    takes.release_all(101.0)
    assert takes.last_bars(1, transport).notes[0].end == pytest.approx(1.0)


def test_a_take_is_what_comes_between_start_and_stop(transport: Transport) -> None:
    takes = MidiRecorder()
    play(takes, 50, 100.0, 100.4)
    takes.start("riff", None, 100.5, lambda: None)
    with refusal(Code.EBUSY):
        takes.start("other", None, 100.6, lambda: None)
    play(takes, 60, 101.0, 101.5)
    name, score = takes.stop("", None, 103.5, transport)
    assert (name, score.seconds, score.bar) == ("riff", 3.0, 0.25)
    assert [(n.pitch, n.start) for n in score.notes] == [(60, 0.5)]
    takes.store_take(name, score)
    assert takes.get_take("riff") == score


def test_without_a_take_stop_gives_what_was_played_last(transport: Transport) -> None:
    takes = MidiRecorder()
    with refusal(Code.ENOCLIP):
        takes.stop("", None, 101.0, transport)
    play(takes, 60, 110.0, 111.0)
    name, score = takes.stop("late", None, 112.0, transport)
    assert (name, score.seconds, score.notes[0].start) == ("late", 2.0, 0.0)
    takes.start("empty", None, 113.0, lambda: None)
    with refusal(Code.ENOCLIP):
        takes.stop("", None, 114.0, transport)
    assert not takes.is_recording
