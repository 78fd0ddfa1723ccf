"""The contract, over real UDP, against a real server."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.osc.codec import Message
from tests.live import live


def text(message):
    return str(message.args[-1])


def test_ping_status_version(tones):
    assert tones.ask("/msanii/ping", "id", 7, reply="/msanii/pong").args == ("7",)
    status = tones.ask("/msanii/status", reply="/msanii/status")
    assert [type(a) for a in status.args] == [str, int, int, int, float, float, int]
    assert tones.ask("/msanii/version", "id", "v", reply="/msanii/version").args[1:] == (1, "v")


def test_generate_writes_a_whole_file_before_done(tones):
    fields = tones.job("/msanii/generate", "g1", "seconds", 1.5, "seed", 5)
    token, job, clip, path, seconds, rate, channels, seed, took = fields
    assert (token, seconds, rate, channels, seed) == ("g1", 1.5, 44_100, 2, 5)
    assert job > 0
    assert took > 0
    samples, _ = soundfile.read(path, dtype="float32")
    assert samples.shape == (66_150, 2)
    sidecar = json.loads(Path(path).with_suffix(".json").read_text())
    assert sidecar["name"] == clip
    assert sidecar["command"]["address"] == "/msanii/generate"
    assert tones.count("/msanii/job/queued", "g1") == 1
    assert tones.count("/msanii/job/progress", "g1") >= 1


def test_words_are_joined_and_unknown_keys_warned_of(tones):
    client = tones.client
    client.send("/msanii/generate", "prompt", "dark", "techno", "seconds", 1, "foo", 3, "id", "w")
    warning = client.wait(("/msanii/warn",))
    assert "foo" in text(warning)
    done = client.wait(("/msanii/job/done",), "w")
    sidecar = Path(str(done.args[3])).with_suffix(".json")
    assert json.loads(sidecar.read_text())["command"]["prompt"] == "dark techno"


def test_resent_message_is_the_same_job(tones):
    first = tones.job("/msanii/generate", "same", "seconds", 1)
    again = tones.job("/msanii/generate", "same", "seconds", 1)
    assert first == again
    for _ in range(3):
        tones.client.send("/msanii/generate", "seconds", 1, "id", "burst", "steps", 30)
    done = tones.client.wait(("/msanii/job/done",), "burst")
    tones.drain()
    jobs = {m.args[1] for m in tones.client.received if "burst" in m.args[:1]}
    assert jobs == {done.args[1]}
    assert tones.count("/msanii/job/done", "burst") == 1


def test_other_arguments_under_one_token_are_answered_with_a_warning(tones):
    first = tones.job("/msanii/generate", "once", "seconds", 1, "seed", 3)
    again = tones.job("/msanii/generate", "once", "seconds", 2, "seed", 3)
    assert again == first
    texts = [text(m) for m in tones.client.received if m.address == "/msanii/warn"]
    assert any("id once is the token of job" in t and "an id of its own" in t for t in texts)


@pytest.mark.parametrize(
    ("address", "args", "code", "words"),
    [
        ("/msanii/generate", ("seconds", 500), "ERANGE", "seconds is 500: it must be 0.5 to 190"),
        ("/msanii/generate", ("seconds", "long"), "ETYPE", "seconds"),
        ("/msanii/generate", ("seed", 2.5), "ETYPE", "seed"),
        ("/msanii/generate", ("seconds",), "EARG", "seconds"),
        ("/msanii/generate", ("engine", "nope"), "EENGINE", "tones"),
        ("/msanii/generate", ("clip", "a/b"), "ERANGE", "name"),
        ("/msanii/outpaint", (), "EARG", "src"),
        ("/msanii/outpaint", ("nosuch",), "ENOCLIP", "nosuch"),
        ("/msanii/interpolate", ("nosuch", "other"), "ENOCLIP", "nosuch"),
        ("/msanii/play", ("nosuch",), "ENOCLIP", "nosuch"),
        ("/msanii/clip/load", ("../../etc/passwd",), "EPATH", ""),
        ("/msanii/nothing", (), "EADDR", "nothing"),
        ("/msanii/generate/", (), "EADDR", "/msanii/generate"),
        ("/msanii/Generate", (), "EADDR", "/msanii/generate"),
        ("/msanii/gen*", (), "EADDR", "pattern"),
        ("/msanii/job/cancel", (99_999,), "ERANGE", "99999"),
    ],
)
def test_bad_commands_fail_clearly(tones, address, args, code, words):
    fail = tones.ask(address, *args, "id", "bad", reply=(), token="bad")
    assert fail.address == "/msanii/fail"
    assert [type(a) for a in fail.args] == [str, str, int, str, str]
    assert fail.args[:4] == (address, "bad", -1, code)
    assert words in text(fail)


def test_replies_are_not_answered(tones):
    tones.client.send("/msanii/fail", "unheard")
    tones.client.send("/msanii/job/done", "unheard")
    assert tones.ask("/msanii/ping", "id", "after", reply="/msanii/pong").args == ("after",)
    assert not [m for m in tones.client.received if "unheard" in m.args]


def test_cancel_takes_effect_and_is_the_only_ending(tones):
    client = tones.client
    client.send("/msanii/generate", "seconds", 1, "steps", 500, "id", "c1")
    client.wait(("/msanii/job/progress",), "c1")
    sent = time.monotonic()
    client.send("/msanii/job/cancel", "c1")
    ending = client.wait(("/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail"), "c1")
    assert ending.address == "/msanii/job/cancelled"
    assert time.monotonic() - sent < 5  # all its steps would take that
    tones.drain(0.3)
    assert tones.count("/msanii/job/cancelled", "c1") == 1
    assert tones.count("/msanii/job/done", "c1") == 0


def test_the_queue_is_bounded_and_cancel_all_empties_it(tones):
    client = tones.client
    for n in range(70):
        client.send("/msanii/generate", "seconds", 1, "steps", 900, "id", f"q{n}")
    fail = client.wait(("/msanii/fail",))
    assert fail.args[3] == "EBUSY"
    client.send("/msanii/job/cancel", "all")
    client.send("/msanii/sync", "empty")
    assert client.wait(("/msanii/synced",)).args == ("empty",)
    ended = [m for m in client.received if m.address == "/msanii/job/cancelled"]
    tokens = [m.args[0] for m in ended if str(m.args[0]).startswith("q")]
    assert len(tokens) == len(set(tokens)) >= 64


def test_progress_is_at_most_ten_a_second(tones):
    started = time.monotonic()
    tones.job("/msanii/generate", "p", "seconds", 1, "steps", 120)
    took = time.monotonic() - started
    assert 2 <= tones.count("/msanii/job/progress", "p") <= 10 * took + 2


def test_sync_waits_for_earlier_jobs(tones):
    client = tones.client
    client.send("/msanii/generate", "seconds", 1, "steps", 30, "id", "s1")
    client.send("/msanii/sync", 12)
    client.wait(("/msanii/synced",))
    order = [
        m.address for m in client.received if m.address in ("/msanii/job/done", "/msanii/synced")
    ]
    assert order[-2:] == ["/msanii/job/done", "/msanii/synced"]


def test_a_clip_may_be_named_before_it_exists(tones):
    client = tones.client
    client.send("/msanii/generate", "seconds", 1, "steps", 30, "clip", "early", "id", "e1")
    fields = tones.job("/msanii/outpaint", "e2", "early", "seconds", 1)
    assert fields[4] == 2.0
    last = tones.job("/msanii/outpaint", "e3", "last", "seconds", 1, "keep", 0)
    assert last[4] == 1.0


def test_clips_are_listed_loaded_renamed_saved_and_freed(tones):
    folder = Path(tones.folder)
    soundfile.write(folder / "my loop.wav", np.zeros((24_000, 1), np.float32), 48_000)
    tones.ask("/msanii/clip/load", "my", "loop.wav", "clip", "loop", "bpm", 120)
    info = tones.ask("/msanii/clip/info", "loop", reply="/msanii/clip/info")
    assert info.args[1] == "loop"
    assert info.args[3] == pytest.approx(0.5)
    assert info.args[4:6] == (44_100, 2)
    assert tones.ask("/msanii/clip/rename", "loop", "loop2").address == "/msanii/done"
    assert tones.ask("/msanii/clip/save", "loop2", "copies/x.flac").address == "/msanii/done"
    assert (folder / "copies" / "x.flac").exists()
    tones.client.send("/msanii/clip/list", "id", "cl")
    tones.client.wait(("/msanii/done",), "cl")
    listed = [m.args[3] for m in tones.client.received if m.address == "/msanii/clip/entry"]
    assert "loop2" in listed
    assert tones.ask("/msanii/clip/free", "loop2").address == "/msanii/done"
    assert tones.ask("/msanii/clip/info", "loop2").args[3] == "ENOCLIP"


def test_play_stop_and_current(tones):
    tones.job("/msanii/generate", "pl", "seconds", 5, "clip", "tune")
    tones.ask("/msanii/stop", "fade", 0)
    tones.client.send("/msanii/outpaint", "current", "id", "nothing-sounds")
    assert tones.client.wait(("/msanii/fail",), "nothing-sounds").args[3] == "ENOCLIP"
    assert tones.ask("/msanii/play", "tune", "loop", 1, "gain", -6).address == "/msanii/done"
    fields = tones.job("/msanii/outpaint", "cur", "current", "seconds", 1)
    assert fields[4] == pytest.approx(6.0)
    assert tones.ask("/msanii/stop").address == "/msanii/done"


def test_transport_sets_the_tempo_of_what_is_generated(tones):
    tones.ask("/msanii/transport", "bpm", 150, "beats", 4, reply="/msanii/transport")
    fields = tones.job("/msanii/generate", "bars", "bars", 2)
    assert fields[4] == pytest.approx(2 * 4 * 60 / 150, abs=1e-4)
    tones.ask("/msanii/transport", "bpm", 120, reply="/msanii/transport")


def test_replies_follow_reply_port_and_registration(tones):
    from msanii_live.client import Client

    listener = Client(tones.client.host, tones.client.port)
    listener.send("/msanii/ping")  # binds its port
    listener.wait(("/msanii/pong",))
    port = listener.connection.socket.getsockname()[1]
    tones.client.send("/msanii/ping", "id", "there", "reply_port", port)
    assert listener.wait(("/msanii/pong",)).args == ("there",)
    sender = Client(tones.client.host, tones.client.port)
    sender.send("/msanii/notify", 1, port)
    listener.wait(("/msanii/done",))
    sender.send("/msanii/ping", "id", "registered")
    assert listener.wait(("/msanii/pong",)).args == ("registered",)
    sender.send("/msanii/notify", 0, port)
    listener.wait(("/msanii/done",))
    sender.send("/msanii/ping", "id", "source")
    assert sender.wait(("/msanii/pong",)).args == ("source",)
    listener.close()
    sender.close()


def test_engines_and_caps_are_told(tones):
    tones.client.send("/msanii/engine/list", "id", "el")
    tones.client.wait(("/msanii/done",), "el")
    names = [m.args[1] for m in tones.client.received if m.address == "/msanii/engine/entry"]
    assert {"tones", "mel-flow"} <= set(names)
    tones.client.send("/msanii/caps", "id", "ca")
    tones.client.wait(("/msanii/done",), "ca")
    facts = {m.args[0]: m.args[1] for m in tones.client.received if m.address == "/msanii/caps"}
    assert facts["engine"] == "tones"
    assert int(facts["count-received"]) > 0


def test_a_burst_of_pings_is_answered(tones):
    for n in range(500):
        tones.client.send("/msanii/ping", "id", f"b{n}")
        if n % 50 == 49:
            tones.client.wait(("/msanii/pong",), f"b{n}")
    assert (
        sum(
            m.address == "/msanii/pong" and str(m.args[0]).startswith("b")
            for m in tones.client.received
        )
        >= 500
    )


def test_future_time_tags_wait_without_stalling_the_rest(tones):
    import struct

    from msanii_live.osc.codec import encode

    def bundle(at, packet):
        tag = int((at + 2_208_988_800) * 2**32)
        return b"#bundle\0" + struct.pack(">QI", tag, len(packet)) + packet

    ping = encode("/msanii/ping", "ss", ("id", "later"))
    sent = time.time()
    tones.client.connection.send(bundle(sent + 0.5, ping))
    assert tones.ask("/msanii/ping", "id", "now", reply="/msanii/pong").args == ("now",)
    assert tones.client.wait(("/msanii/pong",), "later").args == ("later",)
    assert time.time() - sent >= 0.49
    tones.client.connection.send(bundle(sent - 5, ping))
    late = tones.client.wait(("/msanii/late",))
    assert late.args[0] == "/msanii/ping"
    assert late.args[1] > 0.1
    tones.client.connection.send(bundle(sent + 3_600, ping))
    assert tones.client.wait(("/msanii/fail",)).args[3] == "ELATE"


def test_quit_ends_the_server_with_status_0_and_a_restart_finds_its_clips(tmp_path):
    with live(tmp_path, "--engine", "tones") as it:
        it.job("/msanii/generate", "a", "seconds", 1, "clip", "kept")
        it.client.send("/msanii/generate", "seconds", 1, "steps", 900, "id", "cut")
        it.client.wait(("/msanii/job/progress",), "cut")
        it.client.send("/msanii/quit")
        assert it.server.child.wait(5) == 0
        it.drain(0.1)
        assert it.count("/msanii/job/cancelled", "cut") == 1
    assert not list(Path(tmp_path).glob(".*partial"))
    with live(tmp_path, "--engine", "tones") as it:
        assert it.ask("/msanii/clip/info", "kept", reply="/msanii/clip/info").args[1] == "kept"


def test_messages_are_frozen():
    with pytest.raises(AttributeError):
        Message("/a").address = "/b"  # type: ignore[misc]
