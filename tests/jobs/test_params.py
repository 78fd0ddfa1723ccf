"""Check the params of the stream: the last value set counts, and none clears a text."""

from msanii_live.jobs.params import Params
from msanii_live.protocol.commands import StreamChords, StreamDensity, StreamParts, StreamStyle


def test_a_param_keeps_the_last_value_and_none_clears_a_text():
    params = Params()
    assert params.apply(StreamChords()) == ""
    assert params.apply(StreamChords(value="Am F")) is None
    assert params.apply(StreamChords()) == params.text("stream.chords") == "Am F"
    for command in (StreamChords(value="none"), StreamStyle(value="none")):
        params.apply(command)
        assert params.text(command.name) == ""


def test_density_is_left_to_the_engine_until_it_is_set():
    params = Params()
    assert params.number("stream.density") == -1
    params.apply(StreamDensity(value=0.5))
    assert params.number("stream.density") == 0.5


def test_all_parts_is_the_same_as_none_named():
    params = Params()
    params.apply(StreamParts(value="bass drums"))
    assert params.parts() == ("drums", "bass")
    for word in ("none", "all"):
        params.apply(StreamParts(value=word))
        assert params.parts() == ()
