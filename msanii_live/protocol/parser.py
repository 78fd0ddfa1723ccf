"""The grammar of a message: positional arguments, then pairs of key and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.schema import (
    Argument,
    Kind,
    OscValue,
    coerce,
    format_value,
    parse_number,
)

TOKEN_KEY = "id"
# Tidal sends these with every event, whatever the target.
IGNORED_KEYS = frozenset({"cps", "delta", "cycle", "orbit"})


@dataclass(frozen=True)
class ParsedArguments:
    """The arguments of a message: values by name, and the keys that the command does not have."""

    values: Mapping[str, int | float | str]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _ArgumentReader:
    """The arguments of a message, in which keys are told from values.

    keys: words that are keys. has_marked_keys: only words that begin with @ are keys.
    """

    args: Sequence[OscValue]
    keys: frozenset[str]
    has_marked_keys: bool

    @classmethod
    def create(cls, known: Sequence[Argument], args: Sequence[OscValue]) -> _ArgumentReader:
        # A required positional argument has no key: clips may be called "a" and "b".
        keys = {a.name for a in known if not (a.positional and a.required)}
        return cls(args, frozenset(keys | IGNORED_KEYS), any(_is_marked(word) for word in args))

    def key_at(self, index: int) -> str | None:
        """Return the key at an index without its @, or None if there is no key."""
        word = self.args[index]
        if not isinstance(word, str):
            return None
        if self.has_marked_keys:
            return word[1:] if _is_marked(word) else None
        return word if word in self.keys else None

    def is_value(self, index: int) -> bool:
        """Return whether there is a value at an index: neither the end nor a key."""
        return index < len(self.args) and self.key_at(index) is None

    def join_strings(self, index: int) -> tuple[str, int]:
        """Return the strings from an index on, joined with spaces, and the index after them."""
        words = []
        while self.is_value(index) and isinstance(self.args[index], str):
            words.append(str(self.args[index]))
            index += 1
        return " ".join(words), index

    def read_value(self, kind: Kind, index: int) -> tuple[OscValue, int]:
        """Return the value at an index, with strings joined if it is text, and the index after."""
        if kind == "s" and isinstance(self.args[index], str):
            return self.join_strings(index)
        return self.args[index], index + 1


def _is_marked(word: OscValue) -> bool:
    return isinstance(word, str) and word.startswith("@") and len(word) > 1


def parse_arguments(known: Sequence[Argument], args: Sequence[OscValue]) -> ParsedArguments:
    """Parse the arguments of a message: positional ones, then pairs of key and value.

    A key may be written `@key`. If any is, only those count as keys. Consecutive strings are joined
    with spaces where text is expected. An optional positional argument may be given by its name.

    Raises: CommandError: EARG if a value is missing or out of place; ETYPE; ERANGE.
    """
    reader = _ArgumentReader.create(known, args)
    values, index = _parse_positional([a for a in known if a.positional], reader)
    by_name = {argument.name: argument for argument in known if argument.name in reader.keys}
    unknown: list[str] = []
    while index < len(args):
        key = reader.key_at(index)
        if key is None and isinstance(args[index], str) and not reader.has_marked_keys:
            key = str(args[index])  # a word where a key belongs: an unknown key
        if key is None:
            raise CommandError(
                Code.EARG,
                f"{format_value(args[index])} stands where a key belongs; keys are "
                f"{', '.join(a.name for a in known if not a.positional)}",
            )
        index += 1
        argument = by_name.get(key)
        if argument is None:
            if key not in IGNORED_KEYS:
                unknown.append(key)
            if reader.is_value(index):  # one number, or words up to the next key
                _, index = reader.read_value("s", index)
            continue
        if reader.is_value(index):
            value, index = reader.read_value(argument.kind, index)
        elif key == TOKEN_KEY and index < len(args) and not reader.has_marked_keys:
            value, index = args[index], index + 1  # a token may be any word, even a key
        else:
            raise CommandError(Code.EARG, f"{key} has no value: {argument.text}")
        values[argument.name] = coerce(argument, value)
    return ParsedArguments(values, tuple(unknown))


def _parse_positional(
    positional: Sequence[Argument], reader: _ArgumentReader
) -> tuple[dict[str, int | float | str], int]:
    """Parse the positional arguments. Return their values and the index after them."""
    values: dict[str, int | float | str] = {}
    index = 0
    for n, argument in enumerate(positional):
        if not reader.is_value(index):
            if argument.required:
                raise CommandError(Code.EARG, f"{argument.name} is missing: {argument.text}")
            break
        later = positional[n + 1 :]
        value: OscValue = reader.args[index]
        if argument.kind == "s" and isinstance(value, str) and all(a.kind != "s" for a in later):
            end = _end_of_text(reader, index, sum(a.required for a in later))
            value, index = " ".join(str(word) for word in reader.args[index:end]), end
        else:
            index += 1
        values[argument.name] = coerce(argument, value)
    return values, index


def _end_of_text(reader: _ArgumentReader, start: int, count: int) -> int:
    """Return where a text ends that `count` numbers must follow. The numbers may be strings."""
    _, end = reader.join_strings(start)
    after = end
    while after < end + count and reader.is_value(after):
        after += 1
    missing = count - (after - end)
    while missing > 0 and end > start + 1 and parse_number(str(reader.args[end - 1])) is not None:
        end, missing = end - 1, missing - 1
    return end


def find_value(known: Sequence[Argument], args: Sequence[OscValue], key: str) -> OscValue:
    """Return the value of a key in a message that may be invalid elsewhere, or None.

    If another key stands where the value belongs, that word is the value: the sender of a token
    that is also a key waits for it.
    """
    reader = _ArgumentReader.create(known, args)
    found: OscValue = None
    for index in range(len(args) - 1):
        if reader.key_at(index) == key:
            found = args[index + 1]
            if reader.is_value(index + 1):
                found, _ = reader.read_value("s", index + 1)
    return found
