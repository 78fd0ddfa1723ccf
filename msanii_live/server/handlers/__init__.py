"""The handlers of all commands, one module a subject, as one table."""

from __future__ import annotations

from collections.abc import Iterable

from msanii_live.protocol.command import Command
from msanii_live.protocol.commands import COMMANDS
from msanii_live.server.handler import Handler, HandlerTable


def combine(tables: Iterable[HandlerTable]) -> dict[type[Command], Handler]:
    """Return one table of handlers that covers every command exactly once.

    Raises: ValueError: a command has no handler or two, or a handler is for no command.
    """
    combined: dict[type[Command], Handler] = {}
    for table in tables:
        if twice := combined.keys() & table.keys():
            raise ValueError(f"two handlers for {_names(twice)}")
        combined |= table
    if missing := set(COMMANDS) - combined.keys():
        raise ValueError(f"no handler for {_names(missing)}")
    if foreign := combined.keys() - set(COMMANDS):
        raise ValueError(f"handlers for what is no command: {_names(foreign)}")
    return combined


def _names(commands: Iterable[type[Command]]) -> str:
    return ", ".join(sorted(command.__name__ for command in commands))
