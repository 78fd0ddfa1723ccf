"""Check that messages become the requests that protocol version 1 defines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import (
    COMMANDS,
    Command,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Notify,
    Outpaint,
    Play,
    Stop,
)
from msanii_live.protocol.request import (
    all_arguments,
    matching_commands,
    parse_request,
    peek_reply_port,
    peek_token,
)
from msanii_live.protocol.schema import TOKEN_LIMIT, OscValue


def refused(address: str, *args: OscValue) -> tuple[Code, str]:
    with pytest.raises(CommandError) as caught:
        parse_request(address, args)
    return caught.value.code, caught.value.text


def test_a_bare_generate_has_the_defaults() -> None:
    request = parse_request("/msanii/generate", [])
    assert request.command == Generate()
    assert (request.token, request.reply_port, request.unknown) == ("", 0, ())
    assert Generate().seconds == 6.0
    assert Generate().seed is None


def test_a_message_as_pure_data_sends_it() -> None:
    args: list[OscValue] = ["prompt", "dark", "techno", "seconds", 8.0, "seed", 7.0, "id", 3.0]
    request = parse_request("/msanii/generate", args)
    assert request.command == Generate(prompt="dark techno", seconds=8.0, seed=7)
    assert request.token == "3"


def test_a_message_as_max_sends_it() -> None:
    args: list[OscValue] = [
        "@seconds",
        8,
        "@prompt",
        "bars of rain",
        "@reply_port",
        9000,
        "@id",
        "x",
    ]
    request = parse_request("/msanii/generate", args)
    assert request.command == Generate(prompt="bars of rain", seconds=8.0)
    assert (request.token, request.reply_port) == ("x", 9000)


def test_a_message_all_of_strings() -> None:
    args = ["loop1", "1.5", "3", "steps", "20", "play", "1", "at", "4", "id", "7.0"]
    request = parse_request("/msanii/inpaint", args)
    assert request.command == Inpaint(src="loop1", start=1.5, end=3.0, steps=20, play=1, at="4")
    assert request.token == "7.0"


def test_a_message_as_tidal_sends_it() -> None:
    args: list[OscValue] = ["cps", 0.56, "cycle", 2.0, "delta", 1.7, "orbit", 0, "density", 0.4]
    request = parse_request("/msanii/generate", args)
    assert request.command == Generate(density=0.4)
    assert request.unknown == ()


def test_positional_values() -> None:
    assert parse_request("/msanii/interpolate", ["a", "b", "mix", 1]).command == Interpolate(
        a="a", b="b", mix=1.0
    )
    assert parse_request(
        "/msanii/outpaint", ["current", "side", "left", "keep", False]
    ).command == (Outpaint(src="current", side="left", keep=0))
    assert parse_request("/msanii/play", [7.0, "at", "bar", "loop", True]).command == Play(
        clip="7", at="bar", loop=1
    )
    assert parse_request("/msanii/stop", []).command == Stop()
    assert parse_request("/msanii/stop", ["fade", 2]).command == Stop(fade=2.0)
    assert parse_request("/msanii/notify", [1, "port", 9000]).command == Notify(on=1, port=9000)


@pytest.mark.parametrize("address", [c.address for c in COMMANDS])
@pytest.mark.parametrize(
    "change", [lambda a: a + "/", str.upper, lambda a: a[1:], lambda a: a + "x"]
)
def test_an_address_is_exact(address: str, change) -> None:  # type: ignore[no-untyped-def]
    code, text = refused(change(address))
    assert code is Code.EADDR
    assert text.startswith(f"no command has the address {change(address)}")


def test_an_address_that_is_nearly_right_is_suggested() -> None:
    assert refused("/msanii/Generate/")[1].endswith("did you mean /msanii/generate?")
    assert refused("/msanii/*")[1].endswith("`msanii-live docs osc` lists them")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["seconds"], Code.EARG), (["seconds", "prompt", "x"], Code.EARG), ([8], Code.EARG),
        (["seconds", "long"], Code.ETYPE), (["steps", 2.5], Code.ETYPE),
        (["seconds", b"8"], Code.ETYPE), (["seconds", None], Code.ETYPE),
        (["seconds", 500], Code.ERANGE), (["seconds", float("nan")], Code.ERANGE),
        (["seed", 2**31], Code.ERANGE), (["at", "soon"], Code.ERANGE), (["play", 2], Code.ERANGE),
        (["at", 1e308], Code.ERANGE), (["at", "1e308"], Code.ERANGE),
        (["reply_port", 70_000], Code.ERANGE), (["id", "x" * 129], Code.ERANGE),
    ],
)  # fmt: skip
def test_each_mistake_has_its_code(args: list[OscValue], code: Code) -> None:
    assert refused("/msanii/generate", *args)[0] is code


def test_a_range_error_says_all() -> None:
    assert refused("/msanii/generate", "seconds", 500) == (
        Code.ERANGE,
        "seconds is 500: it must be 0.5 to 190 s",
    )


def test_unknown_keys_do_not_spoil_a_command() -> None:
    request = parse_request("/msanii/generate", ["seconds", 8, "colour", "dark", "red", "id", 1])
    assert request.command == Generate(seconds=8.0)
    assert (request.token, request.unknown) == ("1", ("colour",))


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        (["stile", "house"], "unknown key stile was ignored: did you mean style?"),
        (["secnods", 8.0], "unknown key secnods was ignored: did you mean seconds?"),
        (["Promt", "dark"], "unknown key Promt was ignored: did you mean prompt?"),
        (["colour", "dark"], "unknown key colour was ignored"),
        (["x" * 60_000], "unknown key " + "x" * 60 + " was ignored"),
    ],
)
def test_a_misspelt_key_is_asked_about(args: list[OscValue], asked: str) -> None:
    assert parse_request("/msanii/generate", args).warnings == [asked]


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("techno key A minor", "A minor"), ("techno key D dorian", "D dorian"),
        ("techno in the key of F#m", "of F#m"), ("techno key bb Major", "bb Major"),
        ("techno key to success", ""), ("techno in A minor key", ""),
    ],
)  # fmt: skip
def test_the_word_key_in_a_prompt(prompt: str, key: str) -> None:
    request = parse_request("/msanii/generate", ["prompt", *prompt.split(), "seconds", 2.0])
    assert isinstance(request.command, Generate)
    assert (request.command.key, request.command.seconds) == (key, 2.0)
    assert len(request.warnings) == (not key)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a song in form of a dream", {}), ("swing house", {}), ("chords of doom", {}),
        ("parts of me", {}), ("metre unknown", {}), ("stems of light", {}), ("dark chords", {}),
        ("chords a la carte", {}), ("form", {}),
        ("lofi chords Am F C G", {"chords": "Am F C G"}), ("waltz metre 3/4", {"metre": "3/4"}),
        ("pop form intro 4, verse 8", {"form": "intro 4, verse 8"}),
        ("swing swing 0.5", {"swing": 0.5}), ("techno parts drums bass", {"parts": "drums bass"}),
        ("chords of doom chords Dm:2 A7", {"chords": "Dm:2 A7"}),
    ],
)  # fmt: skip
def test_musical_keys_in_a_prompt_need_a_legal_value(
    prompt: str, expected: dict[str, object]
) -> None:
    request = parse_request("/msanii/generate", ["prompt", *prompt.split(), "seconds", 2.0])
    names = ("chords", "swing", "metre", "form", "parts", "stems")
    default = Generate(seconds=2.0)
    found = {name: getattr(request.command, name) for name in names}
    assert found == {name: getattr(default, name) for name in names} | expected


@pytest.mark.parametrize(
    ("words", "parts", "chords"),
    [
        ("parts chords", "chords", ""), ("parts chords bars 4", "chords", ""),
        ("parts drums chords bars 4", "drums chords", ""),
        ("prompt dub parts chords", "chords", ""),
        ("parts chords drums chords Am F", "chords drums", "Am F"),
        ("parts chords chords Am F bars 4", "chords", "Am F"),
        ("chords Am F parts bass chords lead", "bass chords lead", "Am F"),
        ("prompt parts chords Am F", "", "Am F"),
        ("prompt lofi parts chords chords Dm", "chords", "Dm"),
        ("@parts chords @chords Am", "chords", "Am"), ("id parts chords Am F", "", "Am F"),
        ("parts Drums, chords bars 4", "Drums, chords", ""),
        ("parts bass + chords", "bass + chords", ""),
        ("id chords parts chords bars 4", "chords", ""), ("parts drums id parts", "drums", ""),
    ],
)  # fmt: skip
def test_chords_is_a_part_and_a_key(words: str, parts: str, chords: str) -> None:
    request = parse_request("/msanii/generate", list(words.split()))
    assert isinstance(request.command, Generate)
    assert (request.command.parts, request.command.chords) == (parts, chords)
    assert not [each for each in request.warnings if "chords" in each and "prompt" not in words]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["chords", "Am", "Foo"], "chords is 'Am Foo': 'Foo' is no known chord: qualities are"),
        (["@chords", "of doom"], "chords is 'of doom': 'of' is no chord"),
        (["metre", "7/9"], "metre is '7/9': it must be one of 4/4, 3/4"),
        (["form", "drop", 8], "form is 'drop 8': 'drop 8' is no section with its bars"),
        (["parts", "violins"], "parts is 'violins': 'violins' is no part: parts are drums"),
        (["swing", 2.0], "swing is 2: it must be 0 to 1"),
    ],
)  # fmt: skip
def test_musical_words_are_checked_before_there_is_a_job(args: list[OscValue], reason: str) -> None:
    code, text = refused("/msanii/generate", *args)
    assert code is Code.ERANGE
    assert text.startswith(reason)


def test_a_form_may_come_as_words_and_numbers() -> None:
    """Message boxes of Pd and Max send numbers as numbers, and have no quoting."""
    args: list[OscValue] = ["form", "intro", 4, "verse", 8.0, "seconds", 8, "id", "t"]
    request = parse_request("/msanii/generate", args)
    assert request.command == Generate(form="intro 4 verse 8", seconds=8.0)
    args = ["prompt", "dark", "form", "intro", 4, "verse", 8, "bars", 12]
    assert parse_request("/msanii/generate", args).command == Generate(
        prompt="dark", form="intro 4 verse 8", bars=12.0
    )


def test_the_words_of_a_prompt_are_warned_of_once() -> None:
    text = "techno at night at last seconds of peace bars"
    (warning,) = parse_request("/msanii/generate", ["prompt", *text.split()]).warnings
    assert warning.startswith("at, seconds, bars counted as text and not as a key")


WITHOUT_VALUES = [
    c.address
    for c in COMMANDS
    if not any(a.positional and (a.required or a.takes_a_number) for a in all_arguments(c))
]


@pytest.mark.parametrize("address", WITHOUT_VALUES)
def test_a_button_runs_a_command_when_it_is_pressed(address: str) -> None:
    plain = parse_request(address, ["id", "t"])
    for pressed in (1, 1.0, True, 1.0000001, 0.99999994):
        assert parse_request(address, [pressed, "id", "t"]) == plain
        assert parse_request(address, [pressed]).command == plain.command
    for released in (0, 0.0, False, -0.0, 1e-9):
        let_go = parse_request(address, [released, "@id", "t"])
        assert (let_go.is_release, let_go.token, let_go.command) == (True, "t", plain.command)
        assert parse_request(address, [released]).is_release


def test_buttons_work_for_all_commands_that_need_no_value() -> None:
    names = "ping status version caps stop stream/start stream/stop clearsched record/stop generate"
    assert {f"/msanii/{name}" for name in names.split()} < set(WITHOUT_VALUES)
    assert len(WITHOUT_VALUES) >= 15


@pytest.mark.parametrize(
    ("address", "value", "name"),
    [
        ("/msanii/dump", 0, "on"), ("/msanii/notify", 0.0, "on"), ("/msanii/sync", 1.0, "number"),
        ("/msanii/sync", 0, "number"), ("/msanii/param/stream.mix", 0.0, "value"),
        ("/msanii/param/stream.steps", 1, "value"), ("/msanii/param/stream.target", 1.0, "value"),
        ("/msanii/play", 1.0, "clip"), ("/msanii/job/cancel", 1, "job"),
    ],
)  # fmt: skip
def test_a_number_that_is_a_value_is_no_button(address: str, value: OscValue, name: str) -> None:
    request = parse_request(address, [value])
    assert not request.is_release
    assert getattr(request.command, name) in (value, str(value), str(int(value or 0)))


@pytest.mark.parametrize(
    ("args", "code"),
    [([0.5], Code.EARG), ([2], Code.EARG), ([1.0, 1.0], Code.EARG), ([1.0, "seconds"], Code.EARG),
     ([float("nan")], Code.EARG), ([0, "seconds", 500], Code.ERANGE), ([None], Code.EARG)],
)  # fmt: skip
def test_other_numbers_are_no_buttons(args: list[OscValue], code: Code) -> None:
    assert refused("/msanii/generate", *args)[0] is code


def test_a_clip_called_1_can_be_named() -> None:
    assert parse_request("/msanii/stop", ["clip", 1]).command == Stop(clip="1")
    assert parse_request("/msanii/stop", ["1"]).command == Stop(clip="1")
    assert parse_request("/msanii/stop", [1, "fade", 2.0]).command == Stop(fade=2.0)
    assert parse_request("/msanii/stop", [7.0]).command == Stop(clip="7")


def test_a_failing_message_keeps_its_token() -> None:
    assert peek_token(["seconds", 500, "id", 7.0]) == "7"
    assert peek_token(["seconds", 500, "id", "my", "take", "seed", 1]) == "my take"
    assert peek_token(["@prompt", "id", "7", "@id", "9"]) == "9"
    assert peek_token(["seconds", 8, "id", "bars"]) == "bars"  # EARG, but its sender hears of it
    assert peek_token(["seconds", 8]) == ""
    assert peek_token([]) == ""
    assert peek_token(["id", "x" * 9000]) == "x" * TOKEN_LIMIT


def test_a_failing_message_keeps_its_reply_port() -> None:
    assert peek_reply_port(["seconds", 500, "reply_port", "9000"]) == 9000
    assert peek_reply_port(["@seconds", 500, "@reply_port", 9000.0]) == 9000
    assert peek_reply_port(["seconds", 500]) == 0
    for bad in (70_000, -1, 2.5, float("nan"), "home", None, b"x"):
        assert peek_reply_port(["seconds", 500, "reply_port", bad]) == 0


KEY = st.sampled_from(sorted({a.name for c in COMMANDS for a in all_arguments(c)}))
VALUE = st.one_of(
    KEY, KEY.map("@{}".format), st.none(), st.booleans(), st.integers(), st.floats(),
    st.floats(0, 10, width=32), st.integers(0, 10), st.binary(max_size=4), st.text(max_size=6),
    st.sampled_from(["cps", "orbit", "7", "2.5", "nan", "9" * 400, "@", "last", "bar"]),
)  # fmt: skip
ARGS = st.lists(VALUE, max_size=12)


@given(st.sampled_from(COMMANDS), ARGS)
def test_any_arguments_make_a_command_or_a_command_error(
    kind: type[Command], args: list[OscValue]
) -> None:
    try:
        request = parse_request(kind.address, args)
    except CommandError:
        assert refused(kind.address, *args)[0] in (Code.EARG, Code.ETYPE, Code.ERANGE)
        assert len(peek_token(args)) <= TOKEN_LIMIT
        return
    assert type(request.command) is kind
    assert request.token == peek_token(args, kind.address)
    assert 0 <= request.reply_port <= 65_535
    assert isinstance(request.command, GenerationCommand) == issubclass(kind, GenerationCommand)


@given(st.text(), ARGS)
def test_any_address_is_read_or_refused(address: str, args: list[OscValue]) -> None:
    assert refused("/" + address, *args)[0] is Code.EADDR


def test_a_range_error_of_a_time_names_the_range() -> None:
    assert refused("/msanii/play", "loop1", "at", 1e308) == (
        Code.ERANGE,
        "at is '1e+308': it must be one of none, beat, bar, or a number from 0 to 10000",
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/msanii/p?ng", ["/msanii/ping"]),
        ("/msanii/{status,version}", ["/msanii/status", "/msanii/version"]),
        ("/msanii/param/stream.m*", ["/msanii/param/stream.mix"]),
    ],
)
def test_a_pattern_reaches_commands_that_read_and_params(pattern: str, expected: list[str]) -> None:
    assert matching_commands(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/msanii/pin[", "not closed"),
        ("/msanii/?", "no command's address matches"),
        ("/msanii/q*", "/msanii/quit, which does more than read"),
        ("/msanii/{ping,generate}", "/msanii/generate, which does more than read"),
        ("/" + "?" * 256, "at most 256 characters"),
    ],
)
def test_other_patterns_are_eaddr(pattern: str, reason: str) -> None:
    with pytest.raises(CommandError) as caught:
        matching_commands(pattern)
    assert caught.value.code is Code.EADDR
    assert reason in caught.value.text
