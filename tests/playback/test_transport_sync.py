"""Check the source of musical time: our own, a MIDI clock, or another program's session."""

from types import SimpleNamespace

import mido
import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.midi.input import MidiInput
from msanii_live.playback.transport_sync import MidiInputSync, TransportSync, follow_midi_clock
from msanii_live.timing.midi_clock import MidiClockTracker
from msanii_live.timing.transport import Transport
from tests.library.clips import refusal


def test_our_own_time_can_be_set_stopped_and_started() -> None:
    clock = SimpleNamespace(now=0.0)
    transport = Transport(clock=lambda: clock.now)
    sync = TransportSync(transport)
    sync.set(140.0, 3, 0)
    assert (transport.bpm, transport.beats, transport.is_running) == (140.0, 3, False)
    sync.set(None, None, 1)
    assert (transport.bpm, transport.is_running) == (140.0, True)
    assert sync.describe() == "internal"
    sync.close()


def test_a_midi_clock_takes_no_tempo_but_a_metre() -> None:
    transport = Transport(clock=lambda: 0.0)
    sync = TransportSync(transport)
    midi = MidiInput()
    midi.description = "keys"
    sync._external = MidiInputSync(transport, midi)
    with pytest.raises(CommandError, match="the tempo comes from keys") as caught:
        sync.set(90.0, 3, None)
    assert caught.value.code is Code.ERANGE
    sync.set(None, 3, 0)
    assert (transport.bpm, transport.beats) == (120.0, 3)
    assert transport.is_running  # the clock says when it stops
    assert midi._listeners
    sync._external.close()
    assert not midi._listeners


def test_without_an_input_the_midi_clock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mido, "get_input_names", list)
    sync = TransportSync(Transport())
    with refusal(Code.ERANGE):
        sync.set_source("midi")
    assert sync.source == "internal"


def test_the_first_port_is_opened_where_no_input_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    port = SimpleNamespace(closed=False, close=lambda: setattr(port, "closed", True))
    opened = []

    def open_input(name: str, callback: object) -> object:
        opened.append(name)
        return port

    monkeypatch.setattr(mido, "get_input_names", lambda: ["Clock 1", "Clock 2"])
    monkeypatch.setattr(mido, "open_input", open_input)
    sync = TransportSync(Transport())
    sync.set_source("midi")
    sync.set_source("midi")  # no second port
    assert sync.describe() == "midi, Clock 1"
    assert opened == ["Clock 1"]
    sync.close()
    assert port.closed
    assert sync.source == "internal"


def test_song_position_start_and_stop_move_the_transport() -> None:
    clock = SimpleNamespace(now=0.0)
    transport = Transport(clock=lambda: clock.now)
    tracker = MidiClockTracker()

    def feed(kind: str, pos: int = 0) -> None:
        follow_midi_clock(tracker, transport, SimpleNamespace(type=kind, pos=pos))

    feed("songpos", 16)
    for tick in range(49):
        clock.now = 10 + tick * 60 / 100 / 24
        feed("clock")
    assert transport.bpm == pytest.approx(100)
    assert transport.beats_at(clock.now) == pytest.approx(4 + 2)
    feed("stop")
    assert not transport.is_running
    feed("continue")
    feed("start")
    clock.now += 60 / 100 / 24
    feed("clock")
    assert transport.beats_at(clock.now) == pytest.approx(0.0, abs=1e-6)


def test_a_machine_without_midi_keeps_its_own_time(monkeypatch) -> None:
    monkeypatch.setenv("MIDO_BACKEND", "mido.backends.none_such")
    transport_sync = TransportSync(Transport())
    monkeypatch.setattr(mido.backend, "name", "mido.backends.none_such")
    monkeypatch.setattr(mido.backend, "_module", None)
    with pytest.raises(CommandError, match="source is midi"):
        transport_sync.set_source("midi")
    assert transport_sync.source == "internal"
    transport_sync.set(140.0, 3, None)
    assert transport_sync.describe() == "internal"
