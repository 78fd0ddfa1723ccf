"""Check over OSC that a stream composes and is steered, and what an engine does not follow."""

import pytest

from tests.live import live

WARN, CHUNK = "/msanii/warn", "/msanii/stream/chunk"
ROOT = "/msanii/param/stream"


@pytest.fixture
def server(tmp_path):
    """A server of its own for each try: a stream and its settings outlive a test that fails."""
    with live(tmp_path, "--engine", "tones") as it:
        yield it


def start(server, token, *args):
    reply = server.ask("/msanii/stream/start", *args, "id", token, token=token, timeout=60)
    assert reply.address == "/msanii/done"


def put(server, name, *value):
    assert server.ask(f"{ROOT}.{name}", *value, "id", name, token=name).address == "/msanii/done"


def warnings(server):
    return [m.args[1] for m in server.client.received if m.address == WARN]


def test_a_stream_is_steered_in_words(server):
    put(server, "steps", 1)
    put(server, "chords", "Am", "F:2", "C")
    put(server, "parts", "drums bass")
    server.client.received.clear()
    start(server, "first", "current", "engine", "tones", "chunk", 1.0, "ahead", 8.0, "at", "none")
    for _ in range(3):
        server.client.wait((CHUNK,), None, 60)
    assert warnings(server) == [
        "tones does not follow chords and parts: the clip was made without (engine composer does)"
    ]

    start(server, "second", "current", "engine", "composer", "chunk", 2.0, "ahead", 30.0)
    server.drain(0.1)
    server.client.received.clear()
    put(server, "key", "D dorian")
    put(server, "style", "house")
    for _ in range(3):
        seconds = server.client.wait((CHUNK,), None, 60).args[2]
    assert abs(seconds - 2.0) < 0.01, "a bar at 120 bpm"
    assert warnings(server) == []
    for name in ("key", "style", "chords", "parts"):
        put(server, name, "none")
        reply = server.ask(f"{ROOT}.{name}", reply=f"{ROOT}.{name}")
        assert reply.args[0] == ""
    put(server, "steps", 0)
    server.ask("/msanii/stream/stop", "id", "end", token="end")
