"""Cut a stream of bytes into packets, and wrap packets for a stream.

Two framings, told apart from the first byte: OSC 1.0 puts an int32 with the length before each
packet, and as no packet is longer than 65,536 bytes its first byte is 0; OSC 1.1 uses SLIP (RFC
1055), which begins with END, or, from senders that only end packets with it, with the packet's own
`/` or `#`.
"""

from __future__ import annotations

import struct
from typing import Literal

from msanii_live.errors import MsaniiError

MAX_PACKET_BYTES = 65_536  # bytes of one packet, as over UDP

Framing = Literal["", "int32", "slip"]

_LENGTH = struct.Struct(">i")
_END, _ESCAPE = b"\xc0", b"\xdb"
_ESCAPED_END = 0xDC
_SLIP_STARTS = b"\xc0/#"


class FramingError(MsaniiError):
    """Say that no one can tell any more where the next packet of a stream begins."""


class FrameDecoder:
    """Cut one connection's bytes. framing: "" until the first byte has come.

    skipped: SLIP packets that were too long or wrongly escaped; the stream goes on after each.
    """

    def __init__(self) -> None:
        self.framing: Framing = ""
        self.skipped = 0
        self._rest = bytearray()
        self._skipping = False  # inside a SLIP packet that is too long already

    @property
    def is_inside(self) -> bool:
        """Tell whether a packet has begun and not ended."""
        return bool(self._rest) or self._skipping

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the packets that they complete.

        Raises: FramingError: the stream is neither framing, or an int32 length is out of range.
        """
        if not self.framing and data:
            self.framing = _framing_of(data[0])
        return self._int32(data) if self.framing == "int32" else self._slip(data)

    def _int32(self, data: bytes) -> list[bytes]:
        self._rest += data
        packets = []
        position = 0
        while len(self._rest) - position >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest, position)
            if not 0 <= length <= MAX_PACKET_BYTES:
                raise FramingError(f"a packet of {length} bytes")
            end = position + _LENGTH.size + length
            if end > len(self._rest):
                break
            packets.append(bytes(self._rest[position + _LENGTH.size : end]))
            position = end
        del self._rest[:position]
        return packets

    def _slip(self, data: bytes) -> list[bytes]:
        packets = []
        *ended, rest = data.split(_END)
        for piece in ended:
            raw = bytes(self._rest) + piece
            self._rest.clear()
            if self._skipping:
                self._skipping = False
                continue
            packet = _unescaped(raw) if len(raw) <= 2 * MAX_PACKET_BYTES else None
            if packet is None or len(packet) > MAX_PACKET_BYTES:
                self.skipped += 1
            elif packet:  # two ENDs in a row hold no packet between them
                packets.append(packet)
        if not self._skipping:
            self._rest += rest
            if len(self._rest) > 2 * MAX_PACKET_BYTES:
                self._rest.clear()
                self._skipping = True
                self.skipped += 1
        return packets


def encode_frame(framing: Framing, packet: bytes) -> bytes:
    r"""Return a packet as it goes on a stream.

    >>> encode_frame("int32", b"/a\0\0"), encode_frame("slip", b"/\xc0\0\0")
    (b'\x00\x00\x00\x04/a\x00\x00', b'\xc0/\xdb\xdc\x00\x00\xc0')
    """
    if framing == "slip":
        escaped = packet.replace(_ESCAPE, b"\xdb\xdd").replace(_END, b"\xdb\xdc")
        return _END + escaped + _END
    return _LENGTH.pack(len(packet)) + packet


def _framing_of(first: int) -> Framing:
    if first == 0:
        return "int32"
    if first in _SLIP_STARTS:
        return "slip"
    raise FramingError(f"the first byte is 0x{first:02x}")


def _unescaped(raw: bytes) -> bytes | None:
    """Undo SLIP's escapes; None where an escape stands before anything that needs none."""
    first, *pieces = raw.split(_ESCAPE)
    parts = [first]
    for piece in pieces:
        if piece[:1] not in (b"\xdc", b"\xdd"):
            return None
        parts += [_END if piece[0] == _ESCAPED_END else _ESCAPE, piece[1:]]
    return b"".join(parts)
