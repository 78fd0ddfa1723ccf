"""Arguments of commands: how each is declared. `coercion` reads one OSC value as one.

A command is a frozen dataclass whose fields are declared with `number`, `integer` and `text`. These
declarations are the whole contract of an argument: kind, range, unit, default and meaning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, Literal

OscValue = int | float | str | bool | bytes | None
Kind = Literal["i", "f", "s"]
KIND_NAMES = {"i": "a whole number", "f": "a number", "s": "text"}


@dataclass(frozen=True)
class Argument:
    """One argument of a command.

    kind: the OSC type tag. low, high: the legal range, both included. unit: such as "s" or "bpm".
    choices: legal words. max_number: with choices, a number from 0 to this is legal too.
    max_length: of a text, in characters; 0 for no limit. is_free_text: sentences, in which the name
    of a key may be just a word. pattern: a regular expression that tells, within free text, a value
    of this argument from other words; it is not a condition elsewhere. check: raises ValueError,
    with what is known, for a text that is no value. takes_numbers: a lone number is a value of this
    text, and not the press of a button. has_numbers: numbers may stand between its words. words:
    what its text is made of, where some of that is the name of another key.
    """

    name: str
    kind: Kind
    text: str
    default: int | float | str | None = None
    required: bool = False
    positional: bool = False
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    max_number: float | None = None
    max_length: int = 0
    is_free_text: bool = False
    pattern: str = ""
    check: Callable[[str], object] | None = None
    takes_numbers: bool = False
    has_numbers: bool = False
    words: tuple[str, ...] = ()

    @property
    def takes_a_number(self) -> bool:
        """Whether a number is a value of the argument."""
        return self.kind != "s" or self.or_number or self.takes_numbers

    @property
    def or_number(self) -> bool:
        """Whether a number is legal besides the choices."""
        return self.max_number is not None

    @property
    def range_text(self) -> str:
        """The legal range in words, empty where anything is legal."""
        if self.choices:
            words = ", ".join(filter(None, self.choices))
            if self.max_number is None:
                return words
            return f"{words}, or a number from 0 to {format_number(self.max_number)}"
        if self.max_length:
            return f"at most {self.max_length} characters"
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"{format_number(self.low)} to {format_number(self.high)}{unit}"
        return ""

    def allows(self, value: float) -> bool:
        """Return whether a number is within the range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def format_number(value: float) -> str:
    """Return a number as text: 8 for 8.0, 2147483647 in full, else with six digits.

    >>> format_number(8.0), format_number(2**31 - 1), format_number(0.1 + 0.2)
    ('8', '2147483647', '0.3')
    """
    return str(int(value)) if value == int(value) else f"{value:g}"


def _declare(default: object, positional: bool, **declared: object) -> Any:
    metadata = {"argument": declared, "positional": positional}
    if default is MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def number(
    text: str,
    low: float,
    high: float,
    *,
    default: object = MISSING,
    unit: str = "",
    positional: bool = False,
) -> Any:
    """Declare a float argument. It is required if it has no default."""
    return _declare(default, positional, kind="f", text=text, low=low, high=high, unit=unit)


def integer(
    text: str, low: int, high: int, *, default: object = MISSING, positional: bool = False
) -> Any:
    """Declare an int argument. It is required if it has no default."""
    return _declare(default, positional, kind="i", text=text, low=low, high=high)


def text(
    text: str,
    *,
    default: object = MISSING,
    choices: tuple[str, ...] = (),
    max_number: float | None = None,
    max_length: int = 0,
    is_free_text: bool = False,
    pattern: str = "",
    check: Callable[[str], object] | None = None,
    takes_numbers: bool = False,
    has_numbers: bool = False,
    words: tuple[str, ...] = (),
    positional: bool = False,
) -> Any:
    """Declare a string argument, see `Argument`. It is required if it has no default."""
    return _declare(
        default,
        positional,
        kind="s",
        text=text,
        choices=choices,
        max_number=max_number,
        max_length=max_length,
        is_free_text=is_free_text,
        pattern=pattern,
        check=check,
        takes_numbers=takes_numbers,
        has_numbers=has_numbers,
        words=words,
    )


# A token is echoed in every reply, which must fit one packet.
TOKEN_LIMIT = 128
# The arguments that every command takes.
ENVELOPE = (
    Argument("id", "s", "your token, echoed in every reply", "", max_length=TOKEN_LIMIT),
    Argument("reply_port", "i", "UDP port on your host to send replies to", 0, low=0, high=65_535),
)


def arguments(command: type) -> tuple[Argument, ...]:
    """Return the declared arguments of a command class, positional ones first."""
    return _declared_arguments(command)


@cache
def _declared_arguments(command: type) -> tuple[Argument, ...]:
    found = []
    for field in dataclasses.fields(command):
        found.append(
            Argument(
                name=field.name,
                default=None if field.default is MISSING else field.default,
                required=field.default is MISSING,
                positional=field.metadata["positional"],
                **field.metadata["argument"],
            )
        )
    return tuple(sorted(found, key=lambda argument: not argument.positional))
