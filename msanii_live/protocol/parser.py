"""The grammar of a message: positional arguments, then pairs of key and value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.coercion import coerce, format_token, format_value, parse_number
from msanii_live.protocol.schema import Argument, OscValue

TOKEN_KEY = "id"
MAX_VALUE_WORDS = 16  # strings in a value that has a form, such as a key or a clip's name
# Tidal sends these with every event, whatever the target.
IGNORED_KEYS = frozenset({"cps", "delta", "cycle", "orbit"})


@dataclass(frozen=True)
class ParsedArguments:
    """The arguments of a message: values by name, and the keys that the command does not have.

    words: names of keys that stood in free text and were taken as words of it.
    """

    values: Mapping[str, int | float | str]
    unknown: tuple[str, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class _ArgumentReader:
    """The arguments of a message, in which keys are told from values.

    keys: what words are keys of; None for a key that is ignored. has_marked_keys: only words that
    begin with @ are keys. words: indices of keys that are only words, if they stand in free text.
    own_words: indices of names of keys that belong to the text before them.
    """

    args: Sequence[OscValue]
    keys: Mapping[str, Argument | None]
    has_marked_keys: bool
    words: frozenset[int] = frozenset()
    own_words: frozenset[int] = frozenset()

    @classmethod
    def create(cls, known: Sequence[Argument], args: Sequence[OscValue]) -> _ArgumentReader:
        # The name of a required positional argument is no key: clips may be called "a" and "b".
        named = {a.name: a for a in known if not (a.positional and a.required)}
        keys: dict[str, Argument | None] = {**dict.fromkeys(IGNORED_KEYS), **named}
        if any(_is_marked(word) for word in args):
            return cls(args, keys, has_marked_keys=True)
        has_free_text = any(argument.is_free_text for argument in known)
        words = _words_of_free_text(keys, args) if has_free_text else frozenset()
        own_words = _own_words(keys, args, words)
        words -= own_words
        return cls(args, keys, has_marked_keys=False, words=words, own_words=own_words)

    def key_at(self, index: int, in_free_text: bool = False) -> str | None:
        """Return the key at an index without its @, or None if there is no key."""
        word = self.args[index]
        if not isinstance(word, str):
            return None
        if self.has_marked_keys:
            return word[1:] if _is_marked(word) else None
        if index in self.own_words:
            return None
        return word if word in self.keys and not (in_free_text and index in self.words) else None

    def is_value(self, index: int, in_free_text: bool = False) -> bool:
        """Return whether there is a value at an index: neither the end nor a key."""
        return index < len(self.args) and self.key_at(index, in_free_text) is None

    def join_strings(
        self, index: int, in_free_text: bool = False, has_numbers: bool = False
    ) -> tuple[str, int]:
        """Return the strings from an index on, joined with spaces, and the index after them.

        has_numbers: numbers between or after them belong to the text.
        """
        words = []
        kinds = (str, int, float) if has_numbers else str
        while self.is_value(index, in_free_text) and isinstance(self.args[index], kinds):
            words.append(format_token(self.args[index]))
            index += 1
        return " ".join(words), index

    def read_value(
        self, argument: Argument | None, index: int, in_free_text: bool = False
    ) -> tuple[OscValue, int]:
        """Return the value at an index, with strings joined if it is text, and the index after.

        argument: None stands for any text.
        """
        is_text = argument is None or argument.kind == "s"
        if is_text and isinstance(self.args[index], str):
            has_numbers = argument is not None and argument.has_numbers
            return self.join_strings(index, in_free_text, has_numbers)
        return self.args[index], index + 1


def _words_of_free_text(
    keys: Mapping[str, Argument | None], args: Sequence[OscValue]
) -> frozenset[int]:
    """Return the indices of keys that no legal value follows."""
    found = set()
    end = len(args)  # of a text that begins before it: at a number, a key or the end
    end_with_numbers = end  # the same for a text that numbers may stand in
    for index in reversed(range(len(args))):
        word = args[index]
        if isinstance(word, str) and word not in keys:
            continue
        if isinstance(word, str) and word != TOKEN_KEY:  # a token may be any word
            argument = keys[word]
            last = end_with_numbers if argument is not None and argument.has_numbers else end
            text = args[index + 1 : min(last, index + 2 + MAX_VALUE_WORDS)]
            is_before_number = index + 1 == end < len(args) and not isinstance(args[end], str)
            if not is_before_number and not _is_legal_text(argument, text):
                found.add(index)
                continue
        end = index
        if isinstance(word, str):
            end_with_numbers = index
    return frozenset(found)


def _own_words(
    keys: Mapping[str, Argument | None], args: Sequence[OscValue], words: frozenset[int]
) -> frozenset[int]:
    """Return the indices of names of keys that belong to the text before them.

    `parts chords` and `parts drums chords` name the part; in `parts drums chords Am F`, a legal
    value follows, and `chords` is the key. words: indices of keys that are only words.
    """
    found = set()
    owner: Argument | None = None  # whose text this is
    for index, word in enumerate(args):
        if not isinstance(word, str) or (index and args[index - 1] == TOKEN_KEY):
            owner = None  # a token may be any word
            continue
        is_word = owner is not None and word.lower().strip(" ,;+&") in (*owner.words, "")
        if is_word and owner is not None and word in keys:
            is_first = args[index - 1] == owner.name
            is_word = is_first or not _is_legal_text(keys[word], args[index + 1 : index + 2])
            if is_word:
                found.add(index)
        if not is_word:
            key = keys.get(word) if index not in words else None
            owner = key if key is not None and key.words else None
    return frozenset(found)


def _is_legal_text(argument: Argument | None, text: Sequence[OscValue]) -> bool:
    """Return whether strings are a value of an argument; None for one that is ignored."""
    if not text:
        return False
    if argument is None:
        return parse_number(str(text[0])) is not None
    if argument.kind == "s" and not (argument.pattern or argument.choices or argument.check):
        return True
    value = " ".join(map(format_token, text)) if argument.kind == "s" else text[0]
    if argument.pattern:
        return re.fullmatch(argument.pattern, str(value)) is not None
    try:
        coerce(argument, value)
    except CommandError:
        return False
    return True


def _is_marked(word: OscValue) -> bool:
    return isinstance(word, str) and word.startswith("@") and len(word) > 1


def parse_arguments(known: Sequence[Argument], args: Sequence[OscValue]) -> ParsedArguments:
    """Parse the arguments of a message: positional ones, then pairs of key and value.

    A key may be written `@key`. If any is, only those count as keys. Consecutive strings are joined
    with spaces where text is expected. A positional argument may be given by its name if it is
    optional, or a number in its place. In free text, a word that is not written `@key` is a key
    only if a legal value follows it.

    Raises: CommandError: EARG if a value is missing or out of place; ETYPE; ERANGE.
    """
    positional = [a for a in known if a.positional]
    reader = _ArgumentReader.create(known, args)
    args = _without_names_of_numbers(positional, reader)
    if len(args) < len(reader.args):
        reader = _ArgumentReader.create(known, args)
    values, index = _parse_positional(positional, reader)
    unknown: list[str] = []
    words: list[str] = []
    in_free_text = False
    while index < len(args):
        key = reader.key_at(index, in_free_text)
        if key is None and isinstance(args[index], str) and not reader.has_marked_keys:
            key = str(args[index])  # a word where a key belongs: an unknown key
        if key is None:
            raise CommandError(
                Code.EARG,
                f"{format_value(args[index])} stands where a key belongs; keys are "
                f"{', '.join(a.name for a in known if not a.positional)}",
            )
        argument = reader.keys.get(key)
        in_free_text |= argument is not None and argument.is_free_text
        index = start = index + 1
        if argument is None:
            if key not in IGNORED_KEYS:
                unknown.append(key)
            if reader.is_value(index, in_free_text):  # one number, or words up to the next key
                _, index = reader.read_value(None, index, in_free_text)
            continue
        if reader.is_value(index, in_free_text and key != TOKEN_KEY):
            value, index = reader.read_value(argument, index, in_free_text and key != TOKEN_KEY)
        elif key == TOKEN_KEY and index < len(args) and not reader.has_marked_keys:
            value, index = args[index], index + 1  # a token may be any word, even a key
        else:
            raise CommandError(Code.EARG, f"{key} has no value: {argument.text}")
        words += [
            str(args[n]) for n in range(start, index) if n in reader.words and key != TOKEN_KEY
        ]
        values[argument.name] = coerce(argument, value)
    return ParsedArguments(values, tuple(unknown), tuple(dict.fromkeys(words)))


def _without_names_of_numbers(
    positional: Sequence[Argument], reader: _ArgumentReader
) -> Sequence[OscValue]:
    """Return the arguments without the names of positional numbers: `a start 1` is `a 1`.

    A name counts only in its place. The first argument is none: a clip may be called "start".
    """
    names = [argument.name for argument in positional if argument.required and argument.kind != "s"]
    args, kept, index = reader.args, list(reader.args[:1]), 1
    while names and index < len(args) and reader.is_value(index):
        word, following = args[index], args[index + 1 : index + 2]
        if word != names[0] or not following or parse_number(str(following[0])) is None:
            kept.append(word)
        if parse_number(str(word)) is not None:
            names.pop(0)
        index += 1
    return [*kept, *args[index:]]


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
            if argument.has_numbers and not later:
                value, index = reader.join_strings(index, has_numbers=True)
            else:
                end = _end_of_text(reader, index, len(later))
                value, index = " ".join(str(word) for word in reader.args[index:end]), end
        else:
            index += 1
        values[argument.name] = coerce(argument, value)
    return values, index


def _end_of_text(reader: _ArgumentReader, start: int, count: int) -> int:
    """Return where a text ends that up to `count` numbers follow. The numbers may be strings."""
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
                found, _ = reader.read_value(None, index + 1)
    return found
