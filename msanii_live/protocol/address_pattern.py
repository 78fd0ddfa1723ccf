"""OSC address patterns, matched in bounded time: one pass, no backtracking.

The places that a pattern can have reached in an address are one whole number, a bit each; every
piece of the pattern moves all of them at once. So the work is the length of the pattern times that
of the address, whatever the pattern.
"""

from __future__ import annotations

from collections.abc import Iterable

from msanii_live.errors import Code, CommandError

MAX_PATTERN_LENGTH = 256  # characters of a pattern
LETTERS = frozenset("?*[]{}")


def is_pattern(address: str) -> bool:
    """Tell whether an address is meant to match others.

    >>> is_pattern("/msanii/{ping,status}"), is_pattern("/msanii/ping")
    (True, False)
    """
    return not LETTERS.isdisjoint(address)


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """Return the addresses that a pattern matches, in their order.

    Raises: CommandError: EADDR, it is too long or not well formed.

    >>> matching("/msanii/*/[ij]*", ["/msanii/clip/info", "/msanii/job/list", "/msanii/info"])
    ['/msanii/clip/info']
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise CommandError(Code.EADDR, f"a pattern has at most {MAX_PATTERN_LENGTH} characters")
    pieces = _pieces(pattern)
    return [address for address in addresses if _matches(pieces, address)]


# What a piece of a pattern is: "" is *, a set with whether it is inverted, or alternatives.
_Set = tuple[frozenset[str], bool]
_Piece = str | _Set | tuple[str, ...]
_ANY: _Set = (frozenset("/"), True)


def _pieces(pattern: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    position = 0
    while position < len(pattern):
        letter = pattern[position]
        position += 1
        if letter == "*":
            if not pieces or pieces[-1] != "":  # many in a row are one
                pieces.append("")
        elif letter == "?":
            pieces.append(_ANY)
        elif letter in "[{":
            end = pattern.find("]" if letter == "[" else "}", position)
            if end < 0:
                raise CommandError(Code.EADDR, f"{letter} is not closed in the pattern {pattern}")
            inside = pattern[position:end]
            pieces.append(_set_of(inside) if letter == "[" else tuple(inside.split(",")))
            position = end + 1
        elif letter in "]}":
            raise CommandError(Code.EADDR, f"{letter} closes nothing in the pattern {pattern}")
        else:
            pieces.append((frozenset(letter), False))
    return pieces


def _set_of(inside: str) -> _Set:
    inverted = inside.startswith("!")
    inside = inside[inverted:]
    letters: set[str] = set()
    position = 0
    while position < len(inside):
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            low, high = sorted((ord(inside[position]), ord(inside[position + 2])))
            # Addresses are ASCII: a range of all Unicode would be a million letters.
            letters.update(chr(code) for code in range(low, min(high, 127) + 1))
            position += 3
        else:
            letters.add(inside[position])
            position += 1
    return frozenset(letters | {"/"}) if inverted else frozenset(letters - {"/"}), inverted


def _matches(pieces: list[_Piece], address: str) -> bool:
    reached = 1  # bit p: the first p letters are matched
    for piece in pieces:
        if isinstance(piece, str):
            reached = _spread(reached, address)
        elif isinstance(piece[0], frozenset):
            letters, inverted = piece[0], bool(piece[1])
            reached = (reached & _where(letters, inverted, address)) << 1
        else:
            reached = _step(reached, [str(word) for word in piece], address)
        if not reached:
            return False
    return bool(reached >> len(address) & 1)


def _where(letters: frozenset[str], inverted: bool, address: str) -> int:
    return sum(1 << p for p, letter in enumerate(address) if (letter in letters) != inverted)


def _spread(reached: int, address: str) -> int:
    """Move every place on by any number of letters, up to the next slash."""
    for p, letter in enumerate(address):
        if reached >> p & 1 and letter != "/":
            reached |= 1 << p + 1
    return reached


def _step(reached: int, words: list[str], address: str) -> int:
    """Move every place on by each word that stands there."""
    moved = 0
    for word in words:
        for p in range(len(address) - len(word) + 1):
            if reached >> p & 1 and address.startswith(word, p):
                moved |= 1 << p + len(word)
    return moved
