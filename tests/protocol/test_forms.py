"""Check that the table as JSON has everything that a form needs."""

import json

from msanii_live.errors import Code
from msanii_live.protocol.commands import COMMANDS, Interpolate, Play, Vocode
from msanii_live.protocol.forms import form, table
from msanii_live.protocol.replies import REPLIES


def arguments_of(command):
    return {argument["name"]: argument for argument in form(command)["arguments"]}


def test_the_table_is_json_and_complete():
    copy = json.loads(json.dumps(table()))
    commands = [c["address"] for group in copy["groups"] for c in group["commands"]]
    assert sorted(commands) == sorted(command.address for command in COMMANDS)
    assert copy["replies"].keys() == {reply.address for reply in REPLIES}
    assert copy["replies"]["/msanii/pong"]["fields"] == ["token"]
    assert copy["codes"].keys() == set(Code)
    assert [group["title"] for group in copy["groups"]][:2] == ["Making clips", "Playing"]


def test_a_command_tells_what_it_makes_and_what_answers_it():
    assert form(Interpolate)["makes"] is True
    assert form(Play)["makes"] is False
    assert form(Interpolate)["reply"] == "/msanii/job/done"
    assert form(Play)["text"].startswith("Play a clip.")


def test_arguments_are_positional_then_own_then_shared():
    names = [argument["name"] for argument in form(Interpolate)["arguments"]]
    assert names[:4] == ["a", "b", "mix", "strength"]
    shared = [argument["shared"] for argument in form(Interpolate)["arguments"]]
    assert shared == [False] * 4 + [True] * (len(names) - 4)
    assert arguments_of(Interpolate)["a"]["positional"] is True


def test_an_argument_has_its_range_and_choices():
    gain = arguments_of(Play)["gain"]
    assert (gain["low"], gain["high"], gain["unit"], gain["range"]) == (
        -90,
        12,
        "dB",
        "-90 to 12 dB",
    )
    at = arguments_of(Play)["at"]
    assert (at["choices"], at["or_number"]) == (["none", "beat", "bar"], True)
    vocoder = arguments_of(Vocode)["vocoder"]
    assert (vocoder["or_number"], vocoder["range"]) == (False, "vocos, bands, griffin-lim")
