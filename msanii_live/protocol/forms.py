"""The command table as JSON, from which the monitor page builds its forms."""

from __future__ import annotations

import inspect

from msanii_live.errors import Code
from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import JobCommand
from msanii_live.protocol.reference import CODE_TEXTS, command_groups, is_shared
from msanii_live.protocol.replies import REPLIES
from msanii_live.protocol.schema import Argument, arguments


def table() -> dict[str, object]:
    """Return the whole table.

    groups: [{title, commands}], each command as `form` returns it; replies: {address: {tags,
    fields, text, listed}}; codes: {code: meaning}.
    """
    return {
        "groups": [
            {"title": title, "commands": [form(command) for command in commands]}
            for title, commands in command_groups().items()
        ],
        "replies": {
            reply.address: {
                "tags": reply.tags,
                "fields": list(reply.fields),
                "text": reply.text,
                "listed": reply.listed,
            }
            for reply in REPLIES
        },
        "codes": {str(code): CODE_TEXTS[code] for code in Code},
    }


def form(command: type[Command]) -> dict[str, object]:
    """Return one command: address, text, reply, makes (a clip or not), read_only and arguments.

    The arguments are in the order of a form: positional ones, the command's own, then shared ones.

    >>> from msanii_live.protocol.commands import Outpaint
    >>> [each["name"] for each in form(Outpaint)["arguments"]][:3]
    ['src', 'seconds', 'bars']
    """
    ordered = sorted(arguments(command), key=lambda argument: is_shared(command, argument))
    return {
        "address": command.address,
        "text": inspect.cleandoc(command.__doc__ or ""),
        "reply": command.reply,
        "makes": issubclass(command, JobCommand),
        "read_only": command.read_only,
        "arguments": [_field(command, argument) for argument in ordered],
    }


def _field(command: type[Command], argument: Argument) -> dict[str, object]:
    """Return one argument as JSON. shared: every command that makes a clip has this argument."""
    return {
        "name": argument.name,
        "kind": argument.kind,
        "text": argument.text,
        "default": argument.default,
        "required": argument.required,
        "positional": argument.positional,
        "low": argument.low,
        "high": argument.high,
        "unit": argument.unit,
        "choices": list(argument.choices),
        "or_number": argument.max_number is not None,
        "max_length": argument.max_length,
        "range": argument.range_text,
        "shared": is_shared(command, argument),
    }
