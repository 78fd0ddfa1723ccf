"""From an OSC message to a validated request, or to an error that says what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.address_pattern import match_addresses
from msanii_live.protocol.coercion import coerce, format_token
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import BY_ADDRESS, COMMANDS, PARAM_ROOT
from msanii_live.protocol.parser import IGNORED_KEYS, find_value, parse_arguments
from msanii_live.protocol.plain_form import PlainForm, plain_form, read_plain
from msanii_live.protocol.schema import (
    ENVELOPE,
    TOKEN_LIMIT,
    Argument,
    OscValue,
    arguments,
)

BUTTON_TOLERANCE = 1e-6  # a controller that computes in float32 misses 0 and 1 by less


class Request(NamedTuple):
    """A validated command, and how its sender wants to be answered.

    token: the client's `id` as a string. reply_port: 0 if not given. unknown: keys that the command
    does not have. words: names of keys that were taken as words of a free text. is_release: this is
    the release of a button, so the command is answered as done and not carried out.
    """

    command: Command
    token: str
    reply_port: int
    unknown: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    is_release: bool = False

    @property
    def warnings(self) -> list[str]:
        """What the sender should know of a message that is carried out, in words."""
        if not self.unknown and not self.words:
            return []
        known = [argument.name for argument in all_arguments(type(self.command))]
        texts = [
            f"unknown key {key[:60]} was ignored{_suggest_key(key, known)}" for key in self.unknown
        ]
        if self.words:
            texts.append(
                f"{', '.join(self.words)} counted as text and not as a key, since no legal value "
                "follows; if a key is meant, mark all keys, such as @at"
            )
        return texts


def peek_token(args: Sequence[OscValue], address: str = "") -> str:
    """Return the token of a message that may be invalid elsewhere, for the reply to carry.

    address: of the message, if a command has it. Without it, the keys of all commands count as
    keys. A token that is too long is cut.

    >>> peek_token(["seconds", "many", "id", 7.0])
    '7'
    """
    return format_token(find_value(_known_arguments(address), args, "id"))[:TOKEN_LIMIT]


def peek_reply_port(args: Sequence[OscValue], address: str = "") -> int:
    """Return the reply port of a message that may be invalid elsewhere; 0 if it has none.

    >>> peek_reply_port(["seconds", "many", "reply_port", 9000.0])
    9000
    """
    port = next(argument for argument in ENVELOPE if argument.name == "reply_port")
    try:
        return int(coerce(port, find_value(_known_arguments(address), args, port.name)))
    except CommandError:
        return 0


def _known_arguments(address: str) -> Sequence[Argument]:
    kind = BY_ADDRESS.get(address)
    return all_arguments(kind) if kind else _arguments_of_all_commands()


@cache
def _arguments_of_all_commands() -> Sequence[Argument]:
    return [argument for command in COMMANDS for argument in all_arguments(command)]


def all_arguments(command: type) -> tuple[Argument, ...]:
    """Return the arguments of a command, including those that every command takes."""
    return _cached_arguments(command)


@cache
def _cached_arguments(command: type) -> tuple[Argument, ...]:
    return (*arguments(command), *ENVELOPE)


def has_required_argument(command: type[Command]) -> bool:
    """Return whether a command needs an argument."""
    return any(argument.required for argument in arguments(command))


def parse_request(address: str, args: Sequence[OscValue]) -> Request:
    """Parse a message as a request.

    Raises: CommandError: EADDR if no command has the address; EARG; ETYPE; ERANGE.

    >>> parse_request("/msanii/generate", ["style", "dark", "techno", "seconds", 8]).command.seconds
    8.0
    """
    kind = BY_ADDRESS.get(address)
    if kind is None:
        raise CommandError(Code.EADDR, f"no command has the address {address}{_suggest(address)}")
    form = _plain_form(kind)
    button = None if form.begins_with_number else _button_state(args)
    if button is not None:
        args = args[1:]
    values = read_plain(form, args)
    unknown: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    if values is None:
        parsed = parse_arguments(all_arguments(kind), args)
        values, unknown, words = dict(parsed.values), parsed.unknown, parsed.words
    token = str(values.pop("id", ""))
    reply_port = int(values.pop("reply_port", 0))
    return Request(kind(**values), token, reply_port, unknown, words, button is False)


def _plain_form(command: type) -> PlainForm:
    return _cached_form(command)


@cache
def _cached_form(command: type) -> PlainForm:
    return plain_form(all_arguments(command), IGNORED_KEYS)


def _button_state(args: Sequence[OscValue]) -> bool | None:
    """Return True if a message is the press of a button, False for its release, else None.

    A button of a touch controller sends 1 when it is pressed and 0 when it is released, before any
    keys. For commands that a number can be a value of, these are values.
    """
    if not args or not isinstance(args[0], int | float):
        return None
    states = (abs(args[0] - 1) <= BUTTON_TOLERANCE, abs(args[0]) <= BUTTON_TOLERANCE)
    return states[0] if any(states) else None


def matching_commands(pattern: str) -> list[str]:
    """Return the addresses of commands that an address pattern matches.

    Raises: CommandError: EADDR if the pattern is malformed, matches no command, or matches one that
        does more than read.

    >>> matching_commands("/msanii/[pv]*{ing,on}")
    ['/msanii/ping', '/msanii/version']
    """
    found = match_addresses(pattern, BY_ADDRESS)
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


def _suggest_key(key: str, known: Sequence[str]) -> str:
    closest = difflib.get_close_matches(key.lower()[:40], known, 1, cutoff=0.7)
    return f": did you mean {closest[0]}?" if closest else ""


def _suggest(address: str) -> str:
    normalized = address.rstrip("/").lower()
    if normalized in BY_ADDRESS:
        return f"; did you mean {normalized}?"
    return "; `msanii-live docs osc` lists them"
