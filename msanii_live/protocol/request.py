"""From an OSC message to a validated request, or to an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.address_pattern import matching
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import BY_ADDRESS, COMMANDS, PARAM_ROOT
from msanii_live.protocol.parser import find_text, read_arguments
from msanii_live.protocol.schema import (
    ENVELOPE,
    TOKEN_LIMIT,
    Argument,
    OscValue,
    arguments,
    as_token,
    coerce,
)


@dataclass(frozen=True)
class Request:
    """Hold a validated command and how its sender wants to be answered.

    token: the client's `id` as a string. reply_port: 0 where not given. unknown: keys ignored.
    """

    command: Command
    token: str
    reply_port: int
    unknown: tuple[str, ...]


def peek_token(args: Sequence[OscValue], address: str = "") -> str:
    """Find the token of a message that may be wrong elsewhere, so that its failure carries it.

    address: of the message, where a command has it; without it the keys of all commands count.
    A token that is too long comes back cut.

    >>> peek_token(["seconds", "many", "id", 7.0])
    '7'
    """
    return as_token(find_text(_may_take(address), args, "id"))[:TOKEN_LIMIT]


def peek_reply_port(args: Sequence[OscValue], address: str = "") -> int:
    """Find where a message that may be wrong elsewhere wants its failure; 0 where it does not say.

    >>> peek_reply_port(["seconds", "many", "reply_port", 9000.0])
    9000
    """
    port = next(argument for argument in ENVELOPE if argument.name == "reply_port")
    try:
        return int(coerce(port, find_text(_may_take(address), args, port.name)))
    except CommandError:
        return 0


def _may_take(address: str) -> Sequence[Argument]:
    kind = BY_ADDRESS.get(address)
    return every_argument(kind) if kind else _all_arguments()


@cache
def _all_arguments() -> Sequence[Argument]:
    return [argument for command in COMMANDS for argument in every_argument(command)]


def every_argument(command: type[Command]) -> tuple[Argument, ...]:
    """Return the arguments of a command, with those that every command takes."""
    return (*arguments(command), *ENVELOPE)


def parse_request(address: str, args: Sequence[OscValue]) -> Request:
    """Read a message as a request.

    Raises: CommandError: EADDR for an address that no command has, EARG, ETYPE, ERANGE.

    >>> parse_request("/msanii/generate", ["prompt", "dark", "techno", "seconds", 8]).command.seconds
    8.0
    """
    kind = BY_ADDRESS.get(address)
    if kind is None:
        raise CommandError(Code.EADDR, f"no command has the address {address}{_nearest(address)}")
    read = read_arguments(every_argument(kind), args)
    values = dict(read.values)
    token = str(values.pop("id", ""))
    reply_port = int(values.pop("reply_port", 0))
    return Request(kind(**values), token, reply_port, read.unknown)


def matching_commands(pattern: str) -> list[str]:
    """Return the addresses of commands that an address pattern reaches.

    Raises: CommandError: EADDR, it is malformed, reaches none, or one that does more than read.

    >>> matching_commands("/msanii/[pv]*{ing,on}")
    ['/msanii/ping', '/msanii/version']
    """
    found = matching(pattern, BY_ADDRESS)
    if not found:
        raise CommandError(Code.EADDR, f"no command's address matches the pattern {pattern}")
    for address in found:
        if not (BY_ADDRESS[address].read_only or address.startswith(PARAM_ROOT)):
            raise CommandError(
                Code.EADDR,
                f"the pattern {pattern} matches {address}, which does more than read: patterns are "
                "for commands that only read, and for parameters",
            )
    return found


def _nearest(address: str) -> str:
    plain = address.rstrip("/").lower()
    return f"; did you mean {plain}?" if plain in BY_ADDRESS else "; docs/osc.md lists them"
