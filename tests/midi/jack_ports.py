"""Check MIDI in over JACK's real ports: our own, and another program's that comes and goes.

`test_ports.py` runs these tests in a process of their own: where a JACK server ends under its
clients, the JACK library can end the whole process.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import pytest
from mido import Message

from msanii_live.midi import input
from msanii_live.midi.input import MidiInput
from tests.live import live
from tests.playback.jackdummy import jack_dummy

pytest.importorskip("rtmidi", reason="needs pip install 'msanii-live[midi]'", exc_type=ImportError)

PROBE = Message("control_change", control=20, value=1)  # it changes nothing
PROBE_NOTE = 21


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(input, "_SCAN_INTERVAL", 0.1)
    monkeypatch.setenv("MIDO_BACKEND", "mido.backends.rtmidi/UNIX_JACK")
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    for name in ("open_input", "get_input_names"):  # mido chose its own when it was imported
        monkeypatch.setattr(mido, name, getattr(backend, name))
    with jack_dummy(real_time=False):
        yield backend


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def own_port(backend: Any) -> Any:
    name = until(lambda: [n for n in backend.get_output_names() if input.VIRTUAL_PORT in n])[0]
    return backend.open_output(name)


def notes_in(path: str | Path) -> list[int]:
    """Return the keys of a MIDI file in the order in which they are struck."""
    return [m.note for m in mido.MidiFile(str(path)) if m.type == "note_on" and m.velocity]


def send_until(port: Any, message: Message, has_arrived: Callable[[], Any]) -> None:
    """Send a message again and again until it arrives: JACK connects ports when it pleases."""

    def try_again() -> Any:
        port.send(message)
        time.sleep(0.02)
        return has_arrived()

    until(try_again)


def test_others_connect_to_the_virtual_port(jack: Any) -> None:
    heard: list[Message] = []
    port = MidiInput("virtual", time.monotonic)
    port.add_listener(lambda message, now: heard.append(message))
    keys = own_port(jack)
    send_until(keys, PROBE, lambda: heard)
    played = [Message("program_change", program=19), Message("note_on", note=60, velocity=9)]
    for message in played:
        keys.send(message)
    until(lambda: played[-1] in heard)
    assert [message for message in heard if message != PROBE] == played
    keys.close()
    port.close()


def test_a_keyboard_is_taken_when_it_comes_and_when_it_comes_back(jack: Any) -> None:
    heard: list[Message] = []
    gone: list[float] = []
    port = MidiInput("stage piano", time.monotonic)
    port.add_listener(lambda message, now: heard.append(message), gone.append)
    assert "not there" in port.description
    for visit in (1, 2):
        heard.clear()
        keyboard = jack.open_output("Stage Piano", virtual=True)
        until(lambda: "Stage Piano" in port.description)
        send_until(keyboard, PROBE, lambda: heard)
        keyboard.send(Message("note_on", note=60 + visit))
        until(lambda: heard[-1] != PROBE)
        assert [message.note for message in heard if message != PROBE] == [60 + visit]
        keyboard.close()
        del keyboard
        until(lambda visit=visit: len(gone) == visit)
    port.close()


def test_a_server_plays_what_came_over_the_virtual_port(jack: Any, tmp_path: Path) -> None:
    with live(tmp_path, "--engine", "mel2mel", "--midi-in", "virtual") as it:

        def heard_notes() -> list[int]:
            reply = it.ask("/msanii/record/stop", "source", "midi", reply="/msanii/take/info")
            return notes_in(str(reply.args[1])) if reply.address == "/msanii/take/info" else []

        keys = own_port(jack)
        send_until(keys, Message("note_on", note=PROBE_NOTE), heard_notes)
        keys.send(Message("note_off", note=PROBE_NOTE))
        for note in (60, 64, 67):
            keys.send(Message("note_on", note=note, velocity=90))
            time.sleep(0.1)
            keys.send(Message("note_off", note=note))
        until(lambda: 67 in heard_notes())
        # Several bars, since a bar line may have passed while they were played.
        fields = it.job("/msanii/render", "p", "take", "bars", 8, "clip", "played")
        assert Path(str(fields[3])).exists()
        told = json.loads((tmp_path / "played.json").read_text())
        notes = notes_in(tmp_path / str(told["command"]["midi"]))
        assert [note for note in notes if note != PROBE_NOTE] == [60, 64, 67]
        keys.close()
