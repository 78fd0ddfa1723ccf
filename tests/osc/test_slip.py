"""Check that a stream is split where packets end, however its bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.osc.slip import MAX_PACKET_BYTES, FrameDecoder, FramingError, encode_frame

# Packets begin with a slash or #; END and ESC, which SLIP must escape, are made likely inside.
BYTES = st.lists(st.sampled_from([0, 0x2F, 0xC0, 0xDB, 0xDC, 0xDD, 0x41]), max_size=40).map(bytes)
PACKETS = st.lists(BYTES.map(lambda tail: b"/" + tail), min_size=1, max_size=8)


def fed(decoder, data, cuts):
    packets, start = [], 0
    for cut in sorted({min(cut, len(data)) for cut in cuts} | {len(data)}):
        packets += decoder.feed(data[start:cut])
        start = cut
    return packets


@given(PACKETS, st.sampled_from(["int32", "slip"]), st.lists(st.integers(0, 400), max_size=12))
def test_decoding_inverts_encoding_for_any_pieces(packets, framing, cuts):
    decoder = FrameDecoder()
    data = b"".join(encode_frame(framing, packet) for packet in packets)
    assert fed(decoder, data, cuts) == packets
    assert decoder.framing == framing
    assert not decoder.is_mid_packet
    assert decoder.dropped == 0


@given(PACKETS)
def test_slip_senders_may_omit_the_first_end(packets):
    data = b"".join(encode_frame("slip", packet)[1:] for packet in packets)
    assert FrameDecoder().feed(data) == packets


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_bytes_decode_alike_in_any_pieces(data, cuts):
    def cut(cuts):
        decoder = FrameDecoder()
        packets = []
        start = 0
        try:
            for at in [*sorted(min(c, len(data)) for c in cuts), len(data)]:
                packets += decoder.feed(data[start:at])
                start = at
        except FramingError:
            return packets, None
        return packets, decoder.dropped

    whole, pieces = cut([]), cut(cuts)
    assert pieces[1] == whole[1]
    if whole[1] is not None:
        assert pieces == whole


def test_an_invalid_escape_drops_one_packet():
    decoder = FrameDecoder()
    assert decoder.feed(b"\xc0/a\xdb\x00\xc0\xc0/b\0\0\xc0") == [b"/b\0\0"]
    assert decoder.dropped == 1


def test_a_packet_that_is_too_long_is_not_buffered():
    decoder = FrameDecoder()
    for _ in range(10):
        assert decoder.feed(b"/" + bytes(MAX_PACKET_BYTES)) == []
        assert len(decoder._buffer) <= 2 * MAX_PACKET_BYTES
    assert decoder.feed(b"\xc0/b\0\0\xc0") == [b"/b\0\0"]
    assert decoder.dropped == 1


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"a", b"\xff"])
def test_other_protocols_are_not_osc(data):
    with pytest.raises(FramingError):
        FrameDecoder().feed(data)


@pytest.mark.parametrize("length", [b"\0\1\0\1", b"\0\xff\xff\xff"])
def test_a_length_out_of_range(length):
    with pytest.raises(FramingError):
        FrameDecoder().feed(length)


def test_an_int32_stream_keeps_its_framing():
    decoder = FrameDecoder()
    with pytest.raises(FramingError):
        decoder.feed(encode_frame("int32", b"/a\0\0") + b"\xff\xff\xff\xfc")
