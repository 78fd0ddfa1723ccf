"""OSC address patterns, matched in bounded time without backtracking.

Source: OSC 1.0 specification, "OSC Message Dispatching and Pattern Matching".

The set of positions that a pattern can have reached in an address is one int, a bit for each
position. Each part of the pattern moves all positions at once, so the time is proportional to the
length of the pattern times the length of the address.
"""

from __future__ import annotations

from collections.abc import Iterable

from msanii_live.errors import Code, CommandError

MAX_PATTERN_LENGTH = 256  # characters
PATTERN_CHARACTERS = frozenset("?*[]{}")


def is_pattern(address: str) -> bool:
    """Return whether an address is a pattern.

    >>> is_pattern("/msanii/{ping,status}"), is_pattern("/msanii/ping")
    (True, False)
    """
    return not PATTERN_CHARACTERS.isdisjoint(address)


def match_addresses(pattern: str, addresses: Iterable[str]) -> list[str]:
    """Return the addresses that a pattern matches, in their order.

    Raises: CommandError: EADDR, the pattern is too long or malformed.

    >>> match_addresses("/msanii/*/[ij]*", ["/msanii/clip/info", "/msanii/job/list", "/msanii/in"])
    ['/msanii/clip/info']
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise CommandError(Code.EADDR, f"a pattern has at most {MAX_PATTERN_LENGTH} characters")
    parts = _parse(pattern)
    return [address for address in addresses if _matches(parts, address)]


# A part of a pattern: "" for `*`; a set of characters and whether it is negated; or alternatives.
_CharacterSet = tuple[frozenset[str], bool]
_Part = str | _CharacterSet | tuple[str, ...]
_ANY_CHARACTER: _CharacterSet = (frozenset("/"), True)


def _parse(pattern: str) -> list[_Part]:
    parts: list[_Part] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            if not parts or parts[-1] != "":  # several in a row match the same as one
                parts.append("")
        elif character == "?":
            parts.append(_ANY_CHARACTER)
        elif character in "[{":
            end = pattern.find("]" if character == "[" else "}", position)
            if end < 0:
                raise CommandError(
                    Code.EADDR, f"{character} is not closed in the pattern {pattern}"
                )
            inside = pattern[position:end]
            parts.append(
                _parse_character_set(inside) if character == "[" else tuple(inside.split(","))
            )
            position = end + 1
        elif character in "]}":
            raise CommandError(Code.EADDR, f"{character} closes nothing in the pattern {pattern}")
        else:
            parts.append((frozenset(character), False))
    return parts


def _parse_character_set(inside: str) -> _CharacterSet:
    is_negated = inside.startswith("!")
    inside = inside[is_negated:]
    characters: set[str] = set()
    position = 0
    while position < len(inside):
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            low, high = sorted((ord(inside[position]), ord(inside[position + 2])))
            # Addresses are ASCII, and a range over all of Unicode would have a million characters.
            characters.update(chr(code) for code in range(low, min(high, 127) + 1))
            position += 3
        else:
            characters.add(inside[position])
            position += 1
    # No character set matches a slash.
    return frozenset(characters | {"/"} if is_negated else characters - {"/"}), is_negated


def _matches(parts: list[_Part], address: str) -> bool:
    positions = 1  # bit n is set if the parts so far can match the first n characters
    for part in parts:
        if isinstance(part, str):
            positions = _advance_any(positions, address)
        elif isinstance(part[0], frozenset):
            characters, is_negated = part[0], bool(part[1])
            positions = (positions & _positions_of(characters, is_negated, address)) << 1
        else:
            positions = _advance_words(positions, [str(word) for word in part], address)
        if not positions:
            return False
    return bool(positions >> len(address) & 1)


def _positions_of(characters: frozenset[str], is_negated: bool, address: str) -> int:
    """Return the positions in an address at which a character of the set stands."""
    return sum(
        1 << n for n, character in enumerate(address) if (character in characters) != is_negated
    )


def _advance_any(positions: int, address: str) -> int:
    """Advance each position by any number of characters, up to the next slash."""
    for n, character in enumerate(address):
        if positions >> n & 1 and character != "/":
            positions |= 1 << n + 1
    return positions


def _advance_words(positions: int, words: list[str], address: str) -> int:
    """Advance each position by every word that stands there."""
    advanced = 0
    for word in words:
        for n in range(len(address) - len(word) + 1):
            if positions >> n & 1 and address.startswith(word, n):
                advanced |= 1 << n + len(word)
    return advanced
