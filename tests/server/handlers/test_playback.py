"""The commands of sound, over real UDP, against a real server without a device."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.client import Client
from msanii_live.osc.codec import encode
from tests.live import live


@pytest.fixture(scope="module")
def sounding(tmp_path_factory):
    with live(tmp_path_factory.mktemp("sounding"), "--engine", "tones") as it:
        it.job("/msanii/generate", "g", "seconds", 3, "clip", "a")
        yield it


def bundle(seconds: float, *packets: bytes, now: float | None = None) -> bytes:
    """Return a bundle for a time so many seconds from now, or from a given Unix time."""
    tag = int(((time.time() if now is None else now) + seconds + 2_208_988_800) * 2**32)
    parts = b"".join(len(p).to_bytes(4, "big") + p for p in packets)
    return b"#bundle\0" + tag.to_bytes(8, "big") + parts


def send(client: Client, packet: bytes) -> None:
    client.connection.send(packet)


def done(it, address, *args, token):
    return it.ask(address, *args, "id", token, token=token)


def test_params_are_set_and_told_the_last_one_winning(sounding):
    for value in (0.1, 0.9, 0.4):
        answer = done(sounding, "/msanii/param/stream.mix", value, token=f"m{value}")
        assert answer.address == "/msanii/done"
    address = "/msanii/param/stream.mix"
    assert sounding.ask(address, reply=address).args == (pytest.approx(0.4),)
    assert sounding.ask(address, 2.0).args[3] == "ERANGE"
    address = "/msanii/param/stream.target"
    sounding.ask(address, "a")
    assert sounding.ask(address, reply=address).args == ("a",)
    sounding.ask(address, "none")
    assert sounding.ask(address, reply=address).args == ("",)
    sounding.ask("/msanii/param/stream.mix", 0)


def test_the_transport_answers_with_what_was_asked_for(sounding):
    answer = sounding.ask("/msanii/transport", "bpm", 90, "beats", 3, reply="/msanii/transport")
    assert answer.args[:2] == (90.0, 3)
    answer = sounding.ask("/msanii/transport", "run", 0, reply="/msanii/transport")
    still = sounding.ask("/msanii/transport", reply="/msanii/transport").args[2]
    assert answer.args[2] == pytest.approx(still)
    answer = sounding.ask(
        "/msanii/transport", "run", 1, "bpm", 120, "beats", 4, reply="/msanii/transport"
    )
    assert answer.args[0] == 120.0
    assert sounding.ask("/msanii/transport", "source", "sundial").args[3] == "ERANGE"


def test_a_take_becomes_a_clip(sounding):
    assert done(sounding, "/msanii/record/start", "clip", "t1", token="rs").args[1] == "rs"
    assert done(sounding, "/msanii/record/start", token="twice").args[3] == "EBUSY"
    sounding.ask("/msanii/play", "a", "fade", 0)
    time.sleep(0.8)
    assert done(sounding, "/msanii/record/stop", token="re").address == "/msanii/done"
    info = sounding.ask("/msanii/clip/info", "t1", reply="/msanii/clip/info").args
    samples, rate = soundfile.read(info[2], dtype="float32")
    assert rate == 44_100
    assert 0.3 < len(samples) / rate < 5
    assert abs(samples).max() > 0.05
    assert done(sounding, "/msanii/record/stop", "seconds", 0.5, token="past").address.endswith(
        "done"
    )
    last = sounding.ask("/msanii/clip/info", "last", reply="/msanii/clip/info").args
    assert last[1].startswith("take-")
    assert last[3] == pytest.approx(0.5)
    refused = done(sounding, "/msanii/record/start", "source", "input", token="in")
    assert refused.args[3] == "ENOCLIP"
    sounding.ask("/msanii/stop", "fade", 0)


def test_a_time_tag_is_met_and_a_clip_that_comes_late_is_waited_for(sounding):
    play = encode("/msanii/play", "sss", ("early", "id", "tagged"))
    send(sounding.client, bundle(1.5, play))
    sounding.job("/msanii/generate", "make", "seconds", 1, "clip", "early")
    answer = sounding.client.wait(("/msanii/done", "/msanii/fail"), "tagged", 5)
    assert answer.address == "/msanii/done"
    send(sounding.client, bundle(0.6, encode("/msanii/play", "sss", ("none-such", "id", "t2"))))
    started = time.monotonic()
    answer = sounding.client.wait(("/msanii/done", "/msanii/fail"), "t2", 5)
    assert answer.args[3] == "ENOCLIP"
    assert time.monotonic() - started > 0.5
    send(sounding.client, bundle(9, encode("/msanii/stop", "ss", ("id", "t3"))))
    done(sounding, "/msanii/clearsched", token="clear")
    sounding.ask("/msanii/stop", "fade", 0)


@pytest.mark.parametrize("value", [1, 1.0, True])
def test_a_button_stops_what_sounds_when_it_is_pressed(sounding, value):
    released = False if value is True else type(value)(0)
    sounding.ask("/msanii/play", "a", "loop", 1, "fade", 0)
    assert done(sounding, "/msanii/stop", released, token=f"up{value!r}").address == "/msanii/done"
    sounding.job("/msanii/outpaint", f"o{value!r}", "current", "seconds", 0.5)
    pressed = done(sounding, "/msanii/stop", value, "fade", 0, token=f"d{value!r}")
    assert pressed.address == "/msanii/done"
    nothing = done(sounding, "/msanii/outpaint", "current", "seconds", 0.5, token=f"n{value!r}")
    assert nothing.args[3] == "ENOCLIP"


@pytest.mark.parametrize(
    ("name", "closest"), [("aa", "a"), ("a.wave", "a"), ("frese-1", "fresh-1")]
)
def test_a_misspelt_clip_is_not_stopped_and_the_closest_are_named(sounding, name, closest):
    sounding.job("/msanii/generate", f"make {name}", "seconds", 0.5, "clip", "fresh-1")
    answer = done(sounding, "/msanii/stop", name, token=f"stop {name}")
    assert answer.args[3] == "ENOCLIP"
    assert closest in answer.args[4].partition("the closest are")[2]


def test_whatever_can_play_can_be_stopped(sounding):
    sounding.job("/msanii/generate", "make 1", "seconds", 1, "clip", "1")
    for name in ("last", "stream", "a", "1"):
        assert done(sounding, "/msanii/stop", name, token=f"s-{name}").address == "/msanii/done"
    sounding.ask("/msanii/play", "1", "loop", 1)
    sounding.ask("/msanii/clip/free", "1")
    # It begins once the player has reported what plays.
    sounding.job("/msanii/outpaint", "plays", "current", "seconds", 0.5)
    assert done(sounding, "/msanii/stop", "clip", 1, token="freed").address == "/msanii/done"


def test_outpaint_goes_on_from_what_sounds(sounding):
    assert done(sounding, "/msanii/play", "a", token="p").address == "/msanii/done"
    fields = sounding.job("/msanii/outpaint", "o", "current", "seconds", 1, "play", 1)
    assert fields[4] == pytest.approx(4.0)
    made, _ = soundfile.read(fields[3], dtype="float32")
    source, _ = soundfile.read(Path(sounding.folder) / "a.wav", dtype="float32")
    assert len(made) == len(source) + 44_100
    assert np.array_equal(made[: len(source) - 2_048], source[: len(source) - 2_048])
    fresh = made[len(source) :]
    assert np.sqrt((fresh**2).mean()) > 0.01
    assert not np.array_equal(fresh, source[-44_100:])
    sounding.ask("/msanii/stop", "fade", 0)
    refused = sounding.client
    refused.send("/msanii/outpaint", "input", "id", "oi")
    assert refused.wait(("/msanii/fail",), "oi").args[3] == "ENOCLIP"


def test_the_stream_tells_of_its_chunks_and_stops(sounding):
    started = done(
        sounding, "/msanii/stream/start", "chunk", 1, "ahead", 1, "at", "none", token="s"
    )
    assert started.address == "/msanii/done"
    chunk = sounding.client.wait(("/msanii/stream/chunk",), None, 20)
    assert [type(value) for value in chunk.args] == [int, float, float, float, float]
    sounding.client.wait(("/msanii/stream/chunk",), None, 20)
    facts = sounding.ask("/msanii/caps", "id", "caps", token="caps")
    assert facts.address == "/msanii/done"
    told = {m.args[0]: m.args[1] for m in sounding.client.received if m.address == "/msanii/caps"}
    assert told["stream"] == "runs"
    assert {"latency-ms", "output-latency-ms", "audio-process", "transport-source"} <= set(told)
    assert done(sounding, "/msanii/stream/stop", token="e").address == "/msanii/done"
    assert done(sounding, "/msanii/stream/start", "none-such", token="n").args[3] == "ENOCLIP"
