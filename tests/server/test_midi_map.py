"""What a mapping that was read from a file may be."""

import json

import pytest
from mido import Message

from msanii_live.errors import CommandError
from msanii_live.jobs.params import Params
from msanii_live.midi.input import MidiInput
from msanii_live.midi.mapping import MidiControl
from msanii_live.protocol.commands import MapLearn
from msanii_live.server.midi_map import (
    MAP_FILE,
    MAX_TARGET_BYTES,
    MidiMap,
    canonical_target,
    read_mapping,
)


def opened(folder, params=None, moved=None):
    """Return the mappings of a folder, without a MIDI port. moved: gets the params that moved."""
    moved = [] if moved is None else moved
    return MidiMap(
        folder, params or Params(), MidiInput("none"), lambda *_: None, lambda *it: moved.append(it)
    )


def learn(midi_map, target, control=21):
    midi_map.learn(MapLearn(param=target), lambda _: None)
    midi_map.mapper.receive(turned(control, 1), 0.0)


def turned(control, value):
    return Message("control_change", control=control, value=value)


def raw(target, control=("cc", 1, 7), is_command=False):
    text = json.dumps(
        {"target": target, "control": control, "low": 0, "high": 1, "is_command": is_command}
    )
    return json.loads(text)


@pytest.mark.parametrize(
    ("target", "is_command"),
    [
        ("stream.mix", False),
        ("output.gain", False),
        ("page.density", False),
        ("/msanii/stop", True),
        ("/msanii/play loop1 loop 1", True),
        ("/msanii/param/stream.style house", True),
    ],
)
@pytest.mark.parametrize("written", [False, True])
def test_a_mapping_is_a_param_or_a_command_by_its_target(target, is_command, written):
    found = read_mapping(raw(target, is_command=written))
    assert (found.target, found.is_command) == (target, is_command)
    assert found.control == MidiControl("cc", 1, 7)
    assert read_mapping(json.loads(json.dumps(found.as_dict()))) == found


@pytest.mark.parametrize(
    "target",
    [
        "/msanii/quit",
        "quit",
        "nonsense",
        "stream.style",
        "stream.prompt.a",
        "play 'loop1",
        "",
        "/msanii/generate prompt " + "x" * MAX_TARGET_BYTES,
        "\ud800",
    ],
)
@pytest.mark.parametrize("written", [False, True])
def test_a_mapping_that_cannot_be_sent_is_refused(target, written):
    with pytest.raises((CommandError, ValueError)):
        read_mapping(raw(target, is_command=written))


@pytest.mark.parametrize("letter", ["x", "é", "𝄞"])
def test_a_command_that_fits_no_reply_is_not_learnt(letter):
    start = "/msanii/generate prompt "
    room = (MAX_TARGET_BYTES - len(start)) // len(letter.encode())
    assert canonical_target(start + room * letter) == start + room * letter
    with pytest.raises(CommandError, match="shorten it"):
        canonical_target(start + (room + 1) * letter)


@pytest.mark.parametrize("text", ["{", '{"version": 1}', '{"version": 1, "mappings": [3]}'])
def test_a_damaged_file_is_set_aside_before_another_is_written(tmp_path, text, caplog):
    path = tmp_path / MAP_FILE
    path.write_text(text)
    learn(opened(tmp_path), "stream.mix")
    assert (tmp_path / f"{MAP_FILE}.old").read_text() == text
    assert [each.target for each in opened(tmp_path).mapper.mappings] == ["stream.mix"]
    assert MAP_FILE in caplog.text


def test_a_file_of_a_later_version_stays_with_a_warning(tmp_path, caplog):
    path = tmp_path / MAP_FILE
    path.write_text('{"version": 2, "mappings": []}')
    midi_map = opened(tmp_path)
    learn(midi_map, "stream.mix")
    assert path.read_text() == '{"version": 2, "mappings": []}'
    assert list(tmp_path.iterdir()) == [path]
    assert "a later version" in caplog.text
    assert "are not kept" in caplog.text
    assert [each.target for each in midi_map.mapper.mappings] == ["stream.mix"]


def test_a_control_of_the_page_follows_at_once(tmp_path):
    midi_map = opened(tmp_path)
    learn(midi_map, "page.density")
    midi_map.mapper.receive(turned(21, 127), 0.0)
    assert midi_map.page_controls == {"page.density": 1.0}
    midi_map.mapper.receive(turned(21, 0), 0.0)
    assert midi_map.page_controls == {"page.density": 0.0}
    again = opened(tmp_path)
    again.mapper.receive(turned(21, 127), 0.0)
    assert again.page_controls == {"page.density": 1.0}


def test_what_a_control_does_to_a_param_is_told_with_the_value_before(tmp_path):
    params, moved = Params(), []
    params.set("stream.mix", 0.5)
    midi_map = opened(tmp_path, params, moved)
    learn(midi_map, "stream.mix")
    midi_map.mapper.receive(turned(21, 127), 0.0)
    assert params.value("stream.mix") == 1.0
    assert moved == [("stream.mix", 0.5)]
