"""Max patches from sketches, in the JSON format of .maxpat files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from max_patches.generators.ports import TYPES, ports
from max_patches.generators.sketch import Box, parse_sketch, resolve_overlaps

VERSION = {"major": 8, "minor": 6, "revision": 5, "architecture": "x64", "modernui": 1}
CHARACTER, PADDING, HEIGHT = 6.6, 16.0, 22.0  # pixels, of Arial 12 in a box
SIZES = {
    "toggle": (24, 24), "button": (24, 24), "led": (24, 24), "number": (50, 22), "flonum": (50, 22),
    "slider": (20, 140), "waveform~": (256, 64), "ezdac~": (45, 45), "inlet": (30, 30),
    "outlet": (30, 30), "live.dial": (41, 48), "live.menu": (80, 15), "live.text": (60, 18),
    "live.toggle": (15, 15), "live.gain~": (48, 136), "live.numbox": (44, 15),
}  # fmt: skip
CONTROLS = frozenset(SIZES) - {"inlet", "outlet"}


@dataclass
class Patcher:
    """The boxes and wires of one patcher. width, height: of its window, in pixels."""

    width: int = 640
    height: int = 480
    boxes: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, dict[str, Any]] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    def draw(self, sketch: str) -> Patcher:
        """Add the boxes and wires of a sketch. Wires can refer to boxes of earlier sketches.

        Raises:
            ValueError: two boxes have the same name, or a wire ends at a port that does not exist.
            KeyError: a wire names a box that does not exist, or the ports of an object are unknown.
        """
        boxes, wires = parse_sketch(sketch)
        for box in resolve_overlaps(boxes, _size):
            self.add(box)
        for wire in wires:
            source, sink = self.names[wire.source], self.names[wire.sink]
            if wire.outlet >= source["numoutlets"] or wire.inlet >= sink["numinlets"]:
                raise ValueError(f"no such port: {wire}")
            ends = {
                "source": [source["id"], wire.outlet],
                "destination": [sink["id"], wire.inlet],
            }
            self.lines.append({"patchline": ends})
        return self

    def add(self, box: Box, **attributes: Any) -> dict[str, Any]:
        """Add one box with further attributes. Return its dict."""
        made = {"id": f"obj-{len(self.boxes) + 1}", **_box_to_dict(box), **attributes}
        if made["maxclass"] in ("inlet", "outlet"):
            kind = made["maxclass"]
            made["index"] = 1 + sum(b["box"]["maxclass"] == kind for b in self.boxes)
        if box.name in self.names:
            raise ValueError(f"two boxes are called {box.name}")
        if box.name:
            self.names[box.name] = made
        self.boxes.append({"box": made})
        return made

    def add_subpatcher(self, name: str, x: int, y: int, title: str, patcher: Patcher) -> None:
        """Add a subpatcher `p title`."""
        inlets = sum(b["box"]["maxclass"] == "inlet" for b in patcher.boxes)
        outlets = [b["box"] for b in patcher.boxes if b["box"]["maxclass"] == "outlet"]
        box = Box(name, x, y, "object", f"p {title}")
        made = {
            "id": f"obj-{len(self.boxes) + 1}", "maxclass": "newobj", "text": box.text,
            "numinlets": inlets, "numoutlets": len(outlets),
            "outlettype": ["signal" if "signal" in b["comment"] else "" for b in outlets],
            "patching_rect": _rect(box), "patcher": patcher.to_dict(),
        }  # fmt: skip
        self.names[name] = made
        self.boxes.append({"box": made})

    def to_dict(self) -> dict[str, Any]:
        """Return the patcher as a dict, with a window that is large enough for all boxes."""
        edges = [box["box"]["patching_rect"] for box in self.boxes]
        width = max([float(self.width), *[x + w + 20 for x, _, w, _ in edges]])
        height = max([float(self.height), *[y + h + 20 for _, y, _, h in edges]])
        return {
            "fileversion": 1, "appversion": VERSION, "classnamespace": "box",
            "rect": [60.0, 90.0, width, height],
            "bglocked": 0, "openinpresentation": 0, "default_fontsize": 12.0,
            "default_fontface": 0, "default_fontname": "Arial", "gridonopen": 1,
            "gridsize": [15.0, 15.0], "gridsnaponopen": 1, "objectsnaponopen": 1,
            "statusbarvisible": 2, "toolbarvisible": 1, "description": "", "digest": "",
            "tags": "", "style": "", **self.attributes,
            "boxes": self.boxes, "lines": self.lines,
        }  # fmt: skip

    def render(self) -> bytes:
        """Return the content of the file."""
        text = json.dumps({"patcher": self.to_dict()}, indent=1, ensure_ascii=False)
        return text.encode() + b"\n"


def _box_to_dict(box: Box) -> dict[str, Any]:
    """Return a box as Max stores it."""
    options = dict(box.options)
    if box.kind == "control":
        kind, _, label = box.text.partition(" ")
        inlets, outlets = ports(kind)
        made: dict[str, Any] = {"maxclass": kind}
        if kind == "comment":
            made["text"] = label
    elif box.kind == "object" and box.text in ("inlet", "outlet"):
        inlets, outlets = (0, [""]) if box.text == "inlet" else (1, [])
        made = {"maxclass": box.text, "comment": options.get("hint", "")}
    else:
        kinds = {"object": "newobj", "message": "message", "comment": "comment"}
        text = box.text.replace("; ", ";\r") if box.kind == "message" else box.text
        made = {"maxclass": kinds[box.kind], "text": text}
        inlets, outlets = ports(box.text) if box.kind == "object" else (1, [])
        if box.kind == "message":
            inlets, outlets = 2, [TYPES["m"]]
    made |= {"numinlets": inlets, "numoutlets": len(outlets), "outlettype": outlets}
    made["patching_rect"] = _rect(box)
    if "hint" in options and made["maxclass"] not in ("inlet", "outlet"):
        made |= {"hint": options["hint"], "annotation": options["hint"]}
    if "p" in options:
        made |= {"presentation": 1}
        made["presentation_rect"] = [float(n) for n in options["p"].split()]
    return made


def _size(box: Box) -> tuple[float, float]:
    """Return the width and height of a box as Max draws it, in pixels."""
    if "size" in box.options:
        width, height = (float(n) for n in box.options["size"].split())
        return width, height
    kind, _, label = box.text.partition(" ")
    if box.kind == "control" and kind != "comment":
        return SIZES[kind]
    if box.kind == "object" and box.text in ("inlet", "outlet"):
        return SIZES[box.text]
    shown = label if box.kind == "control" else box.text
    return max(30.0, round(len(shown) * CHARACTER + PADDING, 1)), HEIGHT


def _rect(box: Box) -> list[float]:
    return [float(box.x), float(box.y), *map(float, _size(box))]
