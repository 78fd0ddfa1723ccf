"""Arguments of commands: how each is declared, and how one OSC value is read as it.

A command is a frozen dataclass whose fields are declared with `number`, `whole` and `text`. What
this module reads off those declarations is the whole contract of an argument: its kind, range,
unit, default and meaning.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, Literal

from msanii_live.errors import Code, CommandError

OscValue = int | float | str | bool | bytes | None
Kind = Literal["i", "f", "s"]
KIND_NAMES = {"i": "a whole number", "f": "a number", "s": "text"}


@dataclass(frozen=True)
class Argument:
    """Declare one argument of a command.

    kind: the OSC tag it is documented with. low, high: legal range, both included. unit: such as
    "s" or "bpm". choices: legal words; with `or_number` a number from 0 is legal beside them.
    longest: most characters of a text, 0 for no limit.
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
    or_number: bool = False
    longest: int = 0

    @property
    def range_text(self) -> str:
        """The legal range in words, empty where anything goes."""
        if self.choices:
            words = ", ".join(self.choices)
            return f"{words}, or a number from 0" if self.or_number else words
        if self.longest:
            return f"at most {self.longest} characters"
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"{format_number(self.low)} to {format_number(self.high)}{unit}"
        if self.low is not None:
            return f"{format_number(self.low)}{unit} or more"
        if self.high is not None:
            return f"at most {format_number(self.high)}{unit}"
        return ""

    def allows(self, value: float) -> bool:
        """Tell whether a number is within the range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def format_number(value: float) -> str:
    """Write a number as a person would: 8 for 8.0, 2147483647 in full, else six digits.

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
    low: float | None = None,
    high: float | None = None,
    *,
    default: object = MISSING,
    unit: str = "",
    positional: bool = False,
) -> Any:
    """Declare a float. Without a default it is required."""
    return _declare(default, positional, kind="f", text=text, low=low, high=high, unit=unit)


def whole(
    text: str,
    low: float | None = None,
    high: float | None = None,
    *,
    default: object = MISSING,
    positional: bool = False,
) -> Any:
    """Declare an int. Without a default it is required."""
    return _declare(default, positional, kind="i", text=text, low=low, high=high)


def text(
    text: str,
    *,
    default: object = MISSING,
    choices: tuple[str, ...] = (),
    or_number: bool = False,
    longest: int = 0,
    positional: bool = False,
) -> Any:
    """Declare a string. Without a default it is required."""
    declared = {"choices": choices, "or_number": or_number, "longest": longest}
    return _declare(default, positional, kind="s", text=text, **declared)


# A token is echoed in every reply, which must fit one packet.
TOKEN_LIMIT = 128
ENVELOPE = (
    Argument("id", "s", "your token, echoed in every reply", "", longest=TOKEN_LIMIT),
    Argument("reply_port", "i", "UDP port on your host that replies go to", 0, low=0, high=65_535),
)


def arguments(command: type) -> tuple[Argument, ...]:
    """Return the declared arguments of a command class, positional ones first."""
    return _declared(command)


@cache
def _declared(command: type) -> tuple[Argument, ...]:
    found = []
    for f in dataclasses.fields(command):
        default = None if f.default is MISSING else f.default
        found.append(
            Argument(
                name=f.name,
                default=default,
                required=f.default is MISSING,
                positional=f.metadata["positional"],
                **f.metadata["argument"],
            )
        )
    return tuple(sorted(found, key=lambda a: not a.positional))


def as_token(value: OscValue) -> str:
    """Return a client's token as the string that is echoed; 7.0 and 7 are the same token."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.hex()
    return "" if value is None else str(value)


def coerce(argument: Argument, value: OscValue) -> int | float | str:
    """Read one OSC value as an argument.

    Raises: CommandError: ETYPE where the kind cannot be read, ERANGE outside the range.
    """
    if argument.kind == "s":
        return _coerce_text(argument, value)
    number = _as_number(argument, value)
    if not _is_finite(number):
        raise _out_of_range(argument, brief(number), "finite, ")
    if argument.kind == "i":
        if number != int(number):
            raise CommandError(
                Code.ETYPE, f"{argument.name} is {number!r}: it must be a whole number"
            )
        number = int(number)
    if not argument.allows(number):
        raise _out_of_range(argument, _shown(argument, number))
    return number if argument.kind == "i" else float(number)


def _out_of_range(argument: Argument, shown: str, must_be: str = "") -> CommandError:
    legal = (must_be + argument.range_text).removesuffix(", ")
    return CommandError(Code.ERANGE, f"{argument.name} is {shown}: it must be {legal}")


def _shown(argument: Argument, number: float) -> str:
    """Write a number that is out of range, never rounded to one that is not."""
    short = f"{number:g}" if isinstance(number, float) else str(number)
    return repr(number) if argument.allows(float(short)) else short


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an int beyond every float, as a numeric string can hold
        return False


def _as_number(argument: Argument, value: OscValue) -> int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        found = parse_number(value)
        if found is not None:
            return found
    raise CommandError(
        Code.ETYPE, f"{argument.name} is {brief(value)}: it must be {KIND_NAMES[argument.kind]}"
    )


def parse_number(word: str) -> int | float | None:
    """Read a numeric string, as an int where it is written as one; None where it is no number."""
    if len(word) > 400 or "_" in word:  # longer than any float in full, or Python's own notation
        return None
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return None


def _coerce_text(argument: Argument, value: OscValue) -> str:
    if isinstance(value, bytes) or value is None:
        raise CommandError(Code.ETYPE, f"{argument.name} is {brief(value)}: it must be text")
    if isinstance(value, float) and not math.isfinite(value):
        raise _out_of_range(argument, str(value), "" if argument.choices else "finite, ")
    word = as_token(value)
    if argument.longest and len(word) > argument.longest:
        raise _out_of_range(argument, f"{len(word)} characters")
    if argument.choices and word not in argument.choices:
        number = parse_number(word) if argument.or_number else None
        if number is None or not _is_finite(number) or number < 0:
            raise CommandError(
                Code.ERANGE,
                f"{argument.name} is {brief(word)}: it must be one of {argument.range_text}",
            )
    return word


def brief(value: OscValue) -> str:
    """Write any OSC value so that it fits a sentence."""
    shown = "a blob" if isinstance(value, bytes) else "nil" if value is None else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
