"""Check that the short way reads a message as the parser does, and which it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import BY_ADDRESS, COMMANDS
from msanii_live.protocol.parser import IGNORED_KEYS, ParsedArguments, parse_arguments
from msanii_live.protocol.plain_form import plain_form, read_plain
from msanii_live.protocol.request import all_arguments
from msanii_live.protocol.schema import Argument, OscValue

NUMBER = st.one_of(st.integers(-2, 12), st.floats(-1, 300, width=32), st.floats(), st.booleans())
ANY_KEY = st.sampled_from(
    sorted({a.name for c in COMMANDS for a in all_arguments(c)} | IGNORED_KEYS)
)
WORD = st.one_of(
    ANY_KEY,
    ANY_KEY.map("@{}".format),
    st.text(max_size=4),
    st.sampled_from(
        [
            "loop-1",
            "7",
            "2.5",
            "house",
            "jazz",
            "drums",
            "bar",
            "left",
            "Am",
            "4/4",
            "last",
            "@",
            "",
        ]
    ),
)


def value_of(argument: Argument | None) -> st.SearchStrategy[OscValue]:
    words = () if argument is None else (*argument.choices, *argument.words)
    own = [st.sampled_from(words)] if words else []
    return st.one_of(NUMBER, WORD, *own)


@st.composite
def messages(draw: st.DrawFn) -> tuple[type[Command], list[OscValue]]:
    """Draw a command and arguments that are nearly always a plain message, or close to one."""
    command = draw(st.sampled_from(COMMANDS))
    known = all_arguments(command)
    places = [a for a in known if a.positional]
    args: list[OscValue] = []
    for place in places[: draw(st.integers(0, len(places)))]:
        args.append(draw(value_of(place)))
    for _ in range(draw(st.integers(0, 4))):
        argument = draw(st.sampled_from([*known, *known, None]))
        args.append(draw(ANY_KEY) if argument is None else argument.name)
        args.append(draw(value_of(argument)))
    if draw(st.integers(0, 9)) == 0:
        args.insert(draw(st.integers(0, len(args))), draw(st.one_of(NUMBER, WORD)))
    return command, args


@given(messages())
def test_the_short_way_reads_what_the_parser_reads(
    message: tuple[type[Command], list[OscValue]],
) -> None:
    command, args = message
    known = all_arguments(command)
    values = read_plain(plain_form(known, IGNORED_KEYS), args)
    if values is not None:
        assert parse_arguments(known, args) == ParsedArguments(values, ())


@pytest.mark.parametrize(
    ("address", "args", "is_plain"),
    [
        ("ping", [], True),
        ("ping", ["id", 7], True),
        ("play", ["loop-1", "loop", 1, "id", "a"], True),
        ("play", [3.0, "at", "bar"], True),
        ("generate", ["seconds", 8, "style", "jazz", "cps", 0.5], True),
        ("generate", ["style", "dark", "techno", "seconds", 8], False),  # a text of two words
        ("generate", ["parts", "chords"], False),  # a word that is also a key
        ("generate", ["@seconds", 8], False),
        ("generate", ["seconds", 800], False),
        ("generate", ["seconds", True], False),
        ("play", [], False),
        ("ping", ["id"], False),
        ("ping", ["what", 1], False),
    ],
)  # fmt: skip
def test_which_messages_are_plain(address: str, args: list[OscValue], is_plain: bool) -> None:
    known = all_arguments(BY_ADDRESS[f"/msanii/{address}"])
    assert (read_plain(plain_form(known, IGNORED_KEYS), args) is not None) is is_plain
