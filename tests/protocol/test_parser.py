"""Check how a message is split into positional values, keys and their values."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.coercion import coerce
from msanii_live.protocol.parser import ParsedArguments, find_value, parse_arguments
from msanii_live.protocol.schema import Argument, OscValue

SECONDS = Argument("seconds", "f", "length", 6.0, low=0.5, high=190.0, unit="s")
STEPS = Argument("steps", "i", "denoising steps", low=1, high=1000)
PROMPT = Argument("prompt", "s", "words", "", is_free_text=True)
SIDE = Argument("side", "s", "where", "right", choices=("right", "left"))
AT = Argument("at", "s", "when", "none", choices=("none", "beat", "bar"), max_number=10_000)
ID = Argument("id", "s", "token", "", max_length=10)
BARS = Argument("bars", "f", "length", low=0.125, high=400)
STYLE = Argument("style", "s", "style", "")
CLIP = Argument("clip", "s", "name", "", pattern="[a-z0-9-]+")
WORDY = (SECONDS, STEPS, PROMPT, SIDE, AT, ID, BARS, STYLE, CLIP)
SRC = Argument("src", "s", "clip", required=True, positional=True)
START = Argument("start", "f", "from", required=True, positional=True, low=0, high=3600)
END = Argument("end", "f", "to", required=True, positional=True, low=0, high=3600)
A = Argument("a", "s", "first clip", required=True, positional=True)
B = Argument("b", "s", "second clip", required=True, positional=True)
PORT = Argument("port", "i", "port", 0, positional=True, low=0, high=65_535)
KEYS = (SECONDS, STEPS, PROMPT, SIDE, AT, ID)


def read(known: Sequence[Argument], *args: OscValue) -> dict[str, int | float | str]:
    parsed = parse_arguments(known, args)
    assert parsed.unknown == ()
    return dict(parsed.values)


def refused(known: Sequence[Argument], *args: OscValue) -> tuple[Code, str]:
    with pytest.raises(CommandError) as caught:
        parse_arguments(known, args)
    return caught.value.code, caught.value.text


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


@pytest.mark.parametrize(
    ("args", "src"),
    [
        (("loop", "start", 1, "end", 2), "loop"), (("loop", "start", "1", "end", "2"), "loop"),
        (("loop", 1, "end", 2), "loop"), (("my", "loop", "start", 1, 2, "steps", 3), "my loop"),
        (("start", "start", 1, "end", 2), "start"), (("start", 1, 2), "start"),
    ],
)  # fmt: skip
def test_numbers_may_have_their_names_in_front(args: tuple[OscValue, ...], src: str) -> None:
    values = read((SRC, START, END, *KEYS), *args)
    assert (values["src"], values["start"], values["end"]) == (src, 1.0, 2.0)


def test_names_of_numbers_never_change_their_order() -> None:
    assert refused((SRC, START, END), "loop", "end", 2, "start", 1)[0] is Code.ETYPE
    assert refused((SRC, START, END), *["start", 1] * 2_000)[0] is Code.ETYPE


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
    assert parse_arguments(KEYS, args) == ParsedArguments({"seconds": 8.0}, unknown)


def test_keys_of_tidal_are_passed_over_silently() -> None:
    tidal: list[OscValue] = ["cps", 0.5, "cycle", 4.0, "delta", 0.25, "orbit", 0]
    assert read(KEYS, *tidal, "prompt", "dark", "techno", *tidal, "seconds", 8) == {
        "prompt": "dark techno", "seconds": 8.0,
    }  # fmt: skip
    assert read(KEYS, "@cps", 0.5, "@seconds", 8) == {"seconds": 8.0}


def test_the_last_of_two_equal_keys_wins() -> None:
    assert read(KEYS, "seconds", 8, "seconds", 9) == {"seconds": 9.0}


def test_a_key_is_found_in_a_message_that_is_wrong_elsewhere() -> None:
    assert find_value(KEYS, ["seconds", "many", "id", "my", "take", "steps", 0], "id") == "my take"
    assert find_value(KEYS, ["@prompt", "id", "7", "@id", 9.0], "id") == 9.0
    assert find_value(KEYS, ["steps", 4, "id", "seconds"], "id") == "seconds"
    assert find_value(KEYS, ["seconds", 8, "id"], "id") is None


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        ("techno at night bars 2", {"prompt": "techno at night", "bars": 2.0}, "at"),
        ("at night bars 2", {"prompt": "at night", "bars": 2.0}, "at"),
        ("techno at bar bars 2", {"prompt": "techno", "at": "bar", "bars": 2.0}, ""),
        ("techno at 120 drums", {"prompt": "techno at 120 drums"}, "at"),
        ("techno at 4 bars 2", {"prompt": "techno", "at": "4", "bars": 2.0}, ""),
        ("seconds of rain", {"prompt": "seconds of rain"}, "seconds"),
        ("thirty seconds", {"prompt": "thirty seconds"}, "seconds"),
        ("sixty seconds of steps steps 4", {"prompt": "sixty seconds of steps", "steps": 4},
         "seconds steps"),
        ("4 bars of jazz bars 4", {"prompt": "4 bars of jazz", "bars": 4.0}, "bars"),
        ("the left side of town side left", {"prompt": "the left side of town", "side": "left"},
         "side"),
        ("steps 9999 steps 4", {"prompt": "steps 9999", "steps": 4}, "steps"),
        ("a clip of rain clip rain-1", {"prompt": "a clip of rain", "clip": "rain-1"}, "clip"),
        ("dark style techno at night", {"prompt": "dark", "style": "techno at night"}, "at"),
        ("a cycle of fifths cycle 4", {"prompt": "a cycle of fifths"}, "cycle"),
        ("at at at night", {"prompt": "at at at night"}, "at"),
        ("dark id at steps 4", {"prompt": "dark", "id": "at", "steps": 4}, ""),
    ],
)  # fmt: skip
def test_a_key_in_free_text_is_a_word_unless_a_legal_value_follows(
    text: str, values: dict[str, int | float | str], words: str
) -> None:
    parsed = parse_arguments(WORDY, ["prompt", *text.split()])
    assert (parsed.values, parsed.unknown) == (values, ())
    assert " ".join(parsed.words) == words


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("prompt", "techno", "seconds", 500), Code.ERANGE),  # a number is no part of a text
        (("prompt", "techno", "at", -1.0), Code.ERANGE),
        (("prompt", "techno", "steps", 2.5), Code.ETYPE),
        (("@prompt", "techno", "@at", "night"), Code.ERANGE),
        (("@prompt", "techno", "@seconds"), Code.EARG),
        (("at", "night", "prompt", "techno"), Code.ERANGE),  # no free text yet
        (("style", "techno", "at", "night"), Code.ERANGE),  # a style is no free text
    ],
)
def test_other_keys_are_strict(args: tuple[OscValue, ...], code: Code) -> None:
    assert refused(WORDY, *args)[0] is code


@pytest.mark.parametrize("words", [("at",), ("at", "style"), ("seconds", "x"), ("clip", "a", "b")])
def test_many_keys_in_free_text_are_read_in_bounded_time(words: tuple[str, ...]) -> None:
    began = time.perf_counter()
    parse_arguments(WORDY, ["prompt", *words * 10_000, "z"])
    assert time.perf_counter() - began < 3.0


VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=8),
    st.text(max_size=8), st.sampled_from([*(a.name for a in KEYS), "@seconds", "cps", "left", "8"]),
    st.integers(380, 450).map(lambda digits: "9" * digits),
)  # fmt: skip


@given(st.sampled_from([KEYS, WORDY, (SRC, START, END, *KEYS), (A, B, *KEYS)]), st.lists(VALUE))
def test_whatever_comes_is_read_or_refused(
    known: tuple[Argument, ...], args: list[OscValue]
) -> None:
    try:
        found = parse_arguments(known, args)
    except CommandError:
        assert all(refused(known, *args))
        return
    by_name = {argument.name: argument for argument in known}
    assert {a.name for a in known if a.required} <= set(found.values)
    for name, value in found.values.items():
        assert isinstance(value, {"i": int, "f": float, "s": str}[by_name[name].kind])
        assert coerce(by_name[name], value) == value
