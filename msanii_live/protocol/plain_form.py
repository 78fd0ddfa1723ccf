"""A short way to read the messages that most programs send: values in place, then pairs.

Such a message has one word or number for each value, and nothing in it can be read in two ways.
`read_plain` leaves any other to `parser`, with all that is wrong: it has one set of error texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msanii_live.errors import CommandError
from msanii_live.protocol.coercion import coerce
from msanii_live.protocol.schema import Argument, OscValue

Values = dict[str, int | float | str]
_NUMBERS = (int, float)  # and not bool: `type` is compared


@dataclass(frozen=True, slots=True)
class PlainForm:
    """What the plain messages of one command look like.

    places: the positional arguments. least: how many of them must be there. keys: every key; None
    for one that is ignored. begins_with_number: a number may be the first value, so that it is no
    state of a button.
    """

    places: tuple[Argument, ...]
    least: int
    keys: Mapping[str, Argument | None]
    begins_with_number: bool


def plain_form(known: Sequence[Argument], ignored: frozenset[str]) -> PlainForm:
    """Return the form of a command. known: its arguments. ignored: keys that any command takes."""
    places = tuple(argument for argument in known if argument.positional)
    needed = [n for n, argument in enumerate(places, 1) if argument.required]
    named = {a.name: a for a in known if not (a.positional and a.required)}
    begins_with_number = any(a.required or a.takes_a_number for a in places)
    return PlainForm(
        places, max(needed, default=0), {**dict.fromkeys(ignored), **named}, begins_with_number
    )


def read_plain(form: PlainForm, args: Sequence[OscValue]) -> Values | None:
    """Return the values of a plain message; None if it is not plain, or not valid.

    Whatever it returns, `parser.parse_arguments` returns too, with no key that is unknown.
    """
    keys = form.keys
    values: Values = {}
    count = len(args)
    index = 0
    try:
        while index < count:  # the places: numbers, the first may be a word
            value = args[index]
            if type(value) not in _NUMBERS:
                if not isinstance(value, str) or value in keys:
                    break
                if index or value.startswith("@"):
                    return None
            if index == len(form.places):
                return None
            place = form.places[index]
            values[place.name] = coerce(place, value)
            index += 1
        if index < form.least or (count - index) % 2:
            return None
        for key, value in zip(args[index::2], args[index + 1 :: 2], strict=True):
            if not isinstance(key, str) or key not in keys:
                return None
            argument = keys[key]
            if type(value) not in _NUMBERS:
                if argument is None or not isinstance(value, str) or not _is_plain(argument, value):
                    return None
                if value in keys or value.startswith("@"):
                    return None
            if argument is not None:
                values[argument.name] = coerce(argument, value)
    except CommandError:
        return None
    return values


def _is_plain(argument: Argument, word: str) -> bool:
    """Return whether a word is a value of an argument and of nothing else."""
    # The words of a text such as that of `parts` may be names of keys. A pattern tells a value
    # from other words of a free text.
    return not argument.words and (
        not argument.pattern or re.fullmatch(argument.pattern, word) is not None
    )
