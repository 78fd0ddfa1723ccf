"""Check rendering over OSC, from files and from what is played, with the engine of tones."""

import json
import time
from pathlib import Path

import mido
import mido.sockets
import numpy as np
import pytest
import soundfile
from mido import Message

from tests.live import free_port, live


@pytest.fixture(scope="module")
def number():
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory, number):
    folder = tmp_path_factory.mktemp("render")
    with live(folder, "--engine", "tones", "--midi-in", f"tcp:{number}") as it:
        yield it


@pytest.fixture
def keys(server, number):
    return mido.sockets.connect("127.0.0.1", number)


def song(path, beats=8, program=0, bpm=120):
    midi = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    track.append(Message("program_change", program=program))
    for beat in range(beats):
        track.append(Message("note_on", note=60 + beat, velocity=90))
        track.append(Message("note_off", note=60 + beat, time=480))
    midi.tracks.append(track)
    midi.save(path)


def read(fields):
    samples, _ = soundfile.read(str(fields[3]), dtype="float32", always_2d=True)
    return samples


def played(samples, rate=44_100):
    """Return the pitch that is loudest in a second beat of 120 bpm."""
    part = samples[int(0.55 * rate) : int(0.95 * rate), 0]
    peak = np.fft.rfftfreq(len(part), 1 / rate)[np.abs(np.fft.rfft(part)).argmax()]
    return 69 + 12 * np.log2(peak / 440)


def test_a_file_of_the_folder_is_played(server):
    song(Path(server.folder) / "riff.mid")
    fields = server.job("/msanii/render", "r1", "riff.mid", "seed", 5, "clip", "played")
    samples = read(fields)
    assert samples.shape == (4 * 44_100, 2)
    assert played(samples) == pytest.approx(61, abs=0.1)
    assert fields[7] == 5
    sidecar = json.loads((Path(server.folder) / "played.json").read_text())
    assert sidecar["command"]["midi"] == "riff.mid"
    assert sidecar["bpm"] == 120
    assert server.count("/msanii/job/progress", "r1") >= 1


def test_its_tempo_and_length_may_be_others(server):
    song(Path(server.folder) / "slow.mid", bpm=60)
    assert len(read(server.job("/msanii/render", "t1", "slow", "bpm", 120))) == 4 * 44_100
    assert len(read(server.job("/msanii/render", "t2", "slow", "seconds", 3.3))) == 145_530
    one_bar = server.job("/msanii/render", "t3", "slow", "bpm", 120, "bars", 1)
    assert len(read(one_bar)) == 2 * 44_100


def test_what_cannot_be_played_fails_once_with_its_reason(server):
    (Path(server.folder) / "bad.mid").write_bytes(b"RIFF" * 30)
    mido.MidiFile().save(Path(server.folder) / "rest.mid")
    for token, midi, code in (
        ("f1", "none.mid", "ENOCLIP"),
        ("f2", "../x.mid", "EPATH"),
        ("f3", "bad.mid", "EPATH"),
        ("f4", "rest.mid", "EPATH"),
    ):
        server.client.send("/msanii/render", midi, "id", token)
        failed = server.client.wait(("/msanii/fail", "/msanii/job/done"), token)
        assert failed.address == "/msanii/fail"
        assert failed.args[3] == code
        assert server.count("/msanii/fail", token) == 1
    for args in (["mix", 1.5], ["program", 128], ["program", 2.5]):
        server.client.send("/msanii/render", "riff", *args, "id", "f5")
        assert server.client.wait(("/msanii/fail",), "f5").args[3] in ("ERANGE", "ETYPE")
    server.client.send("/msanii/render", "id", "f6")
    assert server.client.wait(("/msanii/fail",), "f6").args[3] == "EARG"


def test_rendering_can_be_cancelled(server):
    song(Path(server.folder) / "riff.mid")
    server.client.send("/msanii/render", "riff", "steps", 1000, "id", "c")
    server.client.wait(("/msanii/job/progress",), "c")
    server.client.send("/msanii/job/cancel", "c")
    ending = server.client.wait(("/msanii/job/done", "/msanii/job/cancelled"), "c")
    assert ending.address == "/msanii/job/cancelled"


def test_a_take_is_refused_before_anything_was_played(server):
    # The first test that plays comes after this one.
    server.client.send("/msanii/render", "take", "id", "n")
    failed = server.client.wait(("/msanii/fail", "/msanii/job/queued"), "n")
    assert failed.args[3] == "ENOCLIP"
    assert "--midi-in" in failed.args[4]


def test_what_was_played_is_rendered_and_kept(server, keys):
    before = time.monotonic()
    keys.send(Message("note_on", note=69, velocity=100))
    time.sleep(0.3)
    keys.send(Message("note_off", note=69))
    longest = time.monotonic() - before
    time.sleep(0.1)
    fields = server.job("/msanii/render", "live", "take", "bars", 2, "clip", "mine")
    samples = read(fields)
    assert len(samples) == 2 * 2 * 44_100
    heard = np.flatnonzero(np.abs(samples[:, 0]) > 1e-3)
    assert 0.2 < (heard[-1] - heard[0]) / 44_100 < longest + 0.3
    sidecar = json.loads((Path(server.folder) / "mine.json").read_text())
    assert sidecar["command"]["midi"] == "mine.mid"
    again = read(server.job("/msanii/render", "again", "mine.mid"))
    assert again.shape == samples.shape
    assert np.abs(again - samples).max() < 0.02


def test_a_take_is_recorded_and_played_by_its_name(server, keys):
    server.ask("/msanii/record/start", "source", "midi", "clip", "riff1")
    for pitch in (60, 64):
        keys.send(Message("note_on", note=pitch, velocity=100))
        time.sleep(0.05)
        keys.send(Message("note_off", note=pitch))
    time.sleep(0.1)
    told = server.ask("/msanii/record/stop", reply="/msanii/take/info")
    assert told.address == "/msanii/take/info"
    name, path, seconds, notes, bpm = told.args
    assert (name, notes, bpm) == ("riff1", 2, 120.0)
    assert Path(path).name == "riff1.mid"
    assert len(mido.MidiFile(path).tracks) == 2
    made = read(server.job("/msanii/render", "byname", "riff1"))
    assert len(made) == pytest.approx(seconds * 44_100, abs=1)


def test_a_take_without_an_input_or_of_a_word_is_refused(server, tones):
    tones.client.send("/msanii/record/start", "source", "midi", "id", "x")
    assert tones.client.wait(("/msanii/fail", "/msanii/done"), "x").args[3] == "ENOCLIP"
    server.client.send("/msanii/record/start", "source", "midi", "clip", "take", "id", "y")
    assert server.client.wait(("/msanii/fail", "/msanii/done"), "y").args[3] == "ERANGE"


def test_a_take_of_so_many_seconds_ends_by_itself(server, keys):
    server.ask("/msanii/record/start", "source", "midi", "seconds", 0.6)
    keys.send(Message("note_on", note=50, velocity=100))
    told = server.client.wait(("/msanii/take/info",))
    assert told.args[2] == pytest.approx(0.6, abs=0.1)
    keys.send(Message("note_off", note=50))


def test_the_engine_says_that_it_renders_and_caps_tell_of_midi(server, number):
    server.drain(0.1)
    server.ask("/msanii/caps", "id", "k")
    facts = {m.args[0]: m.args[1] for m in server.client.received if m.address == "/msanii/caps"}
    assert facts["midi-in"] == f"tcp:{number}"
    server.ask("/msanii/engine/info", "tones", "id", "e")
    rows = [m.args for m in server.client.received if m.address == "/msanii/engine/info"]
    assert any(row[2] == "verbs" and "render" in row[3] for row in rows)
