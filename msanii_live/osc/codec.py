"""Decode and encode OSC packets, independent of the transport.

`decode_packet` accepts a packet as a whole or rejects it as a whole. It validates and reads each
argument in the same pass, without recursion and in linear time. python-osc is not used on packets
from outside: it misreads `I`, `S` and `c`, and some packets make it loop for ever.

`encode` writes one message with exactly the given type tags. python-osc's builder would turn a bool
into `T` or `F` and a large int into `h`.
"""

import math
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, SupportsIndex, get_args

from msanii_live.errors import MsaniiError
from msanii_live.protocol.schema import OscValue as OscValue

Reason = Literal["empty", "alignment", "size", "depth", "address", "string", "tag"]

REASONS: tuple[Reason, ...] = get_args(Reason)
PACKET_LIMIT = 1_400  # bytes; a packet that is sent stays under this, to fit an Ethernet frame
MAX_DEPTH = 16  # nested bundles, the outermost included

_BUNDLE = b"#bundle\0"
_BUNDLE_HEADER = 16  # bytes: the marker and the time tag
_UNIX_EPOCH = 2_208_988_800  # seconds from the NTP epoch, 1900, to the Unix epoch, 1970

_ELLIPSIS = "…".encode()
_INT32 = struct.Struct(">i")
_TIME_TAG = struct.Struct(">Q")


class PacketError(MsaniiError):
    """The error of a malformed packet. `reason` is one of `REASONS` and names a counter."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"malformed OSC packet: {reason}")
        self.reason = reason


class Message(NamedTuple):
    """One decoded OSC message.

    time_tag: when to run it, in Unix seconds; None means at once. It is the tag of the innermost
    bundle that contains the message.
    """

    address: str
    args: tuple[OscValue, ...] = ()
    time_tag: float | None = None


def _identity(value: Any) -> OscValue:
    return value  # type: ignore[no-any-return]


def _read_character(code: int) -> str:
    # A lone surrogate could not be encoded again, so it is rejected like a code beyond Unicode.
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise PacketError("string")
    return chr(code)


def _unix_seconds(tag: int) -> float | None:
    """Convert an NTP time tag to Unix seconds, or to None if it means "at once" (0 and 1)."""
    # A single division of integers rounds once, so the large epoch costs no precision.
    return None if tag <= 1 else (tag - (_UNIX_EPOCH << 32)) / (1 << 32)


# Colours (r) and MIDI messages (m) stay bytes: as an int they could be mistaken for a number.
_FIXED_SIZE: dict[str, tuple[struct.Struct, Callable[[Any], OscValue]]] = {
    "i": (_INT32, _identity),
    "f": (struct.Struct(">f"), _identity),
    "h": (struct.Struct(">q"), _identity),
    "d": (struct.Struct(">d"), _identity),
    "t": (_TIME_TAG, _unix_seconds),
    "c": (struct.Struct(">I"), _read_character),
    "r": (struct.Struct(">4s"), _identity),
    "m": (struct.Struct(">4s"), _identity),
}
_WITHOUT_DATA: dict[str, OscValue] = {"T": True, "F": False, "N": None, "I": math.inf}


def decode_packet(data: bytes) -> tuple[Message, ...]:
    """Return the messages of one packet, in packet order.

    A bundle without elements gives an empty tuple. Arrays are flattened. `I` becomes infinity, `N`
    None, `t` Unix seconds or None for "at once", `r` and `m` 4 bytes.

    Raises:
        PacketError: any part of the packet is malformed; then none of its messages may run.

    >>> decode_packet(b"/msanii/ping\\0\\0\\0\\0,i\\0\\0\\0\\0\\0\\7")
    (Message(address='/msanii/ping', args=(7,), time_tag=None),)
    """
    if not data:
        raise PacketError("empty")
    if len(data) % 4:
        raise PacketError("alignment")
    messages: list[Message] = []
    bundles: list[tuple[int, float | None]] = []  # the open ones: (end position, time tag)
    position, end = 0, len(data)
    while True:
        if data.startswith(_BUNDLE, position, end):
            if end - position < _BUNDLE_HEADER:
                raise PacketError("size")
            if len(bundles) == MAX_DEPTH:
                raise PacketError("depth")
            (tag,) = _TIME_TAG.unpack_from(data, position + len(_BUNDLE))
            bundles.append((end, _unix_seconds(tag)))
            position += _BUNDLE_HEADER
        else:
            messages.append(_read_message(data, position, end, bundles[-1][1] if bundles else None))
            position = end
        while bundles and position == bundles[-1][0]:
            bundles.pop()
        if not bundles:
            return tuple(messages)
        position, end = _read_element(data, position, bundles[-1][0])


def _read_element(data: bytes, position: int, bundle_end: int) -> tuple[int, int]:
    """Return the start and end of the bundle element whose size is at `position`."""
    # Everything before it was aligned, so at least the four bytes of the size are there.
    (size,) = _INT32.unpack_from(data, position)
    position += _INT32.size
    if size <= 0 or size > bundle_end - position:
        raise PacketError("size")
    if size % 4:
        raise PacketError("alignment")
    return position, position + size


def _read_message(data: bytes, position: int, end: int, time_tag: float | None) -> Message:
    if data[position] != ord("/"):
        raise PacketError("address")
    raw, position = _read_string(data, position, end)
    address = _decode_text(raw)
    if position == end:  # old senders omit the type tags of a message without arguments
        return Message(address, (), time_tag)
    tags, position = _read_string(data, position, end)
    if not tags.startswith(b","):
        raise PacketError("tag")
    return Message(address, _read_arguments(data, tags[1:], position, end), time_tag)


def _read_arguments(data: bytes, tags: bytes, position: int, end: int) -> tuple[OscValue, ...]:
    args: list[OscValue] = []
    arrays = 0
    for tag in tags.decode("latin-1"):
        if tag in _FIXED_SIZE:
            layout, convert = _FIXED_SIZE[tag]
            if layout.size > end - position:
                raise PacketError("size")
            args.append(convert(layout.unpack_from(data, position)[0]))
            position += layout.size
        elif tag in "sS":
            raw, position = _read_string(data, position, end)
            args.append(_decode_text(raw))
        elif tag in _WITHOUT_DATA:
            args.append(_WITHOUT_DATA[tag])
        elif tag == "b":
            raw, position = _read_blob(data, position, end)
            args.append(raw)
        elif tag == "[":
            arrays += 1
        elif tag == "]" and arrays:
            arrays -= 1
        else:
            raise PacketError("tag")
    if arrays:
        raise PacketError("tag")
    if position != end:
        raise PacketError("size")
    return tuple(args)


def _read_string(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Return the string at `position` without its padding, and the position after it."""
    stop = data.find(0, position, end)
    if stop < 0:
        raise PacketError("string")
    next_position = (stop | 3) + 1  # at most `end`, as `end` is a multiple of 4
    if any(data[stop:next_position]):
        raise PacketError("string")
    return data[position:stop], next_position


def _read_blob(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Return the blob at `position` without its padding, and the position after it."""
    if _INT32.size > end - position:
        raise PacketError("size")
    (size,) = _INT32.unpack_from(data, position)
    position += _INT32.size
    if size < 0 or size > end - position:
        raise PacketError("size")
    stop = position + size
    next_position = (stop + 3) & ~3
    if any(data[stop:next_position]):
        raise PacketError("alignment")
    return data[position:stop], next_position


def _decode_text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # some senders use an 8-bit encoding


def encode(
    address: str, tags: str, args: Sequence[int | float | str], *, truncate_text: bool = False
) -> bytes:
    """Return the packet of one message with exactly these type tags: `i`, `f`, `s` or `d`.

    Only clients send `d`; no reply has it.

    truncate_text: shorten the last string, ending it in "…", if the packet would be too long. For
    texts that people read, never for a path or a name.

    Raises:
        ValueError: the address does not start with a slash, a tag is not supported, the number of
            arguments differs from the number of tags, an argument does not fit its tag, or the
            packet would not stay under `PACKET_LIMIT`.

    >>> encode("/msanii/pong", "s", ["a"])
    b'/msanii/pong\\x00\\x00\\x00\\x00,s\\x00\\x00a\\x00\\x00\\x00'
    """
    if len(tags) != len(args):
        raise ValueError(f"{address}: {len(args)} arguments for the type tags {tags!r}")
    parts = [_encode_head(address, tags)]
    parts += [_encode_argument(address, tag, value) for tag, value in zip(tags, args, strict=True)]
    excess = sum(map(len, parts)) - (PACKET_LIMIT - 4)  # sizes are multiples of 4
    if excess > 0 and truncate_text and "s" in tags:
        last = tags.rindex("s")
        parts[1 + last] = _truncate(_encode_text(str(args[last])), len(parts[1 + last]) - excess)
    packet = b"".join(parts)
    if len(packet) >= PACKET_LIMIT:
        raise ValueError(f"{address}: {len(packet)} bytes, which is not under {PACKET_LIMIT}")
    return packet


@lru_cache(512)  # of the few that a server or a client sends again and again
def _encode_head(address: str, tags: str) -> bytes:
    """Return the address and the type tags. Raises: ValueError: no slash begins the address."""
    if not address.startswith("/"):
        raise ValueError(f"OSC address {address!r} does not start with a slash")
    return _pad(_encode_text(address)) + _pad(_encode_text("," + tags))


def _encode_argument(address: str, tag: str, value: int | float | str) -> bytes:
    if tag == "s" and isinstance(value, str):
        return _pad(_encode_text(value))
    try:
        if tag == "i" and isinstance(value, SupportsIndex):
            return _INT32.pack(value)
        if tag in "fd" and not isinstance(value, str):
            return struct.pack(f">{tag}", value)
    except (OverflowError, struct.error) as error:
        raise ValueError(f"{address}: {value!r} cannot be sent as {tag!r}") from error
    raise ValueError(f"{address}: {value!r} cannot be sent as {tag!r}")


def _encode_text(text: str) -> bytes:
    # The system returns a file name that is not valid Unicode with lone surrogates. They are sent
    # as "?", which is better than no reply.
    return text.replace("\0", "").encode("utf-8", "replace")


def _pad(raw: bytes) -> bytes:
    return raw + bytes(4 - len(raw) % 4)


def _truncate(raw: bytes, room: int) -> bytes:
    """Cut UTF-8 text between characters so that it fits `room` bytes with "…" and padding."""
    keep = max(0, room - 1 - len(_ELLIPSIS))
    return _pad(raw[:keep].decode("utf-8", "ignore").encode() + _ELLIPSIS)
