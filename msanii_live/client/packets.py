"""OSC packets of the client, built and read with python-osc.

The server has its own codec, since it reads packets from anyone. The client reads only what its own
server sends, so a foreign codec serves it, and shows that the server speaks OSC and no dialect.
Sockets and framing are in `connection`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TypeVar

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

from msanii_live.osc.codec import PACKET_LIMIT, Message
from msanii_live.protocol.coercion import coerce, parse_number
from msanii_live.protocol.commands import Command
from msanii_live.protocol.schema import arguments

Sent = int | float | str
C = TypeVar("C", bound=Command)


def build_packet(address: str, args: Iterable[Sent], floats: str = "f") -> bytes:
    """Return the packet of one message: ints, floats and strings go as `i`, `floats` and `s`.

    floats: "f", 32 bits, or "d", 64. Raises: ValueError: the address does not start with a slash,
    an int is beyond 32 bits, a float is beyond its own, or the packet is too long.

    >>> build_packet("/msanii/ping", ["id", 7])
    b'/msanii/ping\\x00\\x00\\x00\\x00,si\\x00id\\x00\\x00\\x00\\x00\\x00\\x07'
    """
    if not address.startswith("/"):
        raise ValueError(f"OSC address {address!r} does not start with a slash")
    builder = OscMessageBuilder(_encodable(address))
    for value in args:
        # Tags are explicit: python-osc would make T, F and h of some values.
        if isinstance(value, str):
            builder.add_arg(_encodable(value), OscMessageBuilder.ARG_TYPE_STRING)
        elif isinstance(value, float):
            builder.add_arg(value, floats)
        else:
            builder.add_arg(int(value), OscMessageBuilder.ARG_TYPE_INT)
    try:
        packet = builder.build().dgram
    except (BuildError, OverflowError) as error:
        raise ValueError(f"{address}: {error}") from None
    if len(packet) >= PACKET_LIMIT:
        raise ValueError(f"{address}: {len(packet)} bytes, which is not under {PACKET_LIMIT}")
    return packet


def _encodable(text: str) -> str:
    """Return a text without what OSC cannot carry: NUL, and lone surrogates of odd file names."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def read_packet(packet: bytes) -> Message | None:
    """Return the message of a packet from the server; None where it is no single message.

    The server sends no bundles. They are not read, since python-osc can be made to loop on one.
    """
    if not OscMessage.dgram_is_message(packet):
        return None
    try:
        message = OscMessage(packet)
    except (ParseError, UnicodeDecodeError):
        return None
    return Message(message.address, tuple(message.params))


def command_packet(command: Command, token: str) -> bytes:
    """Return the packet of a command. Arguments that have their default value are left out."""
    positional: list[Sent] = []
    pairs: list[Sent] = []
    declared = {argument.name: argument for argument in arguments(type(command))}
    for field in fields(command):
        value = getattr(command, field.name)
        argument = declared[field.name]
        if not argument.required and value == argument.default:
            continue
        if argument.positional:
            positional.append(value)
        else:
            pairs += [f"@{field.name}", value]
    # A length is exact to the frame: 32-bit floats are not, in minutes.
    return build_packet(command.address, [*positional, *pairs, "@id", token], floats="d")


def build_command(kind: type[C], **values: Sent | None) -> C:
    """Return a command, its values checked by the table. None leaves an argument at its default.

    Raises: TypeError: an argument is missing, or the command takes none of this name;
    CommandError: ETYPE, ERANGE.

    >>> from msanii_live.protocol.commands import Generate
    >>> build_command(Generate, seconds=6, style=None).seconds
    6.0
    """
    declared = {argument.name: argument for argument in arguments(kind)}
    if unknown := sorted(values.keys() - declared.keys()):
        raise TypeError(f"{kind.address} takes no {', '.join(unknown)}")
    given = {name: value for name, value in values.items() if value is not None}
    return kind(**{name: coerce(declared[name], value) for name, value in given.items()})


def parse_word(word: str) -> Sent:
    """Read a word of a command line as the number that it looks like, else as text.

    >>> parse_word("8"), parse_word("0.5"), parse_word("house"), parse_word("nan")
    (8, 0.5, 'house', 'nan')
    """
    number = parse_number(word)
    if number is None or number != number or abs(number) >= 2**31:
        return word
    return number


def parse_words(words: Sequence[str]) -> list[Sent]:
    """Read the words of a command line."""
    return [parse_word(word) for word in words]
