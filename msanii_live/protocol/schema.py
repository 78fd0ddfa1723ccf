"""Arguments of commands: how each is declared, and how one OSC value is read as one.

A command is a frozen dataclass whose fields are declared with `number`, `integer` and `text`. These
declarations are the whole contract of an argument: kind, range, unit, default and meaning.
"""

from __future__ import annotations

import dataclasses
import math
import struct
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, Literal

from msanii_live.errors import Code, CommandError

OscValue = int | float | str | bool | bytes | None
Kind = Literal["i", "f", "s"]
KIND_NAMES = {"i": "a whole number", "f": "a number", "s": "text"}

# A number this close to an end of its range counts as that end: senders that compute in float32,
# such as a slider, can miss the end by a few units in the last place (ulps).
_TOLERANCE_ULPS = 4
_FLOAT32_EPSILON = 2.0**-23


@dataclass(frozen=True)
class Argument:
    """One argument of a command.

    kind: the OSC type tag. low, high: the legal range, both included. unit: such as "s" or "bpm".
    choices: legal words. max_number: with choices, a number from 0 to this is legal too.
    max_length: of a text, in characters; 0 for no limit. is_free_text: sentences, in which the name
    of a key may be just a word. pattern: a regular expression that tells, within free text, a value
    of this argument from other words; it is not a condition elsewhere. takes_numbers: a lone number
    is a value of this text, and not the press of a button.
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
    takes_numbers: bool = False

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
    takes_numbers: bool = False,
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
        takes_numbers=takes_numbers,
    )


def shortest_decimal(value: float) -> float:
    """Return the number with the fewest digits that is the same 32-bit float.

    OSC's `f` turns 0.7 into 0.699999988079071; this turns it back. A number that is no 32-bit float
    is returned as it is.

    >>> shortest_decimal(0.699999988079071), shortest_decimal(0.1234567890123)
    (0.7, 0.1234567890123)
    """
    if _to_float32(value) != value:
        return value
    candidates = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next((each for each in candidates if _to_float32(each) == value), value)


def _to_float32(value: float) -> float | None:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return None


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


def format_token(value: OscValue) -> str:
    """Return a client's token as the string that is echoed. 7.0 and 7 are the same token."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float):
        return str(shortest_decimal(value))
    if isinstance(value, bytes):
        return value.hex()
    return "" if value is None else str(value)


def coerce(argument: Argument, value: OscValue) -> int | float | str:
    """Convert one OSC value to the kind of an argument and check its range.

    A float that misses an end of its range by a few float32 ulps becomes that end. Any other
    becomes the shortest decimal that is the same 32-bit float.

    Raises: CommandError: ETYPE if it cannot be converted, ERANGE if it is outside the range.
    """
    if argument.kind == "s":
        return _coerce_text(argument, value)
    number = _as_number(argument, value)
    if not _is_finite(number):
        raise _range_error(argument, format_value(number), "finite, ")
    if argument.kind == "i":
        if number != int(number):
            raise CommandError(
                Code.ETYPE,
                f"{argument.name} is {format_value(number)}: it must be a whole number",
            )
        number = int(number)
    else:
        number = shortest_decimal(_snap_to_range(argument, number))
    if not argument.allows(number):
        raise _range_error(argument, _format_out_of_range(argument, number))
    return number if argument.kind == "i" else float(number)


def _snap_to_range(argument: Argument, number: float) -> float:
    """Return the end of the range that a number misses by a few float32 ulps, or the number."""
    if argument.low is None or argument.high is None:
        return number
    nearest = min(max(number, argument.low), argument.high)
    # An end at 0 has no useful ulp of its own; a slider's error there is relative to its span.
    magnitude = abs(nearest) or argument.high - argument.low
    return (
        nearest
        if abs(number - nearest) <= _TOLERANCE_ULPS * _FLOAT32_EPSILON * magnitude
        else number
    )


def _range_error(argument: Argument, shown: str, must_be: str = "") -> CommandError:
    legal = (must_be + argument.range_text).removesuffix(", ")
    return CommandError(Code.ERANGE, f"{argument.name} is {shown}: it must be {legal}")


def _format_out_of_range(argument: Argument, number: float) -> str:
    """Return a number as text with enough digits that it still reads as out of range."""
    short = f"{number:g}" if isinstance(number, float) else str(number)
    return format_value(number) if argument.allows(float(short)) else short


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an int larger than any float, from a numeric string
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
        Code.ETYPE,
        f"{argument.name} is {format_value(value)}: it must be {KIND_NAMES[argument.kind]}",
    )


def parse_number(word: str) -> int | float | None:
    """Return the number that a string is, an int if it is written as one, or None."""
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
        raise CommandError(Code.ETYPE, f"{argument.name} is {format_value(value)}: it must be text")
    if isinstance(value, float) and not math.isfinite(value):
        raise _range_error(argument, str(value), "" if argument.choices else "finite, ")
    word = format_token(value)
    if argument.max_length and len(word) > argument.max_length:
        raise _range_error(argument, f"{len(word)} characters")
    if argument.choices and word not in argument.choices and not _is_legal_number(argument, word):
        # 1e308 has 309 digits as a token.
        shown = f"{value:g}" if isinstance(value, float) else word
        raise CommandError(
            Code.ERANGE,
            f"{argument.name} is {format_value(shown)}: it must be one of {argument.range_text}",
        )
    return word


def _is_legal_number(argument: Argument, word: str) -> bool:
    if argument.max_number is None:
        return False
    number = parse_number(word)
    return number is not None and _is_finite(number) and 0 <= number <= argument.max_number


def format_value(value: OscValue) -> str:
    """Return any OSC value as text short enough for an error message."""
    if isinstance(value, float):
        value = shortest_decimal(value)
    shown = "a blob" if isinstance(value, bytes) else "nil" if value is None else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
