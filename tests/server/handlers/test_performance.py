"""Undo, scenes, curves and MIDI learn over OSC, with the engine of tones."""

import itertools
import json
from pathlib import Path

import mido.sockets
import numpy as np
import pytest
import soundfile
from mido import Message

from msanii_live.client import Client
from msanii_live.library.trash import TRASH_FOLDER
from tests.live import free_port, live
from tests.playback.fakes import wait_until

MIX = "/msanii/param/stream.mix"
STRENGTH = "/msanii/param/stream.strength"


@pytest.fixture(scope="module")
def number():
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory, number):
    folder = tmp_path_factory.mktemp("performance")
    with live(folder, "--engine", "tones", "--midi-in", f"tcp:{number}") as it:
        yield it


@pytest.fixture
def done(server):
    count = itertools.count()

    def send(address, *args):
        """Send a command to the server and return its last reply."""
        token = f"{address}-{next(count)}"
        return server.ask(address, *args, "id", token, token=token, timeout=30)

    return send


def value(server, address):
    return server.ask(address, reply=address).args[0]


def entries(server, command, reply, *args):
    """Return the entries of a list, without the token."""
    server.client.send(command, *args, "id", f"list {command}")
    found = []
    while True:
        message = server.client.wait((reply, "/msanii/done", "/msanii/fail"), f"list {command}", 10)
        if message.address != reply:
            assert message.address == "/msanii/done", message
            return found
        found.append(message.args[1:])


def names(server):
    return [entry[2] for entry in entries(server, "/msanii/clip/list", "/msanii/clip/entry")]


def seed(server, name):
    return server.ask("/msanii/clip/info", name, reply="/msanii/clip/info").args[6]


def test_what_replaced_a_clip_is_undone_and_done_again(server, done):
    server.job("/msanii/generate", "r1", "seconds", 0.5, "clip", "r", "seed", 1)
    assert done("/msanii/undo").args[3] == "ERANGE"
    server.job("/msanii/generate", "r2", "seconds", 0.5, "clip", "r", "seed", 2)
    for command, wanted in (("undo", 1), ("redo", 2), ("undo", 1)):
        assert done(f"/msanii/{command}").address == "/msanii/done"
        assert seed(server, "r") == wanted
    assert done("/msanii/undo").args[3] == "ERANGE"


def test_each_clip_of_a_job_of_several_is_undone(server, done):
    for seed_of_job in (1, 5):
        server.job(
            "/msanii/generate", f"c{seed_of_job}", "seconds", 0.5, "count", 2, "clip", "c",
            "seed", seed_of_job,
        )  # fmt: skip
    assert (seed(server, "c-1"), seed(server, "c-2")) == (5, 6)
    done("/msanii/undo")
    assert (seed(server, "c-1"), seed(server, "c-2")) == (5, 2)
    done("/msanii/undo")
    assert (seed(server, "c-1"), seed(server, "c-2")) == (1, 2)


def test_names_and_freed_clips_are_undone_in_turn(server, done):
    server.job("/msanii/generate", "n", "seconds", 0.5, "clip", "n1")
    folder = Path(server.folder)
    done("/msanii/clip/rename", "n1", "n2")
    done("/msanii/clip/free", "n2", "delete", 1)
    assert not (folder / "n2.wav").exists()
    assert list((folder / TRASH_FOLDER).glob("*-n2/n2.wav"))
    done("/msanii/undo")
    assert (folder / "n2.wav").is_file()
    assert "n2" in names(server)
    done("/msanii/undo")
    assert "n1" in names(server)
    done("/msanii/redo")
    done("/msanii/redo")
    assert not {"n1", "n2"} & set(names(server))
    done("/msanii/undo")
    done("/msanii/clip/free", "n2")
    assert (folder / "n2.wav").is_file()
    assert "n2" not in names(server)
    done("/msanii/undo")
    assert "n2" in names(server)
    assert done("/msanii/redo").address == "/msanii/done"
    assert done("/msanii/redo").args[3] == "ERANGE"


def test_each_client_undoes_its_own_changes(server, done):
    other = Client(server.server.host, server.server.osc_port)
    try:
        done(MIX, 0.25)
        done(MIX, 0.5)
        other.send(STRENGTH, 0.75, "id", "o")
        other.wait(("/msanii/done",), "o", 10)
        done("/msanii/undo")
        assert value(server, MIX) == 0.25
        assert value(server, STRENGTH) == 0.75
        other.send("/msanii/undo", "id", "u")
        other.wait(("/msanii/done",), "u", 10)
        assert value(server, STRENGTH) == 0.5
        done("/msanii/redo")
        assert value(server, MIX) == 0.5
    finally:
        other.close()


def test_a_param_glides_in_beats(server, done):
    done(MIX, 0.0)
    server.ask("/msanii/transport", "bpm", 300, reply="/msanii/transport")
    assert done(MIX, 1.0, "time", 4, "shape", "ease").address == "/msanii/done"
    first = value(server, MIX)
    assert first < 1.0
    wait_until(lambda: value(server, MIX) > first, 30)
    wait_until(lambda: value(server, MIX) == 1.0, 30)
    assert done(MIX, 0.5, "time", -1).args[3] == "ERANGE"
    assert done(MIX, 0.5, "shape", "square").args[3] == "ERANGE"
    done(MIX, 0.0)


def test_the_level_of_the_output_is_a_param(server, done):
    gain = "/msanii/param/output.gain"
    server.job("/msanii/generate", "level", "seconds", 1, "clip", "level")
    assert done("/msanii/play", "level", "loop", 1).address == "/msanii/done"
    wait_until(lambda: heard_peak(done, server) > 0.01, 30)
    assert done(gain, -90, "time", 0.5).address == "/msanii/done"
    wait_until(lambda: heard_peak(done, server) == 0.0, 30)
    assert done(gain, 13).args[3] == "ERANGE"
    done(gain, 0)
    assert value(server, gain) == 0.0
    wait_until(lambda: heard_peak(done, server) > 0.01, 30)
    done("/msanii/stop")
    wait_until(lambda: done("/msanii/scene/save", "quiet") and not playing(server, "quiet"), 30)
    done("/msanii/scene/free", "quiet")


def heard_peak(done, server):
    """Return the largest sample of the last moment of the output."""
    done("/msanii/record/stop", "clip", "moment", "seconds", 0.05)
    samples, _ = soundfile.read(Path(server.folder) / "moment.wav")
    return np.abs(samples).max()


def test_a_scene_is_kept_and_returned_to(server, done):
    server.job("/msanii/generate", "s", "seconds", 0.5, "clip", "round")
    assert done("/msanii/play", "round", "loop", 1, "gain", -6).address == "/msanii/done"
    server.ask("/msanii/transport", "bpm", 100, reply="/msanii/transport")
    done(STRENGTH, 0.25)
    done("/msanii/param/stream.chords", "Am F")
    wait_until(lambda: done("/msanii/scene/save", "verse") and playing(server, "verse"), 30)
    kept = json.loads((Path(server.folder) / "scenes" / "verse.json").read_text())
    assert kept["playing"] == [{"clip": "round", "gain": -6.0}]
    done("/msanii/stop")
    done(STRENGTH, 0.75)
    done("/msanii/param/stream.chords", "none")
    server.ask("/msanii/transport", "bpm", 200, reply="/msanii/transport")
    wait_until(lambda: done("/msanii/scene/save", "break") and not playing(server, "break"), 30)
    assert done("/msanii/scene/load", "verse", "time", 2).address == "/msanii/done"
    assert value(server, "/msanii/param/stream.chords") == "Am F"
    wait_until(lambda: value(server, STRENGTH) == 0.25, 30)
    wait_until(lambda: value(server, "/msanii/transport") == 100.0, 30)
    wait_until(lambda: done("/msanii/scene/save", "check") and playing(server, "check"), 30)
    listed = entries(server, "/msanii/scene/list", "/msanii/scene/entry")
    assert listed == [(1, 3, "break"), (2, 3, "check"), (3, 3, "verse")]
    done("/msanii/scene/free", "check")
    assert done("/msanii/scene/load", "check").args[3] == "ENOCLIP"
    done("/msanii/stop")
    done("/msanii/param/stream.chords", "none")


def test_a_scene_keeps_the_span_of_a_loop(server, done):
    server.job("/msanii/generate", "span", "seconds", 0.5, "clip", "middle")
    span = ("loop", 1, "start", 0.125, "end", 0.375)
    assert done("/msanii/play", "middle", *span).address == "/msanii/done"
    part = {"clip": "middle", "gain": 0.0, "start": 0.125, "end": 0.375}
    wait_until(lambda: done("/msanii/scene/save", "part") and part in playing(server, "part"), 30)
    assert done("/msanii/play", "middle", "loop", 1).address == "/msanii/done"
    whole = {"clip": "middle", "gain": 0.0}
    wait_until(
        lambda: done("/msanii/scene/save", "whole") and whole in playing(server, "whole"), 30
    )
    for scene, played in (("part", part), ("whole", whole), ("part", part)):
        assert done("/msanii/scene/load", scene).address == "/msanii/done"
        wait_until(
            lambda played=played: (
                done("/msanii/scene/save", "now") and played in playing(server, "now")
            ),
            30,
        )
    done("/msanii/stop")
    for scene in ("part", "whole", "now"):
        done("/msanii/scene/free", scene)


def playing(server, scene):
    """Return what plays according to a scene."""
    return json.loads((Path(server.folder) / "scenes" / f"{scene}.json").read_text())["playing"]


def test_what_a_scene_gets_wrong_is_passed_over_and_told(server, done):
    done("/msanii/scene/save", "odd")
    path = Path(server.folder) / "scenes" / "odd.json"
    scene = json.loads(path.read_text())
    scene["params"] = {
        "stream.mix": 7,
        "stream.none": 1,
        "stream.strength": 0.125,
        "stream.key": [],
    }
    scene |= {"playing": [{"clip": "never-made"}, {}, 3], "stream": 5, "transport": "fast"}
    scene["mappings"] = [{"target": "quit"}]
    path.write_text(json.dumps(scene))
    server.client.received.clear()
    assert done("/msanii/scene/load", "odd").address == "/msanii/done"
    assert value(server, STRENGTH) == 0.125
    told = [m.args[1] for m in server.client.received if m.address == "/msanii/warn"]
    assert any("7" in text and "0 to 1" in text for text in told)
    assert any("stream.none" in text for text in told)
    assert len(told) >= 5
    assert done("/msanii/scene/free", "odd").args[3] == "EPATH"  # it was edited by hand


def test_a_scene_ends_a_change_that_was_to_come(server, done):
    done("/msanii/scene/save", "still")
    changes = (("stream.style", "house"), ("stream.key", "Am"), ("stream.seed", 7))
    for name, later in changes:
        assert done(f"/msanii/param/{name}", later, "time", 4096).address == "/msanii/done"
    assert done("/msanii/scene/load", "still").address == "/msanii/done"
    done("/msanii/scene/save", "after")
    kept = [
        json.loads((Path(server.folder) / "scenes" / f"{name}.json").read_text())["params"]
        for name in ("still", "after")
    ]
    assert kept[0] == kept[1]
    for name in ("still", "after"):
        done("/msanii/scene/free", name)


def test_the_sources_of_a_clip_are_told(server):
    server.job("/msanii/generate", "p1", "seconds", 0.5, "clip", "grand")
    server.job("/msanii/audio2audio", "p2", "grand", "clip", "parent")
    server.job("/msanii/interpolate", "p3", "parent", "grand", "clip", "child")
    found = entries(server, "/msanii/clip/parents", "/msanii/clip/parent", "child")
    assert found == [
        (1, "child", "parent", 1), (1, "child", "grand", 1), (2, "parent", "grand", 1),
    ]  # fmt: skip
    assert entries(server, "/msanii/clip/parents", "/msanii/clip/parent", "grand") == []


def test_a_control_is_learnt_moves_a_param_and_sends_a_command(server, done, number):
    done(MIX, 0.5)
    keys = mido.sockets.connect("127.0.0.1", number)
    try:
        assert done("/msanii/map/learn", "stream.mix").address == "/msanii/done"
        keys.send(Message("control_change", control=21, value=1, channel=2))
        entry = server.client.wait(("/msanii/map/entry",), None, 30)
        assert entry.args[1:] == ("stream.mix", "cc", 3, 21, 0.0, 1.0)
        keys.send(Message("control_change", control=21, value=127, channel=2))  # passes 0.5
        wait_until(lambda: value(server, MIX) == 1.0, 30)
        assert done("/msanii/map/learn", f"{MIX} 0.25", "control", "note").address == "/msanii/done"
        keys.send(Message("note_on", note=36, velocity=100))
        server.client.wait(("/msanii/map/entry",), None, 30)
        keys.send(Message("note_on", note=36, velocity=100))
        wait_until(lambda: value(server, MIX) == 0.25, 30)
    finally:
        keys.close()
    listed = entries(server, "/msanii/map/list", "/msanii/map/entry")
    assert [entry[:2] for entry in listed] == [("stream.mix", "cc"), (f"{MIX} 0.25", "note")]
    kept = json.loads((Path(server.folder) / ".msanii-live.map.json").read_text())
    assert [each["target"] for each in kept["mappings"]] == ["stream.mix", f"{MIX} 0.25"]
    for wrong, code in (("nothing", "EADDR"), ("quit", "ERANGE"), ("stream.key", "ERANGE")):
        assert done("/msanii/map/learn", wrong).args[3] == code
    assert done("/msanii/map/free", "stream.mix").address == "/msanii/done"
    assert done("/msanii/map/free", "all").address == "/msanii/done"
    assert entries(server, "/msanii/map/list", "/msanii/map/entry") == []


def test_a_control_undoes_what_was_done_last(server, done, number):
    done(MIX, 0.25)
    done(MIX, 0.75)
    keys = mido.sockets.connect("127.0.0.1", number)
    try:
        assert done("/msanii/map/learn", "undo", "control", "note").address == "/msanii/done"
        keys.send(Message("note_on", note=40, velocity=100))
        server.client.wait(("/msanii/map/entry",), None, 30)
        keys.send(Message("note_on", note=40, velocity=100))
        wait_until(lambda: value(server, MIX) == 0.25, 30)
    finally:
        keys.close()
    done("/msanii/map/free", "all")


def test_what_can_be_undone_is_listed(server, done):
    done(MIX, 0.5)
    done(STRENGTH, 0.875)
    done("/msanii/undo")
    listed = entries(server, "/msanii/undo/list", "/msanii/undo/entry")
    kinds = [(kind, text.split(":")[0]) for _, _, kind, text in listed]
    assert kinds[0] == ("undo", "stream.mix")
    assert kinds[-1] == ("redo", "stream.strength")
    assert [(i, total) for i, total, *_ in listed] == [
        (i, len(listed)) for i in range(1, len(listed) + 1)
    ]


def test_automation_is_recorded_listed_played_with_a_scene_and_deleted(server, done):
    server.ask("/msanii/transport", "bpm", 300, reply="/msanii/transport")
    done(MIX, 0.125)
    assert done("/msanii/automation/record", "rise").address == "/msanii/done"
    done(MIX, 0.875)
    assert listed_automation(server) == [(1, 1, "rise", 0.0, 0, "recording")]
    assert done("/msanii/automation/stop").address == "/msanii/done"
    ((_, _, name, beats, changes, state),) = listed_automation(server)
    assert (name, changes, state) == ("rise", 2, "")
    assert beats % 4 == 0
    done(MIX, 0.5)
    assert done("/msanii/automation/play", "rise").address == "/msanii/done"
    done("/msanii/scene/save", "moving")
    wait_until(lambda: value(server, MIX) in (0.125, 0.875), 60)
    assert done("/msanii/automation/stop").address == "/msanii/done"
    assert done("/msanii/scene/load", "moving").address == "/msanii/done"
    assert listed_automation(server)[0][5] == "playing"
    assert done("/msanii/automation/free", "rise").address == "/msanii/done"
    assert listed_automation(server) == []
    assert done("/msanii/automation/play", "rise").args[3] == "ENOCLIP"
    done("/msanii/scene/free", "moving")


def listed_automation(server):
    return entries(server, "/msanii/automation/list", "/msanii/automation/entry")


def test_a_span_is_played_and_becomes_a_clip(server, done):
    server.job("/msanii/generate", "w", "seconds", 2, "clip", "whole")
    assert (
        done("/msanii/play", "whole", "loop", 1, "start", 0.5, "end", 1).address == "/msanii/done"
    )
    assert done("/msanii/clip/crop", "whole", 0.5, 1.25, "clip", "span").address == "/msanii/done"
    folder = Path(server.folder)
    whole, rate = soundfile.read(folder / "whole.wav", dtype="float32")
    span, _ = soundfile.read(folder / "span.wav", dtype="float32")
    assert np.array_equal(span, whole[round(0.5 * rate) : round(1.25 * rate)])
    parents = entries(server, "/msanii/clip/parents", "/msanii/clip/parent", "span")
    assert parents == [(1, "span", "whole", 1)]
    for wrong in (("end", 0.25, "start", 0.5), ("start", 3)):
        assert done("/msanii/play", "whole", *wrong).args[3] == "ERANGE"
    done("/msanii/stop")


def test_the_last_scene_is_resumed_after_a_restart(tmp_path):
    flags = ("--engine", "tones")
    with live(tmp_path, *flags) as first:
        first.ask(STRENGTH, 0.375, "id", "s", token="s")
        first.ask("/msanii/transport", "bpm", 97, reply="/msanii/transport")
    with live(tmp_path, *flags, "--resume") as second:
        assert value(second, STRENGTH) == 0.375
        assert value(second, "/msanii/transport") == 97.0
