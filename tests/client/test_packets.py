"""The client's packets: python-osc builds what the server's codec builds, and reads the same."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.client.packets import build_command, build_packet, command_packet, read_packet
from msanii_live.errors import CommandError
from msanii_live.osc.codec import PACKET_LIMIT, Message, decode_packet, encode
from msanii_live.protocol.commands import COMMANDS, Generate, Outpaint
from msanii_live.protocol.reference import example
from msanii_live.protocol.replies import REPLIES
from msanii_live.protocol.request import parse_request

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
INT = st.integers(-(2**31), 2**31 - 1)


def tags_of(args, floats="f"):
    return "".join(
        "s" if isinstance(a, str) else floats if isinstance(a, float) else "i" for a in args
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_packets_equal_those_of_the_servers_codec(command):
    address, args = example(command)
    assert build_packet(address, args) == encode(address, tags_of(args), args)
    packet = command_packet(parse_request(address, args).command, "t1")
    (message,) = decode_packet(packet)
    assert packet == encode(message.address, tags_of(message.args, "d"), message.args)


@given(st.lists(st.one_of(INT, st.floats(width=32, allow_nan=False), TEXT), max_size=8))
def test_any_values_give_equal_packets(args):
    packet = build_packet("/msanii/x", args)
    assert packet == encode("/msanii/x", tags_of(args), args)
    assert read_packet(packet) == decode_packet(packet)[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_survives_its_packet(command):
    address, args = example(command)
    wanted = parse_request(address, args).command
    (message,) = decode_packet(command_packet(wanted, "t1"))
    again = parse_request(message.address, message.args)
    assert again.command == wanted
    assert again.token == "t1"


@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_of_the_server_is_read(reply):
    values = {"i": -7, "f": 0.25, "s": "naïve …"}
    sent = reply(*(values[tag] for tag in reply.tags))
    message = read_packet(encode(sent.address, sent.tags, sent.args))
    assert message == Message(sent.address, sent.args)


def test_texts_that_osc_cannot_carry_are_cleaned():
    assert build_packet("/a", ["a\0b"]) == build_packet("/a", ["ab"])
    assert build_packet("/a", ["odd\udcff.wav"]) == build_packet("/a", ["odd?.wav"])


@pytest.mark.parametrize(
    ("address", "args"),
    [("a", []), ("", []), ("/a", [2**31]), ("/a", [1e39]), ("/a", ["x" * PACKET_LIMIT])],
)
def test_what_cannot_be_sent_is_a_value_error(address, args):
    with pytest.raises(ValueError, match="a"):
        build_packet(address, args)


def test_what_python_osc_reads_wrong_is_not_read():
    endless = b"#bundle\0" + struct.pack(">Qi", 1, -4) + b"/a\0\0,\0\0\0"
    cut_short = build_packet("/a", [7])[:-2]
    no_text = b"/a\0\0,s\0\0\xff\xfe\xfd\0"
    for packet in (endless, cut_short, no_text, b"", b"not OSC!"):
        assert read_packet(packet) is None


def test_a_command_is_checked_before_it_is_sent():
    assert build_command(Generate, seconds=6, bars=None) == Generate(seconds=6.0)
    assert build_command(Outpaint, src="@odd", style="a b") == Outpaint(src="@odd", style="a b")
    with pytest.raises(CommandError, match="seconds is 500"):
        build_command(Generate, seconds=500)
    with pytest.raises(CommandError, match="seconds is 'long'"):
        build_command(Generate, seconds="long")
    with pytest.raises(TypeError, match="/msanii/generate takes no second"):
        build_command(Generate, second=5)
    with pytest.raises(TypeError, match="src"):
        build_command(Outpaint)
