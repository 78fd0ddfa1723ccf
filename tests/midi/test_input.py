"""Check the MIDI input on mido's backends: ports that come and go, a virtual port, and TCP."""

import queue
import time
from collections.abc import Iterator

import mido
import mido.sockets
import pytest
from mido import Message

from msanii_live.errors import ConfigError
from msanii_live.midi import input
from msanii_live.midi.input import MidiInput
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.timing.transport import Transport
from tests.live import free_port
from tests.playback import loopback

TIMEOUT = 10.0  # s


@pytest.fixture
def cables(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, loopback.Input | None]]:
    backend = mido.backends.backend.Backend("tests.playback.loopback")
    for name in ("open_input", "get_input_names"):
        monkeypatch.setattr(mido, name, getattr(backend, name))
    monkeypatch.setattr(input, "_SCAN_INTERVAL", 0.02)
    yield loopback.PORTS
    loopback.PORTS.clear()
    while not loopback.OPENED.empty():
        loopback.OPENED.get()


def test_a_port_is_found_by_a_part_of_its_name(cables: dict[str, loopback.Input | None]) -> None:
    cables |= {"Midi Through 14:0": None, "Keystation 49 20:0": None}
    with_time: list[tuple[Message, float]] = []
    port = MidiInput("keystation", lambda: 7.0)
    port.add_listener(lambda message, now: with_time.append((message, now)))
    assert port.description == "Keystation 49 20:0"
    cable = cables["Keystation 49 20:0"]
    assert cable is not None
    cable.callback(Message("note_on", note=60))
    assert with_time == [(Message("note_on", note=60), 7.0)]
    port.close()
    assert cable.closed


def test_a_port_that_comes_later_or_comes_back_is_taken(
    cables: dict[str, loopback.Input | None],
) -> None:
    lost: queue.Queue[float] = queue.Queue()
    port = MidiInput("keys", lambda: 1.0)
    port.add_listener(lambda message, now: None, lost.put)
    assert "not there" in port.description
    cables["keys"] = None
    first = loopback.OPENED.get(timeout=TIMEOUT)
    del cables["keys"]
    assert lost.get(timeout=TIMEOUT) == 1.0
    assert first.closed
    cables["keys"] = None
    second = loopback.OPENED.get(timeout=TIMEOUT)
    assert second is not first
    port.close()
    assert port.description == "keys"
    assert second.closed


def test_a_listener_that_fails_keeps_no_one_from_hearing(
    cables: dict[str, loopback.Input | None],
) -> None:
    heard: list[Message] = []
    port = MidiInput("virtual", time.monotonic)

    def fail(message: Message, now: float) -> None:
        raise RuntimeError("a bug")

    port.add_listener(fail)
    port.add_listener(lambda message, now: heard.append(message))
    cable = cables["msanii-live"]
    assert cable is not None
    cable.callback(Message("note_on", note=1))
    assert len(heard) == 1
    port.close()


def test_the_clock_of_the_same_port_drives_the_transport(
    cables: dict[str, loopback.Input | None],
) -> None:
    now = [50.0]
    transport = Transport(clock=lambda: now[0])
    port = MidiInput("virtual", transport.now)
    transport_sync = TransportSync(transport, port)
    transport_sync.set_source("midi")
    assert transport_sync.describe() == "midi, virtual port msanii-live"
    cable = cables["msanii-live"]
    assert cable is not None
    for _ in range(48):
        cable.callback(Message("clock"))
        now[0] += 60 / 90 / 24
    assert transport.bpm == pytest.approx(90)
    transport_sync.set_source("internal")
    cable.callback(Message("clock"))
    assert not cable.closed
    port.close()


def test_mido_speaks_to_it_over_tcp() -> None:
    number = free_port()
    received: queue.Queue[Message] = queue.Queue()
    lost: queue.Queue[float] = queue.Queue()
    port = MidiInput(f"tcp:{number}", time.monotonic)
    port.add_listener(lambda message, now: received.put(message), lost.put)
    sent = [Message("note_on", note=60, velocity=9), Message("program_change", program=19)]
    client = mido.sockets.connect("127.0.0.1", number)
    for message in sent:
        client.send(message)
    assert [received.get(timeout=TIMEOUT) for _ in sent] == sent
    client.close()
    del client  # mido's ports hold their connection as long as they live
    lost.get(timeout=TIMEOUT)
    with pytest.raises(ConfigError, match="pick another port"):
        MidiInput(f"tcp:{number}", time.monotonic)
    port.close()


@pytest.mark.parametrize("wanted", ["tcp:", "tcp:x", "tcp:99999"])
def test_a_port_number_that_is_none_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigError, match="midi_in"):
        MidiInput(wanted, time.monotonic)


def test_no_way_to_midi_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = mido.backends.backend.Backend("mido.backends.none_such")
    for name in ("open_input", "get_input_names"):
        monkeypatch.setattr(mido, name, getattr(backend, name))
    for wanted in ("virtual", "keys"):
        with pytest.raises(ConfigError, match=r"msanii-live\[midi\]"):
            MidiInput(wanted, time.monotonic)
