"""Check the params of the stream: the last value set counts, and none clears a text."""

from msanii_live.jobs.params import Params
from msanii_live.protocol.commands import (
    StreamChords,
    StreamDensity,
    StreamDrive,
    StreamMix,
    StreamParts,
    StreamSpace,
    StreamSteps,
    StreamStyle,
)


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


def test_a_number_glides_over_beats_and_a_word_waits():
    beat = 100.0
    params = Params(lambda: beat)
    params.apply(StreamMix(value=1.0, time=8.0))
    params.apply(StreamSteps(value=4))
    params.apply(StreamSteps(value=8, time=8.0))
    params.apply(StreamStyle(value="house", time=8.0))
    params.apply(StreamDensity(value=0.5, time=8.0))  # from -1, which leaves it to the engine
    beat = 102.0
    assert params.number("stream.mix") == 0.25
    assert params.value("stream.steps") == 5
    assert params.text("stream.style") == ""
    assert params.number("stream.density") == -1
    assert params.values()["stream.mix"] == 1.0
    beat = 108.0
    assert params.number("stream.mix") == 1.0
    assert params.text("stream.style") == "house"
    assert params.number("stream.density") == 0.5
    params.apply(StreamMix(value=0.0, time=4.0, shape="exp"))
    beat = 110.0
    assert 0.8 < params.number("stream.mix") < 1.0
    params.apply(StreamMix(value=0.3))  # ends the glide
    assert params.number("stream.mix") == 0.3


def test_drive_and_space_begin_at_none():
    params = Params()
    assert params.number("stream.drive") == params.number("stream.space") == 0.0
    params.apply(StreamDrive(value=0.4))
    params.apply(StreamSpace(value=0.7))
    assert (params.number("stream.drive"), params.number("stream.space")) == (0.4, 0.7)
