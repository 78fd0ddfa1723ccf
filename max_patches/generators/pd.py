"""Pure Data patches from sketches."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from max_patches.generators.sketch import Box, parse_sketch, resolve_overlaps

FONT = 12
INK, PAPER, LABEL = "#000000", "#fcfcfc", "#404040"
CHARACTER = 7  # pixels, of the font
ESCAPED = re.compile(r"([,;]|\$(?=[0-9]))")


@dataclass
class Canvas:
    """The boxes and wires of one patch. width, height: of its window, in pixels."""

    width: int = 760
    height: int = 560
    head: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    wires: list[str] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def draw(self, sketch: str) -> Canvas:
        """Add the boxes and wires of a sketch. Wires can refer to boxes of earlier sketches.

        Raises:
            ValueError: two boxes have the same name.
            KeyError: a wire names a box that does not exist.
        """
        boxes, wires = parse_sketch(sketch)
        for box in resolve_overlaps(boxes, size):
            if box.name in self.names:
                raise ValueError(f"two boxes are called {box.name}")
            if box.name:
                self.names[box.name] = self.count
            self.records.append(record(box))
            self.count += 1
        for wire in wires:
            ends = f"{self.names[wire.source]} {wire.outlet} {self.names[wire.sink]} {wire.inlet}"
            self.wires.append(f"#X connect {ends}")
        return self

    def declare(self, flags: str) -> None:
        """Declare where abstractions are. The patch should also have a [declare] object."""
        self.head.append(f"#X declare {flags}")

    def restore(self, record: str) -> None:
        """Add a subpatch, given as its complete text."""
        self.records.append(record)
        self.count += 1

    def render(self) -> str:
        """Return the content of the file."""
        window = f"#N canvas 60 60 {self.width} {self.height} {FONT}"
        lines = (window, *self.head, *self.records, *self.wires)
        return "".join(f"{line};\n" for line in lines)


def record(box: Box) -> str:
    """Return the line of the file for a box.

    Raises: ValueError: a comment has a semicolon, at which Pd would break the line.
    """
    at = f"{box.x} {box.y}"
    match box.kind:
        case "control":
            return control(at, *box.text.split(" ", 1))
        case "comment":
            if ";" in box.text:
                raise ValueError(f"Pd breaks a comment at a semicolon: {box.text}")
            return f"#X text {at} {escape(box.text)}, f {len(box.text) + 2}"
        case "message":
            return f"#X msg {at} {escape(box.text)}"
    return f"#X obj {at} {escape(box.text)}"


def size(box: Box) -> tuple[float, float]:
    """Return the approximate width and height of a box on the screen, in pixels."""
    if box.kind != "control":
        height = {"comment": 17.0, "message": 20.0 + 15.0 * box.text.count(";")}
        return len(box.text) * CHARACTER + 8.0, height.get(box.kind, 20.0)
    kind, _, rest = box.text.partition(" ")
    numbers, _, words = split_control(kind, rest)
    label = len(" ".join(words)) * CHARACTER
    match kind:
        case "strip" | "heading":
            return float(numbers[0]), 22.0
        case "slider":
            return 134.0 + label, 20.0
        case "number":
            return 60.0, 20.0
    return 28.0 + label, 20.0


def escape(text: str) -> str:
    r"""Escape commas, semicolons and dollar signs, so that Pd reads them as text.

    >>> print(escape("0, $1 30"))
    0 \, \$1 30
    """
    return ESCAPED.sub(r"\\\1", re.sub(r"\s*([,;])", r" \1", text))


def one_word(text: str) -> str:
    r"""Escape spaces, so that Pd reads the words as one symbol.

    >>> print(one_word("not running"))
    not\ running
    """
    return text.replace(" ", "\\ ")


def split_control(kind: str, rest: str) -> tuple[list[str], str, list[str]]:
    """Split the text of a control into numbers, receive name and label words."""
    words = rest.split()
    receive = escape(words.pop(0)[1:]) if words and words[0].startswith("@") else "empty"
    count = {"slider": 3, "strip": 1, "heading": 1}.get(kind, 0)
    return words[:count], receive, words[count:]


def control(place: str, kind: str, rest: str = "") -> str:
    """Return the line of the file for a control.

    rest: numbers, then the label, which may have spaces. @NAME before it is the receive name.
    """
    numbers, receive, words = split_control(kind, rest)
    label = escape("\\ ".join(words)) or "empty"
    at = f"#X obj {place}"
    match kind:
        case "toggle" | "light":
            ink = "#00a030" if kind == "light" else INK
            return f"{at} tgl 19 0 empty {receive} {label} 25 10 0 12 {PAPER} {ink} {LABEL} 0 1"
        case "button":
            return f"{at} bng 19 250 50 0 empty {receive} {label} 25 10 0 12 {PAPER} {INK} {LABEL}"
        case "slider":  # low, high, and its position, 0 to 1
            low, high, position = numbers
            value = round(float(position) * 12_700)
            return (
                f"{at} hsl 128 19 {low} {high} 0 0 empty {receive} {label} 134 9 0 12 "
                f"{PAPER} {INK} {LABEL} {value} 1"
            )
        case "strip":  # width in pixels: a line of text
            return (
                f"{at} cnv 15 {numbers[0]} 22 empty {receive} {label} 6 11 0 12 #e8e8e8 {LABEL} 0"
            )
        case "heading":
            return (
                f"{at} cnv 15 {numbers[0]} 36 empty {receive} {label} 8 18 0 18 #d0dcf0 #202020 0"
            )
        case "number":
            return f"#X floatatom {place} 7 0 0 0 - - - 0"
        case "meter":
            return f"{at} vu 15 120 empty {receive} -1 -8 0 10 #404040 {INK} 1 0"
    raise ValueError(f"no control is called {kind}")


def meta(canvas: Canvas, fields: dict[str, str]) -> None:
    """Add the subpatch [pd META], which Pd's help search reads."""
    lines = [
        f"#X text 12 {12 + 24 * i} {name} {escape(value)};"
        for i, (name, value) in enumerate(fields.items())
    ]
    place = f"#X restore {canvas.width - 90} {canvas.height - 40} pd META"
    canvas.restore("\n".join(["#N canvas 40 40 420 260 META 0;", *lines, place]))
