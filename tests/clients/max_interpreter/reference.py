"""What Max's reference says of an object: its ports, messages and attributes."""

import gzip
import json
from functools import cache
from importlib.resources import files
from typing import Any

from py2max.maxref.aliases import ALIASES

from tests.clients.max_interpreter.atoms import Message

ALIASES_OF_OURS = {"t": "trigger", "sel": "select", "p": "patcher"}


@cache
def _objects() -> dict[str, Any]:
    packed = files("py2max").joinpath("maxref/data/bundle.json.gz").read_bytes()
    return dict(json.loads(gzip.decompress(packed))["objects"])


@cache
def entry(name: str) -> dict[str, Any] | None:
    """Return what the reference says of an object, or None. name: as it is typed into a box."""
    key = ALIASES_OF_OURS.get(name) or ALIASES.get(name, name)
    found: dict[str, Any] | None = _objects().get(key)
    return found


def attributes(name: str) -> set[str]:
    """Return the names of an object's attributes."""
    found = entry(name) or {}
    return set(found.get("attributes", ()))


def understands(name: str, inlet: int, message: Message) -> bool:
    """Return whether the reference lists a message for an object."""
    found = entry(name)
    if found is None:
        return False
    listed = set(found["methods"])
    if message.selector in listed or message.selector in attributes(name):
        return True
    if message.is_number and inlet and {f"in{inlet}", f"ft{inlet}"} & listed:
        return True
    plain = message.selector in ("bang", "int", "float", "list")
    return "anything" in listed and not plain


def outlet_count(name: str) -> int | None:
    """Return how many outlets an object has, or None if the reference does not list it."""
    found = entry(name)
    return len(found.get("outlets", ())) if found else None
