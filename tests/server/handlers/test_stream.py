"""Check over OSC and MIDI that what is played on keys goes through the stream, and back again."""

import json
import threading
import time
import urllib.request
from pathlib import Path

import mido.sockets
import numpy as np
import pytest
import soundfile
from mido import Message

from msanii_live.midi import files
from msanii_live.notes import Note, Score
from tests.live import free_port, live


@pytest.fixture(scope="module")
def number():
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory, number):
    folder = tmp_path_factory.mktemp("stream-midi")
    with live(folder, "--engine", "tones", "--midi-in", f"tcp:{number}") as it:
        yield it


def start(server, *args):
    server.client.send("/msanii/stream/start", *args, "id", "s")
    return server.client.wait(("/msanii/done", "/msanii/fail"), "s")


def facts(server):
    server.drain(0.1)
    server.client.received.clear()
    server.ask("/msanii/caps", "id", "caps", token="caps")
    return {m.args[0]: m.args[1] for m in server.client.received if m.address == "/msanii/caps"}


def chunks(server, count):
    server.drain(0.1)
    for _ in range(count):
        assert server.client.wait(("/msanii/stream/chunk",), None, 20).args[2] > 0


def heard(server, seconds, clip):
    """Return what was heard in the last seconds, as a take of the output has it."""
    server.client.send("/msanii/record/stop", "clip", clip, "seconds", seconds, "id", clip)
    server.client.wait(("/msanii/done", "/msanii/fail"), clip)
    samples, rate = soundfile.read(str(Path(server.folder) / f"{clip}.wav"), always_2d=True)
    assert rate == 44_100
    return samples[:, 0]


def keys_in(samples):
    """Return the keys that sound in it, by the loudest partial of each quarter of a second."""
    found = set()
    for first in range(0, len(samples) - 11_025, 11_025):
        part = samples[first : first + 11_025] * np.hanning(11_025)
        if np.abs(part).max() < 0.005:
            continue
        frequency = np.abs(np.fft.rfft(part, 2**17)).argmax() * 44_100 / 2**17
        found.add(round(69 + 12 * np.log2(max(frequency, 1) / 440)))
    return found


def is_whole(samples):
    """Tell that there is no hole and no click in it."""
    blocks = np.abs(samples[: len(samples) // 4_410 * 4_410]).reshape(-1, 4_410).max(axis=1)
    steps = np.abs(np.diff(samples))
    return blocks.min() > 0.005 and steps.max() < 1.6 * np.percentile(steps, 99.5)


def test_before_anything_was_played_take_is_refused(server):
    refused = start(server, "midi", "take")
    assert refused.address == "/msanii/fail"
    assert refused.args[3] == "ENOCLIP"
    assert "--midi-in" in refused.args[4]
    assert facts(server)["stream"] == "none"


def test_keys_are_heard_through_the_stream_until_it_goes_on_by_itself(server, number):
    keys = mido.sockets.connect("127.0.0.1", number)
    over = threading.Event()

    def hand():  # two keys that take turns, each held until the other is down
        pitch = 57
        while not over.is_set():
            keys.send(Message("note_on", note=pitch, velocity=90))
            over.wait(0.4)
            other = 126 - pitch  # 57 and 69
            keys.send(Message("note_on", note=other, velocity=90))
            keys.send(Message("note_off", note=pitch))
            pitch = other
        keys.send(Message("note_off", note=pitch))

    thread = threading.Thread(target=hand, daemon=True)
    thread.start()
    time.sleep(2.5)
    how = ("chunk", 2.0, "ahead", 1.0, "at", "none")
    assert start(server, *how, "midi", "take", "engine", "tones").address == "/msanii/done"
    chunks(server, 4)
    told = facts(server)
    assert (told["stream"], told["stream-midi"]) == ("runs", "take")
    time.sleep(3)
    samples = heard(server, 4.0, "live")
    assert keys_in(samples) == {57, 69}
    assert is_whole(samples)

    over.set()
    thread.join()
    refused = start(server, "midi", "no-such-song")
    assert refused.args[3] == "ENOCLIP"
    refused = start(server, "midi", "take", "engine", "mel-flow")
    assert refused.args[3] == "EENGINE"
    assert start(server, *how).address == "/msanii/done"  # settings only
    assert facts(server)["stream-midi"] == "take"
    time.sleep(7)
    samples = heard(server, 4.0, "again")
    assert keys_in(samples) == {57, 69}
    loud = np.abs(samples[: len(samples) // 4_410 * 4_410]).reshape(-1, 4_410).max(axis=1) > 0.005
    assert loud.mean() > 0.45, "the hands rested before the bar was over, and no longer"

    score = Score((Note(0.0, 2.0, 76, 90), Note(2.0, 4.0, 81, 90)), 4.0, bpm=120.0)
    (Path(server.folder) / "song.mid").write_bytes(files.to_midi(score))
    assert start(server, *how, "midi", "song").address == "/msanii/done"
    assert facts(server)["stream-midi"] == "song"
    page = f"http://127.0.0.1:{server.server.http_port}/api/state"
    with urllib.request.urlopen(page, timeout=10) as answer:
        assert json.loads(answer.read())["stream"]["midi"] == "song"
    chunks(server, 3)
    time.sleep(4)
    assert keys_in(heard(server, 3.0, "song")) <= {76, 81}

    assert start(server, *how, "midi", "none").address == "/msanii/done"
    assert facts(server)["stream-midi"] == "none"
    chunks(server, 2)
    assert facts(server)["stream"] == "runs"
    server.ask("/msanii/stream/stop")
    assert not list(Path(server.folder).glob("stream*")), "chunks are heard, not written"
    assert {p.name for p in Path(server.folder).glob("*.mid")} == {"song.mid"}
