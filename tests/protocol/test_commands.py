"""Check the command table itself: unique names, legal defaults, bounded ranges."""

import dataclasses

import pytest

from msanii_live.protocol.command import AT_CHOICES
from msanii_live.protocol.commands import BY_ADDRESS, COMMANDS, Command, Generate, Outpaint
from msanii_live.protocol.request import all_arguments, parse_request
from msanii_live.protocol.schema import ENVELOPE, OscValue, arguments


@pytest.mark.parametrize("command", COMMANDS)
def test_every_number_has_an_upper_and_a_lower_bound(command: type[Command]) -> None:
    for argument in all_arguments(command):
        if argument.kind != "s":
            assert argument.low is not None, argument.name
            assert argument.high is not None, argument.name
            assert argument.low < argument.high, argument.name
        if argument.choices == AT_CHOICES:
            assert argument.max_number == 10_000, argument.name


def test_addresses_are_unique_and_names_are_not_taken_twice() -> None:
    assert len(BY_ADDRESS) == len(COMMANDS)
    for command in COMMANDS:
        names = [argument.name for argument in all_arguments(command)]
        assert len(names) == len(set(names)), command.address


@pytest.mark.parametrize("command", COMMANDS)
def test_every_default_is_a_legal_value(command: type[Command]) -> None:
    for argument in (*arguments(command), *ENVELOPE):
        assert not (argument.required and not argument.positional), argument.name
        if argument.required or argument.default is None:
            continue
        kind = {"i": int, "f": float, "s": str}[argument.kind]
        assert type(argument.default) is kind, argument.name
        if isinstance(argument.default, str):
            assert not argument.choices or argument.default in argument.choices
        else:
            assert argument.allows(argument.default)


def test_a_command_is_its_own_record() -> None:
    command = Outpaint(src="loop1", seed=7)
    record = command.as_dict()
    assert record["address"] == "/msanii/outpaint"
    assert "bars" not in record
    assert record["seed"] == 7
    args: list[OscValue] = [record["src"]]
    for argument in arguments(Outpaint):
        if not argument.positional and record.get(argument.name, "") != "":
            args += [f"@{argument.name}", record[argument.name]]
    assert parse_request("/msanii/outpaint", args).command == command


def test_commands_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Generate().seconds = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["prompt", "song", "with", "lyrics", "about", "rain", "steps", 8],
         {"prompt": "song with lyrics about rain", "steps": 8}),
        (["prompt", "pop", "lyrics", "[verse]", "hello", "guidance", 4],
         {"prompt": "pop", "lyrics": "[verse] hello", "guidance": 4.0}),
        (["prompt", "meditation", "guidance", "music"], {"prompt": "meditation guidance music"}),
        (["prompt", "techno", "negative", "vocals"], {"prompt": "techno", "negative": "vocals"}),
        (["@prompt", "pop", "@lyrics", "hello"], {"prompt": "pop", "lyrics": "hello"}),
    ],
)  # fmt: skip
def test_keys_for_published_models_are_told_from_words_of_a_prompt(
    words: list[OscValue], wanted: dict[str, OscValue]
) -> None:
    made = parse_request("/msanii/generate", words).command
    assert made == Generate(**wanted)  # type: ignore[arg-type]
