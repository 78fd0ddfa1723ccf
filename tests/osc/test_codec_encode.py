"""Check the packets that are sent: exact, small enough, and readable by others."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage

from msanii_live.osc.codec import PACKET_LIMIT, Message, decode_packet, encode

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
FIELD = st.one_of(
    st.tuples(st.just("i"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("f"), st.floats(width=32, allow_nan=False)),
    st.tuples(st.just("d"), st.floats(allow_nan=False)),
    st.tuples(st.just("s"), TEXT),
)


@given(st.lists(FIELD, max_size=8))
def test_decoding_inverts_encoding(fields: list[tuple[str, int | float | str]]) -> None:
    tags = "".join(tag for tag, _ in fields)
    args = [value for _, value in fields]
    packet = encode("/msanii/x", tags, args)
    assert decode_packet(packet) == (Message("/msanii/x", tuple(args)),)
    foreign = OscMessage(packet)
    assert foreign.address == "/msanii/x"
    assert foreign.params == args


def test_the_tag_string_is_exactly_the_one_given() -> None:
    packet = encode("/a", "iff", [True, 1, 2.5])
    assert packet == b"/a\0\0,iff\0\0\0\0" + struct.pack(">iff", 1, 1.0, 2.5)


def test_strings_that_cannot_be_sent_as_they_are() -> None:
    assert encode("/a", "s", ["a\0b"]) == b"/a\0\0,s\0\0ab\0\0"
    assert encode("/a", "s", ["odd\udcff.wav"]) == b"/a\0\0,s\0\0odd?.wav\0\0\0\0"


@pytest.mark.parametrize(
    ("address", "tags", "args"),
    [
        ("a", "", []),
        ("/a", "i", []),
        ("/a", "", [1]),
        ("/a", "i", [2**31]),
        ("/a", "i", [-(2**31) - 1]),
        ("/a", "i", [1.0]),
        ("/a", "i", ["1"]),
        ("/a", "f", ["1"]),
        ("/a", "f", [1e39]),
        ("/a", "f", [10**400]),
        ("/a", "s", [1]),
        ("/a", "h", [1]),
        ("/a", ",i", [1, 1]),
        ("/a", "s", ["x" * 1_400]),
    ],
)
def test_what_cannot_be_encoded(address: str, tags: str, args: list[int | float | str]) -> None:
    with pytest.raises(ValueError, match="a"):
        encode(address, tags, args)


@given(st.text(st.sampled_from("aé…🎵"), min_size=1_300, max_size=1_500), st.integers(0, 5))
def test_a_text_is_shortened_to_fit(text: str, more: int) -> None:
    token = "t" * more
    packet = encode("/msanii/fail", "ssi", [token, text, 3], truncate_text=True)
    assert len(packet) < PACKET_LIMIT
    (decoded,) = decode_packet(packet)
    sent = decoded.args[1]
    assert isinstance(sent, str)
    assert decoded.args == (token, sent, 3)
    if sent != text:
        assert sent.endswith("…")
        assert text.startswith(sent[:-1])
        assert len(packet) >= PACKET_LIMIT - 12  # no more is cut than one letter and padding


def test_a_text_that_fits_is_left_alone() -> None:
    longest = "x" * (PACKET_LIMIT - 4 - len(b"/a\0\0,s\0\0") - 1)
    packet = encode("/a", "s", [longest])
    assert len(packet) == PACKET_LIMIT - 4
    assert encode("/a", "s", [longest], truncate_text=True) == packet
    with pytest.raises(ValueError, match="not under"):
        encode("/a", "s", [longest + "x"])


def test_only_the_last_string_is_shortened() -> None:
    with pytest.raises(ValueError, match="not under"):
        encode("/a", "ss", ["x" * 2_000, "short"], truncate_text=True)
