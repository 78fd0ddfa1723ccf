"""Write the client's typed commands from the command table: `python tools/generate_client.py`."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from msanii_live.protocol.commands import (  # noqa: E402
    COMMANDS,
    PARAM_ROOT,
    Command,
    GenerationCommand,
    JobCommand,
)
from msanii_live.protocol.replies import REPLY_BY_ADDRESS, ReplyType  # noqa: E402
from msanii_live.protocol.schema import Argument, arguments  # noqa: E402

TARGET = ROOT / "msanii_live" / "client"
TYPES = {"i": "int", "f": "float", "s": "str"}
# Texts that stand for a number of the server's or the client's own.
NUMBERS_TOO = {("/msanii/job/cancel", "job"), ("/msanii/sync", "number")}
WIDTH = 100

TYPES_HEADER = '''\
"""The types of commands and answers; written by `tools/generate_client.py` from the command table.

Options are the keys of commands that make a clip. Rows are the fields of answers.
"""

from __future__ import annotations

from typing import Literal, TypedDict
'''

METHODS_HEADER = '''\
"""{doc}

`tools/generate_client.py` writes this module from the command table.
A value out of range raises `CommandError` before anything is sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, Unpack, cast

from msanii_live.client import command_types as types
from msanii_live.client.packets import build_command
from msanii_live.client.replies import MadeClip, ReplyRow
from msanii_live.protocol import commands


class {name}(ABC):
    """{doc}"""

    @abstractmethod
    {prefix}def make(self, command: commands.JobCommand) -> MadeClip:
        """Send a command that becomes a job and return the clip it ends with."""

    @abstractmethod
    {prefix}def ask(self, command: commands.Command) -> list[ReplyRow]:
        """Send a command and return its answer."""
'''


def main() -> None:
    """Write the modules."""
    for name, content in modules().items():
        (TARGET / name).write_text(content, "utf-8")
        print(TARGET.relative_to(ROOT) / name)


def modules() -> dict[str, str]:
    """Return the text of each module by its file name, formatted."""
    blocking = "A method for each command, which waits for its answer."
    return {
        "command_types.py": _formatted(_types()),
        "blocking_commands.py": _formatted(_methods("BlockingCommands", blocking)),
        "async_commands.py": _formatted(
            _methods("AsyncCommands", "A method for each command, to await.", "async ", "await ")
        ),
    }


def _formatted(parts: list[str]) -> str:
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--config", str(ROOT / "pyproject.toml"), "-"],
        input="\n\n".join(parts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return formatted.stdout


def _types() -> list[str]:
    generation = [c for c in COMMANDS if issubclass(c, GenerationCommand)]
    rows = dict.fromkeys(_row_type(REPLY_BY_ADDRESS[reply]) for reply in _answers())
    options = [_options(c) for c in (GenerationCommand, *generation) if _own_keys(c)]
    return [TYPES_HEADER.rstrip(), *rows, *options]


def _methods(name: str, doc: str, prefix: str = "", wait: str = "") -> list[str]:
    methods = [textwrap.indent(_method(c, prefix, wait), "    ") for c in COMMANDS]
    return [METHODS_HEADER.format(name=name, doc=doc, prefix=prefix), *methods]


def _answers() -> list[str]:
    """Return the addresses that answer commands, each once; clips are no rows."""
    return [a for a in dict.fromkeys(c.reply for c in COMMANDS) if a != JobCommand.reply]


def _method_name(command: type[Command]) -> str:
    return command.address.removeprefix("/msanii/").replace("/", "_").replace(".", "_")


def _row_name(reply: ReplyType) -> str:
    if reply.address.startswith(PARAM_ROOT):
        return {"f": "FloatParamRow", "i": "IntParamRow", "s": "TextParamRow"}[reply.tags]
    words = reply.address.removeprefix("/msanii/").replace("/", " ")
    return words.title().replace(" ", "") + "Row"


def _row_type(reply: ReplyType) -> str:
    fields = {
        name: TYPES[tag]
        for name, tag in zip(reply.fields, reply.tags, strict=True)
        if name != "token"
    }
    name = _row_name(reply)
    content = ", ".join(f'"{field}": {kind}' for field, kind in fields.items())
    return f'{name} = TypedDict("{name}", {{{content}}})'


def _own_keys(command: type[Command]) -> list[Argument]:
    """Return the keys of a command that other commands that make a clip do not take."""
    shared = {a.name for a in arguments(GenerationCommand)} if command != GenerationCommand else ()
    return [a for a in arguments(command) if not a.positional and a.name not in shared]


def _options_name(command: type[Command]) -> str:
    owner = command if _own_keys(command) else GenerationCommand
    return owner.__name__.removesuffix("Command") + "Options"


def _options(command: type[Command]) -> str:
    """Return the typed dictionary of the keys of a command that makes a clip."""
    name = _options_name(command)
    is_shared = command == GenerationCommand
    base = "TypedDict, total=False" if is_shared else "GenerationOptions, total=False"
    doc = "Keys of every command that makes a clip" if is_shared else f"Keys of {command.address}"
    lines = [f"class {name}({base}):", f'    """{doc}."""', ""]
    for argument in _own_keys(command):
        lines += textwrap.wrap(
            _meaning(argument), WIDTH - 4, initial_indent="    # ", subsequent_indent="    # "
        )
        lines.append(f"    {argument.name}: {_type(command, argument)}")
    return "\n".join(lines)


def _meaning(argument: Argument) -> str:
    legal = argument.range_text
    return argument.text + (f" ({legal})" if legal and not argument.choices else "")


def _type(command: type[Command], argument: Argument) -> str:
    if argument.choices:
        kind = f"Literal[{', '.join(map(repr, argument.choices))}]"
        return f"{kind} | float" if argument.or_number else kind
    if (command.address, argument.name) in NUMBERS_TOO:
        return "str | int"
    return TYPES[argument.kind]


def _parameter(command: type[Command], argument: Argument) -> str:
    kind = _type(command, argument)
    if argument.required:
        return f"{argument.name}: {kind}"
    optional = " | None" if argument.default is None else ""
    return f"{argument.name}: {kind}{optional} = {argument.default!r}"


def _method(command: type[Command], prefix: str, wait: str) -> str:
    taken = arguments(command)
    has_options = issubclass(command, GenerationCommand)
    makes = issubclass(command, JobCommand)
    keys = [a for a in taken if not a.positional]
    parameters = ["self", *(_parameter(command, a) for a in taken if a.positional)]
    values = [f"{a.name}={a.name}" for a in taken if a.positional or not has_options]
    if has_options:
        parameters.append(f"**options: Unpack[types.{_options_name(command)}]")
        values.append("**options")
    elif keys:
        parameters += ["*", *(_parameter(command, a) for a in keys)]
    built = f"build_command({', '.join([f'commands.{command.__name__}', *values])})"
    row = _row_name(REPLY_BY_ADDRESS[command.reply])
    result = "MadeClip" if makes else f"list[types.{row}]"
    sent = f"{wait}self.{'make' if makes else 'ask'}({built})"
    lines = [
        f"{prefix}def {_method_name(command)}({', '.join(parameters)}) -> {result}:",
        textwrap.indent(_docstring(command, is_brief=bool(wait)), "    "),
        f"    return {sent}" if makes else f'    return cast("{result}", {sent})',
    ]
    return "\n".join(lines) + "\n"


def _docstring(command: type[Command], is_brief: bool) -> str:
    """Return the docstring of a method. is_brief: only what the command does."""
    text = inspect.cleandoc(command.__doc__ or "")
    if is_brief:
        return f'"""{" ".join(text.partition(chr(10) * 2)[0].split())}"""'
    makes = issubclass(command, GenerationCommand)
    described = [a for a in arguments(command) if a.positional or not makes]
    if described:
        text += "\n\n" + "\n".join(
            textwrap.fill(f"{a.name}: {_meaning(a)}.", WIDTH - 8, subsequent_indent="    ")
            for a in described
        )
    return f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'


if __name__ == "__main__":
    main()
