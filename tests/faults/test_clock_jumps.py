"""The wall clock is set while a stream runs: nothing but new time tags may refer to it."""

import sys
import time
from pathlib import Path

import pytest

from msanii_live.osc.codec import encode
from tests.live import live
from tests.server.handlers.test_playback import bundle, send

STEPPED = (sys.executable, str(Path(__file__).with_name("stepped_server.py")), "serve")
BAR = 8.0  # s, at 30 beats a minute


@pytest.fixture
def clock(tmp_path, monkeypatch):
    """The file that sets the server's wall clock."""
    path = tmp_path / "jump"
    path.write_text("0")
    monkeypatch.setenv("CLOCK_JUMP", str(path))
    return path


def set_clock(clock, seconds):
    replacement = clock.with_suffix(".new")
    replacement.write_text(str(seconds))
    replacement.replace(clock)


def place_in_bar(it):
    """Return the transport's place in the bar, s, and the moments between which it was read."""
    before = time.monotonic()
    place = it.ask("/msanii/transport", reply="/msanii/transport").args[2]
    return place * BAR, before, time.monotonic()


def chunk_after(it, index):
    while True:
        message = it.client.wait(("/msanii/stream/chunk",), None, 60)
        if message.args[0] > index:
            return message.args[0]


def test_only_new_time_tags_follow_the_wall_clock(tmp_path, clock):
    folder = tmp_path / "clips"
    folder.mkdir()
    with live(folder, "--engine", "tones", serve=STEPPED) as it:
        assert it.ask("/msanii/notify", 1, "topics", "stream").address == "/msanii/done"
        it.ask("/msanii/transport", "bpm", 30, "beats", 4, reply="/msanii/transport")
        it.job("/msanii/generate", "g", "seconds", 4, "clip", "a")
        it.ask("/msanii/stream/start", "a", "chunk", 1, "ahead", 2)
        index = chunk_after(it, 0)
        began, first, _ = place_in_bar(it)
        for jump in (3_600, -3_600, 0.5):
            token = f"waits {jump}"
            tagged = encode("/msanii/play", "sss", ("a", "id", token))
            ping = encode("/msanii/ping", "ss", ("id", token))
            asked, now = time.monotonic(), time.time() + float(clock.read_text())
            send(it.client, bundle(1.0, tagged, ping, now=now))
            it.ask("/msanii/ping", "id", "queued", reply="/msanii/pong")
            set_clock(clock, jump)
            send(it.client, bundle(0.1, encode("/msanii/ping", "ss", ("id", f"new {jump}")),
                                   now=time.time() + jump))  # fmt: skip
            it.client.wait(("/msanii/pong",), f"new {jump}", 30)
            assert it.client.wait(("/msanii/done", "/msanii/fail"), token, 30).address == (
                "/msanii/done"
            )
            it.client.wait(("/msanii/pong",), token, 30)
            assert time.monotonic() - asked > 0.5  # the waiting one was not released at once
            index = chunk_after(it, index)
        place, before, after = place_in_bar(it)
        astray = (place - began - (before - first) + BAR / 2) % BAR - BAR / 2
        assert abs(astray) <= after - before + 0.5
        facts = {row["name"]: row["value"] for row in it.client.caps()}
        assert facts["clients"] == "1"
        assert facts["stream"] == "runs"
        late = [m.args[1] for m in it.client.received if m.address == "/msanii/late"]
        assert all(seconds < 60 for seconds in late), (
            late
        )  # a machine may stop, but not for an hour
        warnings = [m.args[1] for m in it.client.received if m.address == "/msanii/warn"]
        assert not any("ended" in text for text in warnings)
