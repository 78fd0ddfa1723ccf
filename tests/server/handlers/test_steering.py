"""Check over OSC that a stream composes and is steered, and what an engine does not follow."""

WARN, CHUNK = "/msanii/warn", "/msanii/stream/chunk"
ROOT = "/msanii/param/stream"


def start(server, *args):
    reply = server.ask("/msanii/stream/start", *args, "id", "s", token="s", timeout=60)
    assert reply.address == "/msanii/done"


def put(server, name, *value):
    assert server.ask(f"{ROOT}.{name}", *value, "id", name, token=name).address == "/msanii/done"


def warnings(server):
    return [m.args[1] for m in server.client.received if m.address == WARN]


def test_a_stream_is_steered_in_words(tones):
    server = tones
    unsets = {"style": "none", "key": "none", "density": -1.0, "prompt.a": "", "prompt.b": ""}
    for name, unset in unsets.items():
        put(server, name, unset)  # other tests steer the same server
    put(server, "steps", 1)
    put(server, "chords", "Am", "F:2", "C")
    put(server, "parts", "drums bass")
    server.client.received.clear()
    start(server, "current", "engine", "tones", "chunk", 1.0, "ahead", 8.0, "at", "none")
    for _ in range(3):
        server.client.wait((CHUNK,), None, 60)
    assert warnings(server) == [
        "tones does not follow chords and parts: the clip was made without (engine composer does)"
    ]

    start(server, "current", "engine", "composer", "chunk", 2.0, "ahead", 30.0)
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
