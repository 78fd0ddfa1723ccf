"""Check address patterns against OSC 1.0, and that no pattern takes long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.address_pattern import (
    MAX_PATTERN_LENGTH,
    is_pattern,
    match_addresses,
)

ADDRESSES = ["/a", "/ab", "/abc", "/b", "/a/b", "/ab/c", "/a-b", "/1", "/-"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/a", ["/a"]),
        ("/?", ["/a", "/b", "/1", "/-"]),
        ("/*", ["/a", "/ab", "/abc", "/b", "/a-b", "/1", "/-"]),
        ("/**", ["/a", "/ab", "/abc", "/b", "/a-b", "/1", "/-"]),
        ("/*/*", ["/a/b", "/ab/c"]),
        ("/a*", ["/a", "/ab", "/abc", "/a-b"]),
        ("/*b", ["/ab", "/b", "/a-b"]),
        ("/a*c", ["/abc"]),
        ("/[ab]", ["/a", "/b"]),
        ("/[a-c]", ["/a", "/b"]),
        ("/[c-a]", ["/a", "/b"]),
        ("/[!a-c]", ["/1", "/-"]),
        ("/[-1]", ["/1", "/-"]),
        ("/[1-]", ["/1", "/-"]),
        ("/a[!b]b", ["/a-b"]),  # a negated set matches no slash
        ("/{a,abc}", ["/a", "/abc"]),
        ("/{a,ab}c", ["/abc"]),
        ("/{a,ab}{b,c}", ["/ab", "/abc"]),
        ("/{,a}b", ["/ab", "/b"]),
        ("/{a/b,1}", ["/a/b", "/1"]),
        ("/{}", []),
        ("*", []),
        ("/ä", []),
    ],
)
def test_what_a_pattern_matches(pattern, expected):
    assert match_addresses(pattern, ADDRESSES) == expected


@pytest.mark.parametrize("pattern", ["/[a", "/{a,b", "/a]", "/a}", "/[", "/{"])
def test_a_malformed_pattern_is_eaddr_and_is_named(pattern):
    with pytest.raises(CommandError, match=re.escape(pattern)) as caught:
        match_addresses(pattern, ADDRESSES)
    assert caught.value.code is Code.EADDR


def test_a_pattern_has_a_longest_length():
    longest = "/" + "a" * (MAX_PATTERN_LENGTH - 1)
    assert match_addresses(longest, [longest]) == [longest]
    with pytest.raises(CommandError, match="at most 256 characters"):
        match_addresses(longest + "a", [longest])


def test_only_special_characters_make_a_pattern():
    assert [c for c in "".join(map(chr, range(32, 127))) if is_pattern(f"/{c}")] == list("*?[]{}")


ALPHABET = st.sampled_from("ab/")
PARTS = st.lists(
    st.sampled_from(["a", "b", "/", "?", "*", "[ab]", "[!a]", "{a,b/}", "{ab,}"]), max_size=8
)
# The same parts as regular expressions.
REGEXES = {"?": "[^/]", "*": "[^/]*", "[!a]": "[^a/]", "{a,b/}": "(a|b/)", "{ab,}": "(ab|)"}


@given(PARTS, st.text(ALPHABET, max_size=8))
def test_matching_agrees_with_regular_expressions(parts, address):
    regex = "".join(REGEXES.get(part, part) for part in parts)
    expected = re.fullmatch(regex, address) is not None
    assert bool(match_addresses("".join(parts), [address])) is expected


@pytest.mark.parametrize(
    "pattern",
    ["/" + "*a" * 127, "/" + "{a,aa}" * 42, "/" + "[!b]" * 63, "/********/********!"],
)
def test_no_pattern_takes_long(pattern):
    started = time.perf_counter()
    match_addresses(pattern, ["/" + "a" * 60 + "!"] * 50)
    assert time.perf_counter() - started < 5
