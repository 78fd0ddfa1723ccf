"""What a mapping that was read from a file may be."""

import json

import pytest

from msanii_live.errors import CommandError
from msanii_live.midi.mapping import MidiControl
from msanii_live.server.midi_map import MAX_TARGET_BYTES, canonical_target, read_mapping


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
