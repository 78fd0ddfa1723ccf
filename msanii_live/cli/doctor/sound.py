"""The checks of sound and MIDI."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from msanii_live.cli.doctor.checks import Check, mend, note, ok
from msanii_live.config import Config
from msanii_live.errors import ConfigError


@contextlib.contextmanager
def silenced_libraries() -> Iterator[None]:
    """Discard what ALSA, JACK and PortAudio write to stderr: the checks say it in a sentence.

    Processes that are started meanwhile are silent too.
    """
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, ValueError, AttributeError):  # there is no stderr
        yield
        return
    try:
        with open(os.devnull, "w") as sink:
            os.dup2(sink.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def check_sound(config: Config) -> Iterator[Check]:
    """List the audio devices, and open the one that the server would play through."""
    with silenced_libraries():
        found = list(_check_sound(config))
    yield from found


def _check_sound(config: Config) -> Iterator[Check]:
    from msanii_live.playback.factory import open_player
    from msanii_live.playback.host_proxy import list_devices
    from msanii_live.playback.sinks import AudioDeviceError
    from msanii_live.playback.timebase import Timebase
    from msanii_live.timing.transport import Transport

    if config.audio == "none":
        yield ok("sound", "none, as asked: clips go to the folder only")
        return
    mute = "or say --audio none: clips then go to the folder, for a patch that plays them itself"
    try:
        found, default = list_devices()
    except AudioDeviceError as error:
        yield note(
            "sound", str(error), f"install PortAudio (apt-get install libportaudio2), {mute}"
        )
        return
    for place, device in enumerate(found):
        ways = f"{device['max_input_channels']} in, {device['max_output_channels']} out"
        chosen = ", the default" if place == default else ""
        rate = f"{device['default_samplerate']:.0f} Hz"
        yield ok(f"device {place}", f"{device['name']} ({ways}, {rate}{chosen})")
    timebase = Timebase()
    try:
        player, notice = open_player(config.audio, Transport(clock=timebase.now), timebase)
    except ConfigError as error:
        yield mend("sound", str(error), "name one of these devices with --audio, or leave it out")
        return
    opened = f"{player.description}; a command is heard after {1000 * player.latency:.0f} ms"
    player.close()
    if notice:
        yield note("sound", notice, f"plug a sound card in or start the sound server, {mute}")
    else:
        yield ok("sound", opened)


def check_midi(midi_in: str) -> Check:
    """Check the MIDI input that is asked for, and whether this machine can have a virtual port."""
    from msanii_live.midi.input import TCP_PREFIX, find_virtual_port_fault, port_names

    with silenced_libraries():
        fault = find_virtual_port_fault()
    virtual = f"no virtual port is possible: {fault}" if fault else "a virtual port is possible"
    instead = f"connect a MIDI port, or send MIDI over --midi-in {TCP_PREFIX}PORT"
    if midi_in == "virtual":
        return mend("MIDI", virtual, instead) if fault else ok("MIDI", virtual)
    if midi_in == "none" or midi_in.startswith(TCP_PREFIX):
        return ok("MIDI", f"{midi_in}, as asked; {virtual}")
    try:
        with silenced_libraries():
            names = port_names()
    except ConfigError as error:
        return mend("MIDI", str(error), instead)
    listed = ", ".join(names) or "none"
    if any(midi_in.lower() in name.lower() for name in names):
        return ok("MIDI", f"ports: {listed}; {virtual}")
    waits = "the server takes it as soon as it comes; else name one of these with --midi-in"
    return note("MIDI", f"no port is called {midi_in}; there are: {listed}; {virtual}", waits)
