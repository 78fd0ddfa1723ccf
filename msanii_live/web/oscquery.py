"""OSCQuery: the command table as a JSON tree, for programs that discover what can be sent.

Source: the OSCQuery proposal, github.com/Vidvox/OSCQueryProposal.

Commands take positional values and then pairs of key and value, which one TYPE string cannot
express. So TYPE has the positional values only, and OVERLOADS has one variant for each key: the
positional values, the key as the only legal word, and its value.
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
# Unit names of the proposal. A unit that it does not have is sent as it is in the table.
UNITS = {"s": "time.second", "bpm": "time.bpm", "dB": "gain.db"}


def addresses() -> list[str]:
    """Return every address of the tree: commands, and replies that a client can listen to."""
    return sorted({*BY_ADDRESS, *REPLY_BY_ADDRESS})


def node_at(path: str, value_of: Lookup) -> Node | None:
    """Return the subtree at a path, or None if there is none.

    value_of: returns the current or last value of an address, or None if it has none.
    """
    path = path.rstrip("/") or "/"
    below = [a for a in addresses() if a == path or a.startswith(path.rstrip("/") + "/")]
    if not below:
        return None
    node: Node = {"FULL_PATH": path}
    if path in BY_ADDRESS or path in REPLY_BY_ADDRESS:
        node |= _address_node(path, value_of(path))
    else:
        node["ACCESS"] = 0
    depth = len(path.rstrip("/")) + 1
    names = sorted({address[depth:].split("/")[0] for address in below if address != path})
    if names:
        prefix = path.rstrip("/")
        node["CONTENTS"] = {name: node_at(f"{prefix}/{name}", value_of) for name in names}
    return node


def host_info(address: UdpAddress, wildcard: bool) -> Node:
    """Return the answer to HOST_INFO. wildcard: bound to every address, so none is named."""
    ip: Node = {} if wildcard else {"OSC_IP": address[0]}
    return {
        "NAME": "msanii-live",
        **ip,
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


def _address_node(path: str, value: Values | None) -> Node:
    command, reply = BY_ADDRESS.get(path), REPLY_BY_ADDRESS.get(path)
    if command is None:
        assert reply is not None
        return _describe(reply.text, READ, reply.tags, [], value)
    text = " ".join((command.__doc__ or "").split())
    if reply is None:
        return {
            **_describe(text, WRITE, "", positional_arguments(command), None),
            **_overloads(command),
        }
    # The answer comes at the same address, so it is the value of the node.
    access = READ if command.read_only else READ | WRITE
    return {**_describe(text, access, reply.tags, [], value), **_overloads(command)}


def positional_arguments(command: type[Command]) -> list[Argument]:
    """Return the positional arguments of a command."""
    return [argument for argument in arguments(command) if argument.positional]


def _describe(
    text: str, access: int, tags: str, parameters: Sequence[Argument], value: Values | None
) -> Node:
    node: Node = {"DESCRIPTION": text, "ACCESS": access}
    node["TYPE"] = tags or "".join(argument.kind for argument in parameters)
    if parameters:
        node |= _ranges(parameters)
    if value is not None:
        node["VALUE"] = list(value)
    return node


def _ranges(parameters: Sequence[Argument | str]) -> Node:
    ranges: Node = {"RANGE": [_range(each) for each in parameters]}
    units = [
        UNITS.get(each.unit, each.unit) if isinstance(each, Argument) else "" for each in parameters
    ]
    if any(units):
        ranges["UNIT"] = units
    return ranges


def _range(argument: Argument | str) -> Mapping[str, object] | None:
    if isinstance(argument, str):  # a key: the only legal word
        return {"VALS": [argument]}
    if argument.choices and not argument.or_number:
        return {"VALS": list(argument.choices)}
    ends = {"MIN": argument.low, "MAX": argument.high}
    return {name: end for name, end in ends.items() if end is not None} or None


def _overloads(command: type[Command]) -> Node:
    required = [argument for argument in positional_arguments(command) if argument.required]
    variants = []
    for key in arguments(command):
        if not key.positional:
            parameters: list[Argument | str] = [*required, key.name, key]
            tags = "".join("s" if isinstance(each, str) else each.kind for each in parameters)
            variants.append({"TYPE": tags, "DESCRIPTION": key.text, **_ranges(parameters)})
    return {"OVERLOADS": variants} if variants else {}
