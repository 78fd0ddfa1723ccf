"""Check which packets are read, and as what, and which are refused."""

import contextlib
import math
import struct
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from msanii_live.osc.codec import REASONS, Message, PacketError, Reason, decode_packet

# The tests build packets themselves, so that they share no mistake with the code under test.


def string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return raw + b"\0" * (4 - len(raw) % 4)


def message(tags: str = "", content: bytes = b"", address: str = "/a") -> bytes:
    return string(address) + string("," + tags) + content


def bundle(*elements: bytes, tag: int = 1) -> bytes:
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", tag) + sized


def nested(depth: int) -> bytes:
    packet = message()
    for _ in range(depth):
        packet = bundle(packet)
    return packet


def ntp(unix: float) -> int:
    return round((unix + 2_208_988_800) * 2**32)


def reason(data: bytes) -> str:
    with pytest.raises(PacketError) as caught:
        decode_packet(data)
    assert caught.value.reason in REASONS
    return caught.value.reason


BLOB = struct.pack(">i", 5) + b"\xff\0abc" + bytes(3)


@pytest.mark.parametrize(
    ("tags", "content", "expected"),
    [
        ("i", struct.pack(">i", -(2**31)), (-(2**31),)),
        ("f", struct.pack(">f", 0.25), (0.25,)),
        ("h", struct.pack(">q", 2**40), (2**40,)),
        ("d", struct.pack(">d", 0.1), (0.1,)),
        ("t", struct.pack(">Q", ntp(1_700_000_000.5)), (1_700_000_000.5,)),
        ("t", struct.pack(">Q", 1), (None,)),
        ("s", string("dark techno"), ("dark techno",)),
        ("s", string(""), ("",)),
        ("S", string("symbol"), ("symbol",)),
        ("c", b"\0\0\0x", ("x",)),
        ("T", b"", (True,)),
        ("F", b"", (False,)),
        ("N", b"", (None,)),
        ("I", b"", (math.inf,)),
        ("b", BLOB, (b"\xff\0abc",)),
        ("b", bytes(4), (b"",)),
        ("r", b"\x01\x02\x03\xff", (b"\x01\x02\x03\xff",)),
        ("m", b"\0\x90\x3c\x7f", (b"\0\x90\x3c\x7f",)),
        ("[i[]s]T", struct.pack(">i", 1) + string("x"), (1, "x", True)),
    ],
)
def test_every_type_tag(tags: str, content: bytes, expected: tuple[Any, ...]) -> None:
    (decoded,) = decode_packet(message(tags, content))
    assert decoded == Message("/a", expected)
    assert [type(value) for value in decoded.args] == [type(value) for value in expected]
    # The same with something on either side: each argument takes up exactly its own bytes.
    around = message("i" + tags + "s", struct.pack(">i", 7) + content + string("end"))
    assert decode_packet(around)[0].args == (7, *expected, "end")


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_out_of_range_are_for_the_command_to_refuse(value: float) -> None:
    (decoded,) = decode_packet(message("f", struct.pack(">f", value)))
    assert str(decoded.args[0]) == str(value)


def test_the_traps_of_python_osc() -> None:
    element_of_minus_four = bundle() + struct.pack(">i", -4) + message()
    assert reason(element_of_minus_four) == "size"
    assert reason(nested(2_000)) == "depth"
    assert decode_packet(message("ISc", string("x") + b"\0\0\0y"))[0].args == (math.inf, "x", "y")
    assert reason(message("b", struct.pack(">i", -4) + bytes(4))) == "size"
    assert reason(message("f", b"\0\0")) == "alignment"
    assert reason(bundle(message("f") + b"\0\0")) == "alignment"
    assert reason(message("f")) == "size"
    assert decode_packet(message("s", string(b"caf\xe9")))[0].args == ("café",)
    assert decode_packet(message("s", string("café")))[0].args == ("café",)
    assert decode_packet(string(b"/caf\xe9"))[0].address == "/café"
    far_away = time.time() + 1e6
    started = time.perf_counter()
    assert decode_packet(bundle(message(), tag=ntp(far_away)))[0].time_tag == pytest.approx(
        far_away
    )
    assert decode_packet(message(address="/********/********!"))[0].address == "/********/********!"
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"/a\0", "alignment"),
        (b"/a\0\0\0", "alignment"),
        (b"a\0\0\0,\0\0\0", "address"),
        (bytes(4), "address"),
        (b"#bundl\0\0" + bytes(8), "address"),
        (b"#bundle\0", "size"),
        (b"#bundle\0" + bytes(4), "size"),
        (b"/abc", "string"),
        (b"/a\0x,\0\0\0", "string"),
        (b"/a\0\0,iii", "string"),
        (message("s", b"abcd"), "string"),
        (message("s", b"ab\0d"), "string"),
        (message("c", b"\0\x11\0\0"), "string"),
        (message("c", b"\0\0\xd8\0"), "string"),
        (message("x"), "tag"),
        (message("é"), "tag"),
        (message("["), "tag"),
        (message("]["), "tag"),
        (b"/a\0\0i\0\0\0\0\0\0\1", "tag"),
        (message("i"), "size"),
        (message("d", bytes(4)), "size"),
        (message("i", bytes(8)), "size"),
        (message("b"), "size"),
        (message("b", struct.pack(">i", 5) + bytes(4)), "size"),
        (message("b", struct.pack(">i", 2**31 - 1) + bytes(4)), "size"),
        (message("b", struct.pack(">i", 1) + b"abcd"), "alignment"),
        (bundle() + bytes(4), "size"),
        (bundle() + struct.pack(">i", 12) + message(), "size"),
        (bundle() + struct.pack(">i", 6) + message(), "alignment"),
        (bundle(b"#bundle\0"), "size"),
        (bundle(bundle() + struct.pack(">i", 8), message()), "size"),
    ],
)
def test_malformed(data: bytes, expected: Reason) -> None:
    assert reason(data) == expected


def test_a_bundle_is_all_or_nothing() -> None:
    good = [message(address=f"/{n}") for n in range(3)]
    assert [each.address for each in decode_packet(bundle(*good))] == ["/0", "/1", "/2"]
    assert reason(bundle(*good, message("x"))) == "tag"
    assert reason(bundle(message("x"), *good)) == "tag"


def test_sixteen_bundles_may_be_nested() -> None:
    assert decode_packet(nested(16)) == (Message("/a"),)
    assert reason(nested(17)) == "depth"
    side_by_side = bundle(*[nested(15)] * 20)
    assert len(decode_packet(side_by_side)) == 20


def test_time_tags() -> None:
    assert decode_packet(message())[0].time_tag is None
    assert decode_packet(bundle(message(), tag=0))[0].time_tag is None
    assert decode_packet(bundle(message(), tag=1))[0].time_tag is None
    assert decode_packet(bundle(message(), tag=2_208_988_800 << 32))[0].time_tag == 0.0
    inner = bundle(message(address="/in"), tag=ntp(200.5))
    packet = bundle(message(address="/before"), inner, message(address="/after"), tag=ntp(100.25))
    assert [(each.address, each.time_tag) for each in decode_packet(packet)] == [
        ("/before", 100.25),
        ("/in", 200.5),
        ("/after", 100.25),
    ]


def test_lawful_oddities() -> None:
    assert decode_packet(bundle()) == ()
    assert decode_packet(bundle(bundle(), message())) == (Message("/a"),)
    assert decode_packet(string("/old/sender")) == (Message("/old/sender"),)


@pytest.mark.parametrize(
    "data",
    [
        message("[" * 65_000),
        message("N" * 65_000),
        message("s" * 13_000, bytes(4) * 13_000),
        message("s", b"\xff" * 65_000),
        bundle(*[message()] * 5_000),
        bundle(*[bundle()] * 3_200),
        b"#bundle\0" * 8_000,
    ],
    ids=["arrays", "nils", "strings", "unterminated", "messages", "bundles", "markers"],
)
def test_the_largest_datagrams_take_little_time(data: bytes) -> None:
    started = time.perf_counter()
    with contextlib.suppress(PacketError):
        decode_packet(data)
    assert time.perf_counter() - started < 5


REAL = [
    message("sisf", string("prompt") + bytes(4) + string("häx") + bytes(4), "/msanii/generate"),
    message("b[hdt]cTrmS", BLOB + bytes(24) + b"\0\0\0x" + bytes(8) + string("y")),
    bundle(message("i", bytes(4)), bundle(message("s", string("z")), tag=ntp(1e9)), message()),
    nested(16),
]
EDIT = st.tuples(
    st.sampled_from(["flip", "cut", "insert", "word"]),
    st.integers(0, 255),
    st.integers(0, 255),
    st.sampled_from([0, 1, 4, 8, 2**31 - 1, 2**32 - 4, 2**32 - 1]),
)


def attempt(data: bytes) -> None:
    with contextlib.suppress(PacketError):
        for each in decode_packet(data):
            assert each.address.startswith("/")
            each.address.encode()  # whatever came in can go out


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    attempt(data)
    attempt(data[: len(data) // 4 * 4])
    attempt(b"/a\0\0,sbi" + data)
    attempt(bundle() + data)


@given(st.sampled_from(REAL), st.lists(EDIT, min_size=1, max_size=4))
def test_damaged_messages_are_decoded_or_refused(
    data: bytes, edits: list[tuple[str, int, int, int]]
) -> None:
    for kind, place, byte, word in edits:
        at = place % (len(data) + 1)
        if kind == "flip":
            data = data[:at] + bytes(each ^ byte for each in data[at : at + 1]) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at] + data[at + byte % 12 :]
        elif kind == "insert":
            data = data[:at] + bytes([byte]) * (byte % 9) + data[at:]
        else:
            at -= at % 4
            data = data[:at] + struct.pack(">I", word) + data[at + 4 :]
    attempt(data)


def test_what_python_osc_sends_is_understood() -> None:
    builder = OscMessageBuilder("/msanii/generate")
    for value in ("seconds", 8, 0.5, 2**40, True, False, None, b"raw"):
        builder.add_arg(value)
    (decoded,) = decode_packet(builder.build().dgram)
    assert decoded.args == ("seconds", 8, 0.5, 2**40, True, False, None, b"raw")
