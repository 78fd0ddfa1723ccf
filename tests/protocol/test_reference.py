"""Check that docs/osc.md is written from the table, and that its examples are valid."""

import inspect
from pathlib import Path

import pytest

from msanii_live.errors import Code
from msanii_live.protocol.commands import COMMANDS, Command, GenerationCommand
from msanii_live.protocol.reference import CODE_TEXTS, example, render_markdown
from msanii_live.protocol.replies import REPLIES, ReplyType
from msanii_live.protocol.request import parse_request
from msanii_live.protocol.schema import arguments

PAGE = Path(__file__).parents[2] / "docs" / "osc.md"


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text("utf-8") == render_markdown(), (
        "docs/osc.md is stale: run `msanii-live spec > docs/osc.md`"
    )


def test_every_code_has_its_sentence() -> None:
    assert set(CODE_TEXTS) == set(Code)
    page = render_markdown()
    for code, text in CODE_TEXTS.items():
        assert f"| `{code}` | {text} |" in page


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_one_section(command: type[Command]) -> None:
    page = render_markdown()
    assert page.count(f"\n### {command.address}\n") == 1
    section = page.split(f"\n### {command.address}\n")[1].split("\n##")[0]
    assert inspect.cleandoc(command.__doc__ or "?") in section
    assert f"Answer: `{command.reply}`" in section
    shared = arguments(GenerationCommand) if issubclass(command, GenerationCommand) else ()
    for argument in arguments(command):
        assert (f"| `{argument.name}` |" in section) is (argument not in shared), argument.name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_is_a_message_that_the_server_takes(command: type[Command]) -> None:
    address, args = example(command)
    request = parse_request(address, args)
    assert type(request.command) is command
    assert request.unknown == ()
    section = render_markdown().split(f"\n### {address}\n")[1].split("\n##")[0]
    shown = section.split("Example: `")[1].split("`")[0].split()
    assert parse_request(shown[0], shown[1:]).command == request.command


def test_every_reply_has_a_row() -> None:
    page = render_markdown().split("\n## Replies\n")[1]
    for reply in REPLIES:
        row = f"| `{reply.address}` | `{reply.tags}` | {', '.join(reply.fields)} | {reply.text} |"
        assert page.count(row) == 1, reply.address
        assert reply.text[0].isupper(), reply.address
        assert reply.text.endswith("."), reply.address


@pytest.mark.parametrize("command", COMMANDS)
def test_the_meaning_of_every_argument_is_in_its_row(command: type[Command]) -> None:
    page = render_markdown()
    for argument in arguments(command):
        assert argument.text, argument.name
        row = f"| `{argument.name}` | `{argument.kind}` |"
        cell = argument.text.replace("|", "\\|")
        lines = [line for line in page.splitlines() if line.startswith(row)]
        assert any(line.endswith(f"| {cell} |") for line in lines), argument.name


def test_every_answer_is_a_reply() -> None:
    assert {command.reply for command in COMMANDS} <= {reply.address for reply in REPLIES}


@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_names_each_of_its_values(reply: ReplyType) -> None:
    assert len(reply.tags) == len(reply.fields)
    assert set(reply.tags) <= set("ifs")


def test_the_table_has_no_stray_bars() -> None:
    for line in render_markdown().splitlines():
        if line.startswith("| `"):
            assert line.replace("\\|", "").count("|") in (3, 5, 7), line
