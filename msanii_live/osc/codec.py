"""Turn the bytes of one OSC packet into messages, or refuse the packet as a whole.

Checking a packet means walking every argument, so the values are read on the same walk: nothing is
parsed twice, and python-osc, which misreads `I`, `S` and `c` and can be made to hang, sees no bytes
from outside. The walk has no recursion and is linear in the size of the packet. It knows nothing of
the transport: UDP hands it a datagram, TCP the content of one frame.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any, Literal, get_args

from msanii_live.errors import MsaniiError

Argument = int | float | str | bool | bytes | None
Reason = Literal["empty", "alignment", "size", "depth", "address", "string", "tag"]

REASONS: tuple[Reason, ...] = get_args(Reason)
MAX_DEPTH = 16  # bundles inside one another, the outermost included

_BUNDLE = b"#bundle\0"
_BUNDLE_HEADER = 16  # bytes: the marker and the time tag
_UNIX_EPOCH = 2_208_988_800  # seconds from the NTP epoch, 1900, to the Unix epoch, 1970

_INT32 = Struct(">i")
_TIME_TAG = Struct(">Q")


class PacketError(MsaniiError):
    """Say that a packet is malformed; `reason` is one of `REASONS`, and names a counter."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"malformed OSC packet: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one OSC message.

    time_tag: when to run it, in Unix seconds; None is at once. It is the tag of the innermost
    bundle around the message.
    """

    address: str
    args: tuple[Argument, ...] = ()
    time_tag: float | None = None


def _same(value: Any) -> Argument:
    return value  # type: ignore[no-any-return]


def _character(code: int) -> str:
    # A lone surrogate could never be sent back, so it is refused like a number beyond Unicode.
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise PacketError("string")
    return chr(code)


def _unix_seconds(tag: int) -> float | None:
    """Convert an NTP time tag to Unix seconds, or to None if it means "at once" (0 and 1)."""
    # One division of whole numbers rounds once, so no precision is lost to the large epoch.
    return None if tag <= 1 else (tag - (_UNIX_EPOCH << 32)) / (1 << 32)


# Colours (r) and MIDI messages (m) stay bytes: as an int they would pass for a number.
_FIXED: dict[str, tuple[Struct, Callable[[Any], Argument]]] = {
    "i": (_INT32, _same),
    "f": (Struct(">f"), _same),
    "h": (Struct(">q"), _same),
    "d": (Struct(">d"), _same),
    "t": (_TIME_TAG, _unix_seconds),
    "c": (Struct(">I"), _character),
    "r": (Struct(">4s"), _same),
    "m": (Struct(">4s"), _same),
}
_CONSTANT: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": math.inf}


def decode_packet(data: bytes) -> tuple[Message, ...]:
    """Return the messages of one packet, in packet order.

    A bundle without elements gives an empty tuple. The arguments of arrays are flattened; `I` is
    infinity, `N` is None, `t` is Unix seconds or None, `r` and `m` are 4 bytes.

    Raises:
        FramingError: anything in the packet is malformed; then no message of it may run.

    >>> decode_packet(b"/msanii/ping\\0\\0\\0\\0,i\\0\\0\\0\\0\\0\\7")
    (Message(address='/msanii/ping', args=(7,), time_tag=None),)
    """
    if not data:
        raise PacketError("empty")
    if len(data) % 4:
        raise PacketError("alignment")
    messages: list[Message] = []
    bundles: list[tuple[int, float | None]] = []  # those that are open: (where it ends, time tag)
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
            messages.append(_message(data, position, end, bundles[-1][1] if bundles else None))
            position = end
        while bundles and position == bundles[-1][0]:
            bundles.pop()
        if not bundles:
            return tuple(messages)
        position, end = _element(data, position, bundles[-1][0])


def _element(data: bytes, position: int, bundle_end: int) -> tuple[int, int]:
    """Return where the bundle element starts and ends whose size stands at `position`."""
    # Everything so far was aligned, so at least the four bytes of the size are there.
    (size,) = _INT32.unpack_from(data, position)
    position += _INT32.size
    if size <= 0 or size > bundle_end - position:
        raise PacketError("size")
    if size % 4:
        raise PacketError("alignment")
    return position, position + size


def _message(data: bytes, position: int, end: int, time_tag: float | None) -> Message:
    if data[position] != ord("/"):
        raise PacketError("address")
    raw, position = _string(data, position, end)
    address = _text(raw)
    if position == end:  # old senders leave out the type tags of a message without arguments
        return Message(address, (), time_tag)
    tags, position = _string(data, position, end)
    if not tags.startswith(b","):
        raise PacketError("tag")
    return Message(address, _arguments(data, tags[1:], position, end), time_tag)


def _arguments(data: bytes, tags: bytes, position: int, end: int) -> tuple[Argument, ...]:
    args: list[Argument] = []
    arrays = 0
    for tag in tags.decode("latin-1"):
        if tag in _FIXED:
            layout, convert = _FIXED[tag]
            if layout.size > end - position:
                raise PacketError("size")
            args.append(convert(layout.unpack_from(data, position)[0]))
            position += layout.size
        elif tag in "sS":
            raw, position = _string(data, position, end)
            args.append(_text(raw))
        elif tag in _CONSTANT:
            args.append(_CONSTANT[tag])
        elif tag == "b":
            raw, position = _blob(data, position, end)
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


def _string(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Return the string at `position`, without its padding, and where the next item starts."""
    stop = data.find(0, position, end)
    if stop < 0:
        raise PacketError("string")
    following = (stop | 3) + 1  # at most `end`, as `end` is a multiple of 4
    if any(data[stop:following]):
        raise PacketError("string")
    return data[position:stop], following


def _blob(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Return the blob at `position`, without its padding, and where the next item starts."""
    if _INT32.size > end - position:
        raise PacketError("size")
    (size,) = _INT32.unpack_from(data, position)
    position += _INT32.size
    if size < 0 or size > end - position:
        raise PacketError("size")
    stop = position + size
    following = (stop + 3) & ~3
    if any(data[stop:following]):
        raise PacketError("alignment")
    return data[position:stop], following


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # some senders know only their system's 8-bit letters
