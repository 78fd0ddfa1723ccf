"""Check how a single OSC value becomes an argument."""

import math
import struct

import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.coercion import coerce, format_token, format_value, shortest_decimal
from msanii_live.protocol.schema import Argument, OscValue, format_number

SECONDS = Argument("seconds", "f", "length", 6.0, low=0.5, high=190.0, unit="s")
STEPS = Argument("steps", "i", "denoising steps", low=1, high=1000)
DENSITY = Argument("density", "f", "how busy", low=0, high=1)
SEED = Argument("seed", "i", "seed", low=0, high=2**31 - 1)
PROMPT = Argument("prompt", "s", "words", "")
SIDE = Argument("side", "s", "where", "right", choices=("right", "left"))
AT = Argument("at", "s", "when", "none", choices=("none", "beat", "bar"), max_number=10_000)
ID = Argument("id", "s", "token", "", max_length=10)


def refused(argument: Argument, value: OscValue) -> tuple[Code, str]:
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
    assert refused(SECONDS, False)[0] is Code.ERANGE


@pytest.mark.parametrize("value", [2.5, "2.5", 1.0000001, 1e-9])
def test_a_whole_number_is_never_rounded(value: OscValue) -> None:
    code, text = refused(STEPS, value)
    assert code is Code.ETYPE
    assert text.startswith("steps is ")
    assert str(value) in text
    assert "whole number" in text


@pytest.mark.parametrize("value", ["many", "", "8 s", "1_0", b"8", None, "0x10", "9" * 5000])
def test_what_is_no_number_is_etype(value: OscValue) -> None:
    for argument in (SECONDS, STEPS):
        code, text = refused(argument, value)
        assert code is Code.ETYPE
        assert text.startswith(f"{argument.name} is ")
        assert len(text) < 120


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "inf", "-Infinity"])
@pytest.mark.parametrize("argument", [SECONDS, STEPS, AT])
def test_nan_and_infinity_are_out_of_range(argument: Argument, value: OscValue) -> None:
    code, text = refused(argument, value)
    assert code is Code.ERANGE
    assert text.startswith(f"{argument.name} is ")
    assert argument.range_text in text


@pytest.mark.parametrize("value", [10**300, 10**390, "9" * 390, "-" + "9" * 390, 1e300])
@pytest.mark.parametrize("argument", [SECONDS, STEPS])
def test_numbers_beyond_every_float_are_out_of_range(argument: Argument, value: OscValue) -> None:
    assert refused(argument, value)[0] is Code.ERANGE


@pytest.mark.parametrize(
    ("argument", "value", "text"),
    [
        (SECONDS, 500, "seconds is 500: it must be 0.5 to 190 s"),
        (SECONDS, 0.25, "seconds is 0.25: it must be 0.5 to 190 s"),
        (SECONDS, 190.0001, "seconds is 190.0001: it must be 0.5 to 190 s"),
        (STEPS, 0, "steps is 0: it must be 1 to 1000"),
        (STEPS, "1001.0", "steps is 1001: it must be 1 to 1000"),
        (SEED, -1, "seed is -1: it must be 0 to 2147483647"),
        (SIDE, "up", "side is 'up': it must be one of right, left"),
        (
            AT,
            "later",
            "at is 'later': it must be one of none, beat, bar, or a number from 0 to 10000",
        ),
        (AT, -1, "at is '-1': it must be one of none, beat, bar, or a number from 0 to 10000"),
        (ID, "x" * 11, "id is 11 characters: it must be at most 10 characters"),
    ],
)
def test_a_range_error_names_argument_value_and_range(
    argument: Argument, value: OscValue, text: str
) -> None:
    assert refused(argument, value) == (Code.ERANGE, text)


@pytest.mark.parametrize(
    "shown",
    [0.7, 0.1, 1 / 3, 0.3, 123.456, 5e-05, 16777215.0, 1e-45, 3.4e38, -0.7, 0.0, 1.0, 189.9],
)
def test_a_32_bit_float_is_the_shortest_decimal(shown: float) -> None:
    sent = struct.unpack("f", struct.pack("f", shown))[0]
    found = shortest_decimal(sent)
    assert struct.pack("f", found) == struct.pack("f", sent)
    assert len(repr(found)) <= max(len(repr(shown)), 12)
    assert shortest_decimal(shown) == (shown if shown != sent else found)


@pytest.mark.parametrize("short", [0.7, 0.1, 0.123457])
def test_texts_and_values_have_the_shortest_decimal(short: float) -> None:
    sent = struct.unpack("f", struct.pack("f", short))[0]
    assert sent != short
    assert coerce(DENSITY, sent) == short
    assert coerce(PROMPT, sent) == format_token(sent) == format_value(sent) == str(short)
    assert refused(STEPS, sent)[1] == f"steps is {short}: it must be a whole number"
    assert refused(SIDE, sent)[1].startswith(f"side is '{short}': ")


@pytest.mark.parametrize("exact", [0.1234567890123, 1e300, 2.5, 0.7000000001])
def test_other_numbers_stay_as_they_are(exact: float) -> None:
    assert shortest_decimal(exact) == exact


# A float32 near 190 has steps of 1.5e-5, near 0.5 of 6e-8 (below) and 1.2e-7 at 1.
@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        (DENSITY, 1.0000001, 1.0),
        (DENSITY, 1.0000004, 1.0),
        (DENSITY, "1.0000001", 1.0),
        (DENSITY, -1e-7, 0.0),
        (DENSITY, 0.9999999, 0.9999999),  # inside the range, nothing is rounded
        (SECONDS, 190.00003, 190.0),
        (SECONDS, 0.49999994, 0.5),
    ],
)
def test_a_rounding_error_at_the_end_of_a_range_is_forgiven(
    argument: Argument, value: OscValue, expected: float
) -> None:
    assert coerce(argument, value) == expected


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        (DENSITY, 1.000001),
        (DENSITY, -1e-6),
        (SECONDS, 190.0001),
        (SECONDS, 0.49999),
        (SEED, 2**31),  # whole numbers are exact
    ],
)
def test_more_than_a_rounding_error_is_out_of_range(argument: Argument, value: OscValue) -> None:
    assert refused(argument, value)[0] is Code.ERANGE


@pytest.mark.parametrize("value", ["1e308", 1e308, 10_001, "10000.5", "9" * 390, -0.5, "-1e-9"])
def test_the_number_beside_words_has_a_range_too(value: OscValue) -> None:
    code, text = refused(AT, value)
    assert code is Code.ERANGE
    assert text.endswith("it must be one of none, beat, bar, or a number from 0 to 10000")


def test_the_ends_of_a_range_are_legal() -> None:
    assert [coerce(AT, v) for v in (0, "10000", 10_000.0)] == ["0", "10000", "10000"]
    assert [coerce(SECONDS, v) for v in (0.5, 190)] == [0.5, 190.0]
    assert [coerce(STEPS, v) for v in (1, 1000.0)] == [1, 1000]


def test_numbers_are_text_where_text_is_wanted() -> None:
    assert coerce(PROMPT, 7.0) == "7"
    assert coerce(PROMPT, 7.5) == "7.5"
    assert coerce(AT, 2.0) == "2"
    assert coerce(AT, "1.5") == "1.5"
    assert refused(PROMPT, b"dark")[0] is Code.ETYPE
    assert refused(PROMPT, None)[0] is Code.ETYPE
    assert refused(PROMPT, math.nan)[0] is Code.ERANGE


def test_tokens_survive_clients_that_know_only_floats() -> None:
    assert format_token(7.0) == format_token(7) == format_token("7") == "7"
    assert format_token(1.5) == "1.5"
    assert format_token("a b") == "a b"
    assert format_token(None) == ""
    assert format_token(b"\x01\xff") == "01ff"


def test_numbers_are_written_plainly() -> None:
    assert [format_number(v) for v in (0.02, 1_000_000, 190.0, -90)] == [
        "0.02",
        "1000000",
        "190",
        "-90",
    ]


def test_ranges_in_words() -> None:
    assert SECONDS.range_text == "0.5 to 190 s"
    assert STEPS.range_text == "1 to 1000"
    assert SIDE.range_text == "right, left"
    assert AT.range_text == "none, beat, bar, or a number from 0 to 10000"
    assert ID.range_text == "at most 10 characters"
    assert PROMPT.range_text == ""
