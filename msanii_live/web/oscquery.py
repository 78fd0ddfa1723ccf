"""OSCQuery: the table as a tree of JSON, for hosts that ask what can be sent.

Source: the OSCQuery proposal, github.com/Vidvox/OSCQueryProposal. Commands take positional values
and then pairs of a key and its value, which one type string cannot say; so a node's own form has
the positions, and OVERLOADS has one form for each key: the positions, the key as the only legal
word, and its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msanii_live.osc.peer import UdpAddress
from msanii_live.protocol.commands import BY_ADDRESS, Command
from msanii_live.protocol.replies import REPLY_BY_ADDRESS
from msanii_live.protocol.schema import Argument, arguments

Values = Sequence[int | float | str]
Lookup = Callable[[str], Values | None]
Node = dict[str, object]

ATTRIBUTES = (
    "FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "RANGE", "UNIT", "DESCRIPTION", "VALUE", "OVERLOADS",
)  # fmt: skip
READ, WRITE = 1, 2
# The proposal's names of units; a unit that it does not name is sent as the table has it.
UNITS = {"s": "time.second", "bpm": "time.bpm", "dB": "gain.db"}


def addresses() -> list[str]:
    """Return every address of the tree: commands, and replies that can be listened to."""
    return sorted({*BY_ADDRESS, *REPLY_BY_ADDRESS})


def node_at(path: str, value_of: Lookup) -> Node | None:
    """Return the part of the tree that begins at a path, None where there is none.

    value_of: returns what an address last said or would say now, None where that is nothing.
    """
    path = path.rstrip("/") or "/"
    below = [a for a in addresses() if a == path or a.startswith(path.rstrip("/") + "/")]
    if not below:
        return None
    node: Node = {"FULL_PATH": path}
    if path in BY_ADDRESS or path in REPLY_BY_ADDRESS:
        node |= _method(path, value_of(path))
    else:
        node["ACCESS"] = 0
    depth = len(path.rstrip("/")) + 1
    names = sorted({address[depth:].split("/")[0] for address in below if address != path})
    if names:
        prefix = path.rstrip("/")
        node["CONTENTS"] = {name: node_at(f"{prefix}/{name}", value_of) for name in names}
    return node


def host_info(address: UdpAddress, wildcard: bool) -> Node:
    """Return what HOST_INFO asks for. wildcard: bound to every address, so that none is named."""
    where: Node = {} if wildcard else {"OSC_IP": address[0]}
    return {
        "NAME": "msanii-live",
        **where,
        "OSC_PORT": address[1],
        "OSC_TRANSPORT": "UDP",
        "EXTENSIONS": {
            "ACCESS": True, "VALUE": True, "RANGE": True, "UNIT": True, "DESCRIPTION": True,
            "OVERLOADS": True, "LISTEN": True, "TAGS": False, "EXTENDED_TYPE": False,
            "CRITICAL": False, "CLIPMODE": False, "HTML": False,
            "PATH_ADDED": False, "PATH_REMOVED": False, "PATH_RENAMED": False,
            "PATH_CHANGED": False,
        },
    }  # fmt: skip


def _method(path: str, value: Values | None) -> Node:
    command, reply = BY_ADDRESS.get(path), REPLY_BY_ADDRESS.get(path)
    if command is None:
        assert reply is not None
        return _described(reply.text, READ, reply.tags, [], value)
    text = " ".join((command.__doc__ or "").split())
    if reply is None:
        return {**_described(text, WRITE, "", places(command), None), **_overloads(command)}
    # It answers at its own address: what it says is its value.
    access = READ if command.read_only else READ | WRITE
    return {**_described(text, access, reply.tags, [], value), **_overloads(command)}


def places(command: type[Command]) -> list[Argument]:
    """Return the positional arguments of a command."""
    return [argument for argument in arguments(command) if argument.positional]


def _described(
    text: str, access: int, tags: str, taken: Sequence[Argument], value: Values | None
) -> Node:
    node: Node = {"DESCRIPTION": text, "ACCESS": access}
    node["TYPE"] = tags or "".join(argument.kind for argument in taken)
    if taken:
        node |= _limits(taken)
    if value is not None:
        node["VALUE"] = list(value)
    return node


def _limits(taken: Sequence[Argument | str]) -> Node:
    limits: Node = {"RANGE": [_range(each) for each in taken]}
    units = [
        UNITS.get(each.unit, each.unit) if isinstance(each, Argument) else "" for each in taken
    ]
    if any(units):
        limits["UNIT"] = units
    return limits


def _range(argument: Argument | str) -> Mapping[str, object] | None:
    if isinstance(argument, str):  # a key: the one word that is legal there
        return {"VALS": [argument]}
    if argument.choices and not argument.or_number:
        return {"VALS": list(argument.choices)}
    ends = {"MIN": argument.low, "MAX": argument.high}
    return {name: end for name, end in ends.items() if end is not None} or None


def _overloads(command: type[Command]) -> Node:
    required = [argument for argument in places(command) if argument.required]
    forms = []
    for key in arguments(command):
        if not key.positional:
            taken: list[Argument | str] = [*required, key.name, key]
            tags = "".join("s" if isinstance(each, str) else each.kind for each in taken)
            forms.append({"TYPE": tags, "DESCRIPTION": key.text, **_limits(taken)})
    return {"OVERLOADS": forms} if forms else {}
