"""Read the sketch of a patch: one line a box, one line a row of wires.

    in    20 20  [inlet]              an object
    go    20 60  (0, $1 30)           a message box
          20 90  "words"              a comment
    lamp  20 120 {light connected}    a control with its label
    in -> go -> other:1               wires; `name:n` is outlet n where it sends, inlet n at the end

After ` || ` a box may have options, each a word and the rest: `hint what it does`.
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
    """Be one box. kind: object, message, comment or control. x, y: pixels."""

    name: str
    x: int
    y: int
    kind: str
    text: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wire:
    """Connect an outlet of one box to an inlet of another, both named."""

    source: str
    outlet: int
    sink: str
    inlet: int


def read(sketch: str) -> tuple[list[Box], list[Wire]]:
    """Return the boxes and the wires of a sketch, each in its order.

    Raises: ValueError: a line that is neither box nor wires.
    """
    boxes: list[Box] = []
    wires: list[Wire] = []
    for line in (line.strip() for line in sketch.splitlines()):
        shape, *options = line.split(" || ")
        if found := BOX.match(shape.strip()):
            name, x, y, kind, text = found.groups()
            told = dict(option.strip().split(" ", 1) for option in options)
            boxes.append(Box(name or "", int(x), int(y), KINDS[kind], text, told))
        elif " -> " in line:
            wires += _wires(line)
        elif line:
            raise ValueError(f"neither a box nor wires: {line}")
    return boxes, wires


def settle(boxes: list[Box], size: Callable[[Box], tuple[float, float]]) -> list[Box]:
    """Push boxes to the right until none lies over another; their order stays as it was.

    size: width and height of a box, pixels.
    """
    settled = list(boxes)
    placed: list[tuple[Box, float, float]] = []
    for place in sorted(range(len(boxes)), key=lambda i: (boxes[i].y, boxes[i].x)):
        box = boxes[place]
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
        settled[place] = box
    return settled


def _wires(line: str) -> Iterator[Wire]:
    stops = [stop.strip().partition(":") for stop in line.split("->")]
    for place, (source, sink) in enumerate(pairwise(stops), start=2):
        inlet = sink[2] if place == len(stops) else ""
        yield Wire(source[0], int(source[2] or 0), sink[0], int(inlet or 0))
