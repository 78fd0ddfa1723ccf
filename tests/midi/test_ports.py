"""Check the MIDI ports, where there is no MIDI system and where there is one."""

import subprocess
import sys
import time
from pathlib import Path

import mido
import pytest

from msanii_live.errors import ConfigError
from msanii_live.midi import input
from msanii_live.midi.input import MidiInput

pytest.importorskip("rtmidi", reason="needs pip install 'msanii-live[midi]'", exc_type=ImportError)


def test_ports_of_jack() -> None:
    tests = Path(__file__).with_name("jack_ports.py")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", str(tests)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    if ran.returncode == 0 and " passed" not in ran.stdout and "skipped" in ran.stdout:
        pytest.skip(ran.stdout[-300:])
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_where_there_is_neither_alsa_nor_jack_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("no sequencer")

    monkeypatch.setattr(input.sys, "platform", "linux")
    monkeypatch.setattr(mido, "open_input", fail)
    monkeypatch.setattr(mido, "Backend", fail)
    with pytest.raises(ConfigError, match=r"no sequencer.*snd-seq.*JACK"):
        MidiInput("virtual", time.monotonic)
