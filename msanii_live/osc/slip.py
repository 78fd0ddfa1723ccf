"""Framing of OSC packets on a byte stream: SLIP and the int32 length prefix.

OSC 1.0 puts the length of each packet before it, as an int32. OSC 1.1 uses SLIP (RFC 1055) with an
END before and after each packet. The first byte of a stream tells which one it is. A packet has at
most 65,536 bytes, so the first byte of a length is 0. A SLIP stream begins with END or, if the
sender puts END only after packets, with the `/` or `#` of the first packet.
"""

from __future__ import annotations

import struct
from typing import Literal

from msanii_live.errors import MsaniiError

MAX_PACKET_BYTES = 65_536  # as over UDP

Framing = Literal["", "int32", "slip"]

_LENGTH = struct.Struct(">i")
_END, _ESC = b"\xc0", b"\xdb"  # RFC 1055's names, like the two below
_ESC_END, _ESC_ESC = b"\xdc", b"\xdd"
_SLIP_FIRST_BYTES = b"\xc0/#"


class FramingError(MsaniiError):
    """The error of a stream in which the start of the next packet cannot be found any more."""


class FrameDecoder:
    """A decoder that splits the bytes of one connection into packets.

    framing: the framing in use, "" until the first byte. dropped: number of SLIP packets that were
    too long or had an invalid escape; decoding continues after each.
    """

    def __init__(self) -> None:
        self.framing: Framing = ""
        self.dropped = 0
        self._buffer = bytearray()
        self._is_dropping = False  # inside a SLIP packet that is already too long

    @property
    def is_mid_packet(self) -> bool:
        """Whether a packet has begun and not ended."""
        return bool(self._buffer) or self._is_dropping

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes and return the packets that they complete.

        Raises: FramingError: the stream uses neither framing, or an int32 length is out of range.
        """
        if not self.framing and data:
            self.framing = _detect_framing(data[0])
        return self._feed_int32(data) if self.framing == "int32" else self._feed_slip(data)

    def _feed_int32(self, data: bytes) -> list[bytes]:
        self._buffer += data
        packets = []
        position = 0
        while len(self._buffer) - position >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, position)
            if not 0 <= length <= MAX_PACKET_BYTES:
                raise FramingError(f"a packet of {length} bytes")
            end = position + _LENGTH.size + length
            if end > len(self._buffer):
                break
            packets.append(bytes(self._buffer[position + _LENGTH.size : end]))
            position = end
        del self._buffer[:position]
        return packets

    def _feed_slip(self, data: bytes) -> list[bytes]:
        packets = []
        *completed, remainder = data.split(_END)
        for piece in completed:
            escaped = bytes(self._buffer) + piece
            self._buffer.clear()
            if self._is_dropping:
                self._is_dropping = False
                continue
            # Escaping at most doubles a packet.
            packet = _unescape(escaped) if len(escaped) <= 2 * MAX_PACKET_BYTES else None
            if packet is None or len(packet) > MAX_PACKET_BYTES:
                self.dropped += 1
            elif packet:  # two ENDs in a row have no packet between them
                packets.append(packet)
        if not self._is_dropping:
            self._buffer += remainder
            if len(self._buffer) > 2 * MAX_PACKET_BYTES:
                self._buffer.clear()
                self._is_dropping = True
                self.dropped += 1
        return packets


def encode_frame(framing: Framing, packet: bytes) -> bytes:
    r"""Return a packet in its frame, ready to be sent on a stream.

    >>> encode_frame("int32", b"/a\0\0"), encode_frame("slip", b"/\xc0\0\0")
    (b'\x00\x00\x00\x04/a\x00\x00', b'\xc0/\xdb\xdc\x00\x00\xc0')
    """
    if framing == "slip":
        escaped = packet.replace(_ESC, _ESC + _ESC_ESC).replace(_END, _ESC + _ESC_END)
        return _END + escaped + _END
    return _LENGTH.pack(len(packet)) + packet


def _detect_framing(first_byte: int) -> Framing:
    if first_byte == 0:
        return "int32"
    if first_byte in _SLIP_FIRST_BYTES:
        return "slip"
    raise FramingError(f"the first byte is 0x{first_byte:02x}")


def _unescape(escaped: bytes) -> bytes | None:
    """Undo the escapes of SLIP. Return None if an escape is followed by an illegal byte."""
    first, *pieces = escaped.split(_ESC)
    parts = [first]
    for piece in pieces:
        code = piece[:1]
        if code not in (_ESC_END, _ESC_ESC):
            return None
        parts += [_END if code == _ESC_END else _ESC, piece[1:]]
    return b"".join(parts)
