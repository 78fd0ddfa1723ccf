"""A session for Open Stage Control: JSON. What is left out has its default there."""

from __future__ import annotations

import json
from typing import Any

from max_patches.generators.controllers import (
    ASK_PARAMS,
    HEIGHT,
    NOTIFY,
    REFRESH,
    REGISTER,
    WIDTH,
    Control,
    controls,
)

VERSION = "1.25.5"  # of the format
ON_CREATE = f"""send('{NOTIFY}', {{type: 'i', value: 1}})
setInterval(() => send('{NOTIFY}', {{type: 'i', value: 1}}), {REGISTER})
setInterval(() => send('{ASK_PARAMS}'), {REFRESH})
"""
# What the page shows as text: label and address.
NEWS = (
    ("progress", "/msanii/job/progress"),
    ("ready", "/msanii/job/done"),
    ("fault", "/msanii/fail"),
)


def session() -> bytes:
    """Return the content of the session file."""
    widgets = [_widget(control) for control in controls()]
    widgets += [_news(index, label, address) for index, (label, address) in enumerate(NEWS)]
    root = {
        "type": "root", "id": "root", "width": WIDTH, "height": HEIGHT, "onCreate": ON_CREATE,
        "widgets": widgets, "tabs": [],
    }  # fmt: skip
    tree = {
        "createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": root,
    }  # fmt: skip
    return json.dumps(tree, indent=1).encode() + b"\n"


def _widget(control: Control) -> dict[str, Any]:
    kind: dict[str, Any] = (
        {"type": "fader", "horizontal": True, "range": {"min": control.low, "max": control.high},
         "decimals": 3, "typeTags": "f"}
        if control.is_fader
        else {"type": "button", "mode": "tap", "on": None}
    )  # fmt: skip
    return {
        **kind, **_place(control.place), "id": control.name, "label": control.label,
        "address": control.address, "preArgs": [_typed(value) for value in control.values],
    }  # fmt: skip


def _news(index: int, label: str, address: str) -> dict[str, Any]:
    width = WIDTH // len(NEWS)
    return {
        "type": "text", **_place((index * width, 8, width, 32)), "id": f"news_{label}",
        "label": label, "default": label, "address": address, "preArgs": [],
    }  # fmt: skip


def _place(place: tuple[int, int, int, int]) -> dict[str, int]:
    return dict(zip(("left", "top", "width", "height"), place, strict=True))


def _typed(value: int | float | str) -> dict[str, Any]:
    return {"type": {int: "i", float: "f", str: "s"}[type(value)], "value": value}
