"""The grammar of a message: positional arguments, then pairs of key and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.schema import Argument, Kind, OscValue, brief, coerce, parse_number

TOKEN_KEY = "id"
# Tidal sends these with every event, whatever the target.
SILENT_KEYS = frozenset({"cps", "delta", "cycle", "orbit"})


@dataclass(frozen=True)
class Arguments:
    """Hold what was read of a message: values by name, and keys that no one knows."""

    values: Mapping[str, int | float | str]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Words:
    """Tell the keys of a message from its values.

    names: what is a key. marked: only words that begin with @ are.
    """

    args: Sequence[OscValue]
    names: frozenset[str]
    marked: bool

    @classmethod
    def of(cls, known: Sequence[Argument], args: Sequence[OscValue]) -> _Words:
        # What must stand in its place is no key: clips may be called a and b.
        names = {a.name for a in known if not (a.positional and a.required)}
        return cls(args, frozenset(names | SILENT_KEYS), any(_is_marked(a) for a in args))

    def key_at(self, index: int) -> str | None:
        """Return the key at a place, without its @, or None where no key stands."""
        word = self.args[index]
        if not isinstance(word, str):
            return None
        if self.marked:
            return word[1:] if _is_marked(word) else None
        return word if word in self.names else None

    def is_value(self, index: int) -> bool:
        """Tell whether there is a value at a place: neither the end nor a key."""
        return index < len(self.args) and self.key_at(index) is None

    def joined(self, index: int) -> tuple[str, int]:
        """Return the strings from a place on, joined with spaces, and the place after them."""
        words = []
        while self.is_value(index) and isinstance(self.args[index], str):
            words.append(str(self.args[index]))
            index += 1
        return " ".join(words), index

    def value_of(self, kind: Kind, index: int) -> tuple[OscValue, int]:
        """Return the value at a place, joined where it is text, and the place after it."""
        if kind == "s" and isinstance(self.args[index], str):
            return self.joined(index)
        return self.args[index], index + 1


def _is_marked(word: OscValue) -> bool:
    return isinstance(word, str) and word.startswith("@") and len(word) > 1


def read_arguments(known: Sequence[Argument], args: Sequence[OscValue]) -> Arguments:
    """Read the arguments of a message: positional ones, then pairs of key and value.

    Keys may be written `@key`; if any is, only those count as keys. Consecutive strings where one
    is expected are joined with spaces. An optional positional argument may be given by its name.

    Raises: CommandError: EARG where a value is missing or stray, ETYPE, ERANGE.
    """
    words = _Words.of(known, args)
    values, position = _read_places([a for a in known if a.positional], words)
    by_name = {argument.name: argument for argument in known if argument.name in words.names}
    unknown: list[str] = []
    while position < len(args):
        key = words.key_at(position)
        if key is None and isinstance(args[position], str) and not words.marked:
            key = str(args[position])  # a word where a key belongs: an unknown key
        if key is None:
            raise CommandError(
                Code.EARG,
                f"{brief(args[position])} stands where a key belongs; keys are "
                f"{', '.join(a.name for a in known if not a.positional)}",
            )
        position += 1
        found = by_name.get(key)
        if found is None:
            if key not in SILENT_KEYS:
                unknown.append(key)
            if words.is_value(position):  # one number, or words up to the next key
                _, position = words.value_of("s", position)
            continue
        if words.is_value(position):
            value, position = words.value_of(found.kind, position)
        elif key == TOKEN_KEY and position < len(args) and not words.marked:
            value, position = args[position], position + 1  # a token may be any word, even a key
        else:
            raise CommandError(Code.EARG, f"{key} has no value: {found.text}")
        values[found.name] = coerce(found, value)
    return Arguments(values, tuple(unknown))


def _read_places(
    places: Sequence[Argument], words: _Words
) -> tuple[dict[str, int | float | str], int]:
    """Read the positional arguments; return them and the place after them."""
    values: dict[str, int | float | str] = {}
    position = 0
    for place, argument in enumerate(places):
        if not words.is_value(position):
            if argument.required:
                raise CommandError(Code.EARG, f"{argument.name} is missing: {argument.text}")
            break
        later = places[place + 1 :]
        value: OscValue = words.args[position]
        if argument.kind == "s" and isinstance(value, str) and all(p.kind != "s" for p in later):
            end = _end_of_text(words, position, sum(p.required for p in later))
            value, position = " ".join(str(word) for word in words.args[position:end]), end
        else:
            position += 1
        values[argument.name] = coerce(argument, value)
    return values, position


def _end_of_text(words: _Words, start: int, numbers: int) -> int:
    """Find where a text ends that `numbers` numbers must follow, any of which may be strings."""
    _, end = words.joined(start)
    after = end
    while after < end + numbers and words.is_value(after):
        after += 1
    spare = numbers - (after - end)
    while spare > 0 and end > start + 1 and parse_number(str(words.args[end - 1])) is not None:
        end, spare = end - 1, spare - 1
    return end


def find_text(known: Sequence[Argument], args: Sequence[OscValue], name: str) -> OscValue:
    """Find the value of a key in a message that may be wrong elsewhere; None where it has none.

    Where another key stands in the value's place, that word is taken: it is what the sender of a
    token that is also a key waits for.
    """
    words = _Words.of(known, args)
    found: OscValue = None
    for index in range(len(args) - 1):
        if words.key_at(index) == name:
            found = args[index + 1]
            if words.is_value(index + 1):
                found, _ = words.value_of("s", index + 1)
    return found
