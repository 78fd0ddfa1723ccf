"""One OSC value read as an argument: converted to its kind, and checked against its range."""

from __future__ import annotations

import math
import struct

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.schema import KIND_NAMES, Argument, OscValue

# A number this close to an end of its range counts as that end: senders that compute in float32,
# such as a slider, can miss the end by a few units in the last place (ulps).
_TOLERANCE_ULPS = 4
_FLOAT32_EPSILON = 2.0**-23


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
    if argument.check is not None and word:
        try:
            argument.check(word)
        except ValueError as error:
            raise CommandError(
                Code.ERANGE, f"{argument.name} is {format_value(word)}: {error}"
            ) from None
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
