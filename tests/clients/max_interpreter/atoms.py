"""Atoms and messages, and the text of boxes, read as Max reads it."""

import re
from dataclasses import dataclass

Atom = int | float | str  # a symbol is a str

COMMA, SEMICOLON = object(), object()  # what separates messages in a message box
TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([,;])|((?:\\.|[^\s,;"\\])+))')
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)$")


class MaxError(Exception):
    """A patch that does what Max would reject, or what this interpreter does not know."""


@dataclass(frozen=True)
class Message:
    """What travels along a cord. selector: bang, int, float, list, or the symbol it begins with."""

    selector: str
    args: tuple[Atom, ...] = ()

    @classmethod
    def of(cls, *atoms: Atom) -> "Message":
        """Return the message that consists of these atoms.

        >>> Message.of(1, "a"), Message.of("a", 1)
        (Message(selector='list', args=(1, 'a')), Message(selector='a', args=(1,)))
        """
        if not atoms:
            return BANG
        first, *rest = atoms
        if isinstance(first, str):
            return cls(first, tuple(rest))
        if rest:
            return cls("list", atoms)
        return cls("int" if isinstance(first, int) else "float", atoms)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms of the message; a bang is one symbol."""
        if self.selector in ("int", "float", "list"):
            return self.args
        return (self.selector, *self.args)

    @property
    def is_number(self) -> bool:
        """True for an int and a float."""
        return self.selector in ("int", "float")


BANG = Message("bang")


def read_word(word: str) -> Atom:
    """Return a word as an atom: a number if it looks like one.

    >>> [read_word(word) for word in ("4", "1.", "127.0.0.1", "-1", "a")]
    [4, 1.0, '127.0.0.1', -1, 'a']
    """
    if NUMBER.match(word):
        return float(word) if "." in word else int(word)
    return word


def read_tokens(text: str) -> list[object]:
    """Return the atoms of a text, with COMMA and SEMICOLON among them."""
    found: list[object] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise MaxError(f"cannot read {text[at:]!r}")
        quoted, separator, word = token.groups()
        if quoted is not None:
            found.append(re.sub(r"\\(.)", r"\1", quoted))
        elif separator:
            found.append(COMMA if separator == "," else SEMICOLON)
        else:
            bare = re.sub(r"\\(.)", r"\1", word)
            found.append(bare if "\\" in word else read_word(word))
        at = token.end()
    return found


def read_atoms(text: str) -> list[Atom]:
    """Return the atoms of a text that has no separators.

    >>> read_atoms('set "two words" 1.')
    ['set', 'two words', 1.0]
    """
    found = read_tokens(text)
    if COMMA in found or SEMICOLON in found:
        raise MaxError(f"a comma or semicolon in {text!r}")
    return found  # type: ignore[return-value]
