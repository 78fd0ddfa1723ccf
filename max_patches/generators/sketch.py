"""A small language for patches: one line for each box, and one for each row of wires.

    in    20 20  [inlet]              an object
    go    20 60  (0, $1 30)           a message box
          20 90  "words"              a comment
    lamp  20 120 {light connected}    a control with its label
    in -> go -> other:1               wires; `name:n` is outlet n of a sender, inlet n at the end

After ` || ` a box can have options, each a word and its value: `hint what it does`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

BOX = re.compile(
    r"(?:(?P<name>[a-z]\w*)\s+)?(?P<x>\d+) (?P<y>\d+)\s+(?P<kind>[\[(\"{])(?P<text>.*)[\])\"}]$"
)
GAP = 6  # pixels between boxes
KINDS = {"[": "object", "(": "message", '"': "comment", "{": "control"}


@dataclass(frozen=True)
class Box:
    """One box. kind: object, message, comment or control. x, y: position in pixels."""

    name: str
    x: int
    y: int
    kind: str
    text: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wire:
    """A connection from an outlet of one named box to an inlet of another."""

    source: str
    outlet: int
    sink: str
    inlet: int


def parse_sketch(sketch: str) -> tuple[list[Box], list[Wire]]:
    """Return the boxes and the wires of a sketch, in their order.

    Raises: ValueError: a line is neither a box nor wires.
    """
    boxes: list[Box] = []
    wires: list[Wire] = []
    for line in (line.strip() for line in sketch.splitlines()):
        shape, *options = line.split(" || ")
        if found := BOX.match(shape.strip()):
            name, x, y, kind, text = found.groups()
            settings = dict(option.strip().split(" ", 1) for option in options)
            boxes.append(Box(name or "", int(x), int(y), KINDS[kind], text, settings))
        elif " -> " in line:
            wires += _parse_wires(line)
        elif line:
            raise ValueError(f"neither a box nor wires: {line}")
    return boxes, wires


def resolve_overlaps(boxes: list[Box], size: Callable[[Box], tuple[float, float]]) -> list[Box]:
    """Return the boxes, moved to the right until none overlaps another, in the same order.

    size: returns the width and height of a box in pixels.
    """
    moved = list(boxes)
    placed: list[tuple[Box, float, float]] = []
    for index in sorted(range(len(boxes)), key=lambda i: (boxes[i].y, boxes[i].x)):
        box = boxes[index]
        width, height = size(box)
        while over := [
            other.x + w + GAP
            for other, w, h in placed
            if other.y < box.y + height
            and box.y < other.y + h
            and other.x < box.x + width + GAP
            and box.x < other.x + w + GAP
        ]:
            box = replace(box, x=int(max(over)) + 1)
        placed.append((box, width, height))
        moved[index] = box
    return moved


def _parse_wires(line: str) -> Iterator[Wire]:
    stops = [stop.strip().partition(":") for stop in line.split("->")]
    for index, (source, sink) in enumerate(pairwise(stops), start=2):
        inlet = sink[2] if index == len(stops) else ""
        yield Wire(source[0], int(source[2] or 0), sink[0], int(inlet or 0))
