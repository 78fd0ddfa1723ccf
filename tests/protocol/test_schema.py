"""Check how single OSC values are read, and how a message falls into values and keys."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.parser import Arguments, find_text, read_arguments
from msanii_live.protocol.schema import Argument, OscValue, as_token, coerce, format_number

SECONDS = Argument("seconds", "f", "length", 6.0, low=0.5, high=190.0, unit="s")
STEPS = Argument("steps", "i", "denoising steps", low=1, high=1000)
SEED = Argument("seed", "i", "seed", low=0, high=2**31 - 1)
PROMPT = Argument("prompt", "s", "words", "")
SIDE = Argument("side", "s", "where", "right", choices=("right", "left"))
AT = Argument("at", "s", "when", "none", choices=("none", "beat", "bar"), or_number=True)
ID = Argument("id", "s", "token", "", longest=10)
SRC = Argument("src", "s", "clip", required=True, positional=True)
START = Argument("start", "f", "from", required=True, positional=True, low=0, high=3600)
END = Argument("end", "f", "to", required=True, positional=True, low=0, high=3600)
A = Argument("a", "s", "first clip", required=True, positional=True)
B = Argument("b", "s", "second clip", required=True, positional=True)
PORT = Argument("port", "i", "port", 0, positional=True, low=0, high=65_535)
KEYS = (SECONDS, STEPS, PROMPT, SIDE, AT, ID)


def read(known: Sequence[Argument], *args: OscValue) -> dict[str, int | float | str]:
    found = read_arguments(known, args)
    assert found.unknown == ()
    return dict(found.values)


def refused(known: Sequence[Argument], *args: OscValue) -> tuple[Code, str]:
    with pytest.raises(CommandError) as caught:
        read_arguments(known, args)
    return caught.value.code, caught.value.text


def coercion(argument: Argument, value: OscValue) -> tuple[Code, str]:
    with pytest.raises(CommandError) as caught:
        coerce(argument, value)
    return caught.value.code, caught.value.text


@pytest.mark.parametrize("value", [8, 8.0, "8", "8.0", "8e0", " 8 "])
def test_a_number_is_read_in_any_form(value: OscValue) -> None:
    seconds, steps = coerce(SECONDS, value), coerce(STEPS, value)
    assert (seconds, type(seconds)) == (8.0, float)
    assert (steps, type(steps)) == (8, int)


def test_true_is_one_and_false_is_zero() -> None:
    assert coerce(SEED, True) == 1
    assert coerce(SEED, False) == 0
    assert type(coerce(SEED, True)) is int
    assert coerce(SECONDS, True) == 1.0
    assert coercion(SECONDS, False)[0] is Code.ERANGE


@pytest.mark.parametrize("value", [2.5, "2.5", 1.0000001, 1e-9])
def test_a_whole_number_is_never_rounded(value: OscValue) -> None:
    code, text = coercion(STEPS, value)
    assert code is Code.ETYPE
    assert text.startswith("steps is ")
    assert str(value) in text
    assert "whole number" in text


@pytest.mark.parametrize("value", ["many", "", "8 s", "1_0", b"8", None, "0x10", "9" * 5000])
def test_what_is_no_number_is_etype(value: OscValue) -> None:
    for argument in (SECONDS, STEPS):
        code, text = coercion(argument, value)
        assert code is Code.ETYPE
        assert text.startswith(f"{argument.name} is ")
        assert len(text) < 120


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "inf", "-Infinity"])
@pytest.mark.parametrize("argument", [SECONDS, STEPS, AT])
def test_nan_and_infinity_are_out_of_range(argument: Argument, value: OscValue) -> None:
    code, text = coercion(argument, value)
    assert code is Code.ERANGE
    assert text.startswith(f"{argument.name} is ")
    assert argument.range_text in text


@pytest.mark.parametrize("value", [10**300, 10**390, "9" * 390, "-" + "9" * 390, 1e300])
@pytest.mark.parametrize("argument", [SECONDS, STEPS])
def test_numbers_beyond_every_float_are_out_of_range(argument: Argument, value: OscValue) -> None:
    assert coercion(argument, value)[0] is Code.ERANGE


@pytest.mark.parametrize(
    ("argument", "value", "text"),
    [
        (SECONDS, 500, "seconds is 500: it must be 0.5 to 190 s"),
        (SECONDS, 0.25, "seconds is 0.25: it must be 0.5 to 190 s"),
        (SECONDS, 190.0000001, "seconds is 190.0000001: it must be 0.5 to 190 s"),
        (STEPS, 0, "steps is 0: it must be 1 to 1000"),
        (STEPS, "1001.0", "steps is 1001: it must be 1 to 1000"),
        (SEED, -1, "seed is -1: it must be 0 to 2147483647"),
        (SIDE, "up", "side is 'up': it must be one of right, left"),
        (AT, "later", "at is 'later': it must be one of none, beat, bar, or a number from 0"),
        (AT, -1, "at is '-1': it must be one of none, beat, bar, or a number from 0"),
        (ID, "x" * 11, "id is 11 characters: it must be at most 10 characters"),
    ],
)
def test_a_range_error_names_argument_value_and_range(
    argument: Argument, value: OscValue, text: str
) -> None:
    assert coercion(argument, value) == (Code.ERANGE, text)


def test_the_ends_of_a_range_are_legal() -> None:
    assert [coerce(SECONDS, v) for v in (0.5, 190)] == [0.5, 190.0]
    assert [coerce(STEPS, v) for v in (1, 1000.0)] == [1, 1000]


def test_numbers_are_text_where_text_is_wanted() -> None:
    assert coerce(PROMPT, 7.0) == "7"
    assert coerce(PROMPT, 7.5) == "7.5"
    assert coerce(AT, 2.0) == "2"
    assert coerce(AT, "1.5") == "1.5"
    assert coercion(PROMPT, b"dark")[0] is Code.ETYPE
    assert coercion(PROMPT, None)[0] is Code.ETYPE
    assert coercion(PROMPT, math.nan)[0] is Code.ERANGE


def test_tokens_survive_clients_that_know_only_floats() -> None:
    assert as_token(7.0) == as_token(7) == as_token("7") == "7"
    assert as_token(1.5) == "1.5"
    assert as_token("a b") == "a b"
    assert as_token(None) == ""
    assert as_token(b"\x01\xff") == "01ff"


def test_numbers_are_written_plainly() -> None:
    assert [format_number(v) for v in (0.02, 1_000_000, 190.0, -90)] == [
        "0.02",
        "1000000",
        "190",
        "-90",
    ]


def test_ranges_in_words() -> None:
    assert Argument("x", "f", "", low=1, unit="s").range_text == "1 s or more"
    assert Argument("x", "f", "", high=2.5).range_text == "at most 2.5"
    assert Argument("x", "f", "").range_text == ""


def test_strings_are_joined_up_to_the_next_key() -> None:
    args: list[OscValue] = ["prompt", "dark", "minimal", "techno", "seconds", 8]
    assert read(KEYS, *args) == {"prompt": "dark minimal techno", "seconds": 8.0}
    assert read((SRC, *KEYS), "my", "old", "loop.wav", "steps", 4) == {
        "src": "my old loop.wav", "steps": 4,
    }  # fmt: skip


def test_marked_keys_let_any_other_word_be_a_value() -> None:
    args: list[OscValue] = ["@prompt", "sixty", "seconds", "of", "steps", "@seconds", 8]
    assert read(KEYS, *args) == {"prompt": "sixty seconds of steps", "seconds": 8.0}
    assert read((SRC, *KEYS), "prompt", "@steps", 4) == {"src": "prompt", "steps": 4}


def test_a_bare_word_is_no_key_once_one_is_marked() -> None:
    assert refused(KEYS, "seconds", 8, "@steps", 4)[0] is Code.EARG
    assert refused(KEYS, "@seconds", 8, "steps", 4)[0] is Code.EARG


def test_a_lone_at_sign_marks_nothing() -> None:
    assert read(KEYS, "prompt", "@", "seconds", 8) == {"prompt": "@", "seconds": 8.0}


@pytest.mark.parametrize(
    "args",
    [
        ("seconds", "steps", 4), ("seconds",), ("prompt", "seconds", 8), ("steps", 4, "prompt"),
        ("@seconds", "@steps", 4), ("@seconds",), ("prompt", "cps", 0.5),
    ],
)  # fmt: skip
def test_a_missing_value_is_never_taken_from_the_next_key(args: tuple[OscValue, ...]) -> None:
    code, text = refused(KEYS, *args)
    assert code is Code.EARG
    assert "has no value" in text


@pytest.mark.parametrize("args", [(), ("seconds", 8), ("@seconds", 8), ("id", 7)])
def test_a_missing_positional_value_is_never_a_key(args: tuple[OscValue, ...]) -> None:
    code, text = refused((SRC, *KEYS), *args)
    assert (code, text) == (Code.EARG, "src is missing: clip")


def test_the_second_of_two_is_missed_by_name() -> None:
    assert refused((A, B, *KEYS), "loop1") == (Code.EARG, "b is missing: second clip")
    assert refused((A, B, *KEYS), "loop1", "steps", 4)[1] == "b is missing: second clip"


def test_clips_may_be_called_like_the_places_they_stand_in() -> None:
    assert read((A, B, *KEYS), "a", "b", "steps", 4) == {"a": "a", "b": "b", "steps": 4}
    assert read((SRC, *KEYS), "src") == {"src": "src"}


def test_only_the_last_text_place_joins() -> None:
    assert read((A, B), "loop1", "my", "file.wav") == {"a": "loop1", "b": "my file.wav"}


@pytest.mark.parametrize(
    ("args", "src"),
    [
        (("loop", 1, 2), "loop"), (("loop", "1", "2"), "loop"), (("loop", "1", 2.0), "loop"),
        (("my", "loop", 1.0, "2"), "my loop"), (("take", "7", 1, 2), "take 7"),
        (("take", "7", "1", "2"), "take 7"), ((7.0, 1, 2), "7"), (("7", "1", "2"), "7"),
        (("take", "7", "1", "2", "steps", "3"), "take 7"),
    ],
)  # fmt: skip
def test_numeric_strings_after_a_name_are_numbers(args: tuple[OscValue, ...], src: str) -> None:
    values = read((SRC, START, END, *KEYS), *args)
    assert (values["src"], values["start"], values["end"]) == (src, 1.0, 2.0)


def test_a_number_too_few_after_a_name() -> None:
    assert refused((SRC, START, END), "my", "loop", 1) == (Code.EARG, "end is missing: to")
    assert refused((SRC, START, END), "my", "loop", "1") == (Code.EARG, "end is missing: to")


def test_a_stray_value_is_earg_and_names_the_keys() -> None:
    code, text = refused((SRC, *KEYS), "loop", 4)
    assert code is Code.EARG
    assert text.startswith("4 stands where a key belongs")
    assert "seconds, steps" in text
    assert len(refused(KEYS, b"x" * 9000)[1]) < 200


def test_an_optional_place_may_be_left_out_or_named() -> None:
    on = Argument("on", "i", "", required=True, positional=True, low=0, high=1)
    assert read((on, PORT, *KEYS), 1) == {"on": 1}
    assert read((on, PORT, *KEYS), 1, 9000.0) == {"on": 1, "port": 9000}
    assert read((on, PORT, *KEYS), 1, "port", "9000") == {"on": 1, "port": 9000}
    assert read((on, PORT, *KEYS), "1", "steps", 4) == {"on": 1, "steps": 4}


@pytest.mark.parametrize(
    ("args", "unknown"),
    [
        (("colour", 3, "seconds", 8), ("colour",)),
        (("colour", "dark", "red", "seconds", 8), ("colour",)),
        (("seconds", 8, "colour"), ("colour",)),
        (("colour", "seconds", 8), ("colour",)),
        (("@colour", "red", "@seconds", 8, "@size", 2.0), ("colour", "size")),
        (("seconds", 8, "colour", b"blob", "colour", None), ("colour", "colour")),
    ],
)
def test_unknown_keys_are_reported_and_go_with_their_value(
    args: tuple[OscValue, ...], unknown: tuple[str, ...]
) -> None:
    assert read_arguments(KEYS, args) == Arguments({"seconds": 8.0}, unknown)


def test_keys_of_tidal_are_passed_over_silently() -> None:
    tidal: list[OscValue] = ["cps", 0.5, "cycle", 4.0, "delta", 0.25, "orbit", 0]
    assert read(KEYS, *tidal, "prompt", "dark", "techno", *tidal, "seconds", 8) == {
        "prompt": "dark techno", "seconds": 8.0,
    }  # fmt: skip
    assert read(KEYS, "@cps", 0.5, "@seconds", 8) == {"seconds": 8.0}


def test_the_last_of_two_equal_keys_wins() -> None:
    assert read(KEYS, "seconds", 8, "seconds", 9) == {"seconds": 9.0}


def test_a_key_is_found_in_a_message_that_is_wrong_elsewhere() -> None:
    assert find_text(KEYS, ["seconds", "many", "id", "my", "take", "steps", 0], "id") == "my take"
    assert find_text(KEYS, ["@prompt", "id", "7", "@id", 9.0], "id") == 9.0
    assert find_text(KEYS, ["steps", 4, "id", "seconds"], "id") == "seconds"
    assert find_text(KEYS, ["seconds", 8, "id"], "id") is None


VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=8),
    st.text(max_size=8), st.sampled_from([*(a.name for a in KEYS), "@seconds", "cps", "left", "8"]),
    st.integers(380, 450).map(lambda digits: "9" * digits),
)  # fmt: skip


@given(st.sampled_from([KEYS, (SRC, START, END, *KEYS), (A, B, *KEYS)]), st.lists(VALUE))
def test_whatever_comes_is_read_or_refused(
    known: tuple[Argument, ...], args: list[OscValue]
) -> None:
    try:
        found = read_arguments(known, args)
    except CommandError:
        assert all(refused(known, *args))
        return
    by_name = {argument.name: argument for argument in known}
    assert {a.name for a in known if a.required} <= set(found.values)
    for name, value in found.values.items():
        assert isinstance(value, {"i": int, "f": float, "s": str}[by_name[name].kind])
        assert coerce(by_name[name], value) == value
