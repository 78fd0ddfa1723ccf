"""The parts of the SuperCollider Quark that follow from the command table."""

from __future__ import annotations

import inspect
import re

from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.replies import REPLIES
from msanii_live.protocol.schema import Argument, arguments

RENAMED = {"dump": "dumpLines"}  # every SuperCollider object has a method `dump`
CALLBACKS = "keys, done, progress, fail"
HEADER = "// Written by max_patches/generate.py from the protocol's table. Do not edit it.\n"

HELP = """\
TITLE:: Msanii
SUMMARY:: Client of the msanii-live server
CATEGORIES:: External Control>OSC, Libraries>Msanii
RELATED:: Classes/MsaniiPlayer, Classes/OSCFunc

DESCRIPTION::
A client of the msanii-live server, which generates music with diffusion models. Start the server in
a terminal: code::msanii-live serve::. Each command is a method, and the replies are passed to
functions. The server's docs/osc.md lists every key and its range.

code::
m = Msanii();
p = MsaniiPlayer(s);
m.generate((style: \\house, bpm: 124, bars: 4, clip: \\a), { |clip| p.load(clip.path) });
m.outpaint(\\a, (bars: 4), { |clip| p.load(clip.path) }, { |done| done.postln });
::

CLASSMETHODS::
METHOD:: new
ARGUMENT:: host
the server's host
ARGUMENT:: port
the server's OSC port
METHOD:: patience
Seconds without an answer after which a command fails with code::\\ENOANSWER::.
PRIVATE:: replies, answers, listed

INSTANCEMETHODS::
PRIVATE:: init, hear, fieldsOf, settle

SUBSECTION:: Common
The last arguments of every command are:
table::
## keys || an Event of named values, such as code::(bars: 4, style: \\house)::
## done || called with an Event of the reply's fields, or an Array of Events if the reply is a list
## progress || called with 0 to 1 while a clip is generated
## fail || called with a code and a text; if absent, they are posted as a warning
::

METHOD:: ask
Send any command. The methods below call it. Returns the command's token.
ARGUMENT:: address
ARGUMENT:: args
values without a key
ARGUMENT:: keys
ARGUMENT:: done
ARGUMENT:: progress
ARGUMENT:: fail

METHOD:: cancel
Cancel a job.
ARGUMENT:: token
what the command returned; if absent, all jobs are cancelled

METHOD:: addr
The server's NetAddr.

METHOD:: connected
Whether the server answered the last time.

METHOD:: free
Stop listening.

SUBSECTION:: Commands
{commands}
"""


def classes() -> str:
    """Return Classes/MsaniiCommands.sc."""
    methods = [_method(command) for command in COMMANDS]
    rows = [f"\t\t\t'{r.address}' -> [{', '.join(map(_symbol, r.fields))}]" for r in REPLIES]
    answers = [f"\t\t\t'{c.address}' -> '{c.reply}'" for c in COMMANDS]
    listed = [f"\t\t\t'{r.address}'" for r in REPLIES if r.listed]
    tables = [
        "\t// the fields of each reply\n\t*replies {\n\t\t^IdentityDictionary[\n"
        + ",\n".join(rows) + "\n\t\t]\n\t}",
        "\t// the reply to each command\n\t*answers {\n\t\t^IdentityDictionary[\n"
        + ",\n".join(answers) + "\n\t\t]\n\t}",
        "\t// replies that are lists, which /msanii/done ends\n\t*listed {\n\t\t^[\n"
        + ",\n".join(listed) + "\n\t\t]\n\t}",
    ]  # fmt: skip
    return HEADER + "+ Msanii {\n" + "\n\n".join([*methods, *tables]) + "\n}\n"


def client_help() -> str:
    """Return HelpSource/Classes/Msanii.schelp."""
    return HELP.replace("{commands}", "\n".join(_help(command) for command in COMMANDS))


def method_name(address: str) -> str:
    """Return the method name of a command.

    >>> method_name("/msanii/clip/list"), method_name("/msanii/param/stream.mix")
    ('clipList', 'streamMix')
    """
    words = re.split(r"[/.]", address.removeprefix("/msanii/").removeprefix("param/"))
    name = words[0] + "".join(word.capitalize() for word in words[1:])
    return RENAMED.get(name, name)


def _method(command: type[Command]) -> str:
    positional = [a.name for a in arguments(command) if a.positional]
    parameters = ", ".join([*positional, CALLBACKS])
    return (
        f"\t{method_name(command.address)} {{ |{parameters}|\n"
        f"\t\t^this.ask('{command.address}', [{', '.join(positional)}], {CALLBACKS})\n\t}}"
    )


def _symbol(field: str) -> str:
    first, *rest = field.split("-")
    return "\\" + first + "".join(word.capitalize() for word in rest)


def _help(command: type[Command]) -> str:
    text = " ".join(inspect.cleandoc(command.__doc__ or "").split())
    lines = [f"METHOD:: {method_name(command.address)}", text.replace("`", "")]
    keys = [a for a in arguments(command) if not a.positional]
    for argument in (a for a in arguments(command) if a.positional):
        lines.append(f"ARGUMENT:: {argument.name}\n{_meaning(argument)}")
    lines.append("ARGUMENT:: keys")
    if keys:
        rows = [f"## {a.name} || {_meaning(a)}" for a in keys]
        lines.append("\n".join(["table::", *rows, "::"]))
    else:
        lines.append("none")
    lines += ["ARGUMENT:: done", "ARGUMENT:: progress", "ARGUMENT:: fail"]
    return "\n".join(lines) + "\n"


def _meaning(argument: Argument) -> str:
    legal = f" ({argument.range_text})" if argument.range_text else ""
    return f"{argument.text}{legal}".replace("`", "")
