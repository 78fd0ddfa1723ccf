"""Check that a stream is cut where packets end, however its bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.osc.slip import MAX_PACKET_BYTES, FrameDecoder, FramingError, encode_frame

# Packets begin with a slash or #; END and ESC, which SLIP must escape, are made likely inside.
BYTES = st.lists(st.sampled_from([0, 0x2F, 0xC0, 0xDB, 0xDC, 0xDD, 0x41]), max_size=40).map(bytes)
PACKETS = st.lists(BYTES.map(lambda tail: b"/" + tail), min_size=1, max_size=8)


def fed(splitter, data, cuts):
    packets, start = [], 0
    for cut in sorted({min(cut, len(data)) for cut in cuts} | {len(data)}):
        packets += splitter.feed(data[start:cut])
        start = cut
    return packets


@given(PACKETS, st.sampled_from(["int32", "slip"]), st.lists(st.integers(0, 400), max_size=12))
def test_what_was_wrapped_comes_out_whatever_the_pieces(packets, framing, cuts):
    splitter = FrameDecoder()
    data = b"".join(encode_frame(framing, packet) for packet in packets)
    assert fed(splitter, data, cuts) == packets
    assert splitter.framing == framing
    assert not splitter.is_inside
    assert splitter.skipped == 0


@given(PACKETS)
def test_slip_may_leave_out_the_first_end(packets):
    data = b"".join(encode_frame("slip", packet)[1:] for packet in packets)
    assert FrameDecoder().feed(data) == packets


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_no_bytes_do_harm_and_pieces_do_not_matter(data, cuts):
    def cut(cuts):
        splitter = FrameDecoder()
        packets = []
        start = 0
        try:
            for at in [*sorted(min(c, len(data)) for c in cuts), len(data)]:
                packets += splitter.feed(data[start:at])
                start = at
        except FramingError:
            return packets, None
        return packets, splitter.skipped

    whole, pieces = cut([]), cut(cuts)
    assert pieces[1] == whole[1]
    if whole[1] is not None:
        assert pieces == whole


def test_a_wrong_escape_costs_one_packet():
    splitter = FrameDecoder()
    assert splitter.feed(b"\xc0/a\xdb\x00\xc0\xc0/b\0\0\xc0") == [b"/b\0\0"]
    assert splitter.skipped == 1


def test_a_packet_that_never_ends_is_not_kept():
    splitter = FrameDecoder()
    for _ in range(10):
        assert splitter.feed(b"/" + bytes(MAX_PACKET_BYTES)) == []
        assert len(splitter._rest) <= 2 * MAX_PACKET_BYTES
    assert splitter.feed(b"\xc0/b\0\0\xc0") == [b"/b\0\0"]
    assert splitter.skipped == 1


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"a", b"\xff"])
def test_other_protocols_are_not_osc(data):
    with pytest.raises(FramingError):
        FrameDecoder().feed(data)


@pytest.mark.parametrize("length", [b"\0\1\0\1", b"\0\xff\xff\xff"])
def test_a_length_out_of_range(length):
    with pytest.raises(FramingError):
        FrameDecoder().feed(length)


def test_an_int32_stream_keeps_its_framing():
    splitter = FrameDecoder()
    with pytest.raises(FramingError):
        splitter.feed(encode_frame("int32", b"/a\0\0") + b"\xff\xff\xff\xfc")
