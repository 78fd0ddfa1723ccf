"""Write Pure Data patches from sketches."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from max_patches.generators.sketch import Box, read, settle

FONT = 12
INK, PAPER, LABEL = "#000000", "#fcfcfc", "#404040"
CHARACTER = 7  # pixels, of the font
ESCAPED = re.compile(r"([,;]|\$(?=[0-9]))")


@dataclass
class Canvas:
    """Collect the boxes and wires of one patch. width, height: of its window, pixels."""

    width: int = 760
    height: int = 560
    head: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    wires: list[str] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def draw(self, sketch: str) -> Canvas:
        """Add what a sketch says; a later one may name the boxes of an earlier one.

        Raises: ValueError: two boxes of one name. KeyError: a name without a box.
        """
        boxes, wires = read(sketch)
        for box in settle(boxes, size):
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
        """Say where abstractions lie; beside this an object [declare] shows it."""
        self.head.append(f"#X declare {flags}")

    def restore(self, record: str) -> None:
        """Add a subpatch, given as the whole of its records."""
        self.records.append(record)
        self.count += 1

    def render(self) -> str:
        """Return the file."""
        window = f"#N canvas 60 60 {self.width} {self.height} {FONT}"
        lines = (window, *self.head, *self.records, *self.wires)
        return "".join(f"{line};\n" for line in lines)


def record(box: Box) -> str:
    """Return the line of the file that makes a box.

    Raises: ValueError: a comment that Pd would break in the wrong place.
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
    """Return about the width and height of a box on the screen, pixels."""
    if box.kind != "control":
        height = {"comment": 17.0, "message": 20.0 + 15.0 * box.text.count(";")}
        return len(box.text) * CHARACTER + 8.0, height.get(box.kind, 20.0)
    kind, _, rest = box.text.partition(" ")
    numbers, _, words = parts(kind, rest)
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
    r"""Write commas, semicolons and dollars so that Pd reads them as parts of a box.

    >>> print(escape("0, $1 30"))
    0 \, \$1 30
    """
    return ESCAPED.sub(r"\\\1", re.sub(r"\s*([,;])", r" \1", text))


def one_word(text: str) -> str:
    r"""Write words so that Pd reads them as one symbol.

    >>> print(one_word("not running"))
    not\ running
    """
    return text.replace(" ", "\\ ")


def parts(kind: str, rest: str) -> tuple[list[str], str, list[str]]:
    """Part what follows the kind of a control: numbers, what it can be sent to by, label."""
    words = rest.split()
    hears = escape(words.pop(0)[1:]) if words and words[0].startswith("@") else "empty"
    count = {"slider": 3, "strip": 1, "heading": 1}.get(kind, 0)
    return words[:count], hears, words[count:]


def control(place: str, kind: str, rest: str = "") -> str:
    """Return the record of something to click or to look at.

    rest: numbers, then its label, which may have spaces; @NAME is what it can be sent to by.
    """
    numbers, hears, words = parts(kind, rest)
    label = escape("\\ ".join(words)) or "empty"
    at = f"#X obj {place}"
    match kind:
        case "toggle" | "light":
            ink = "#00a030" if kind == "light" else INK
            return f"{at} tgl 19 0 empty {hears} {label} 25 10 0 12 {PAPER} {ink} {LABEL} 0 1"
        case "button":
            return f"{at} bng 19 250 50 0 empty {hears} {label} 25 10 0 12 {PAPER} {INK} {LABEL}"
        case "slider":  # low, high, and where it stands, 0 to 1 of its way
            low, high, part = numbers
            stand = round(float(part) * 12_700)
            return (
                f"{at} hsl 128 19 {low} {high} 0 0 empty {hears} {label} 134 9 0 12 "
                f"{PAPER} {INK} {LABEL} {stand} 1"
            )
        case "strip":  # width, pixels: a line that shows words
            return f"{at} cnv 15 {numbers[0]} 22 empty {hears} {label} 6 11 0 12 #e8e8e8 {LABEL} 0"
        case "heading":
            return f"{at} cnv 15 {numbers[0]} 36 empty {hears} {label} 8 18 0 18 #d0dcf0 #202020 0"
        case "number":
            return f"#X floatatom {place} 7 0 0 0 - - - 0"
        case "meter":
            return f"{at} vu 15 120 empty {hears} -1 -8 0 10 #404040 {INK} 1 0"
    raise ValueError(f"no control is called {kind}")


def meta(canvas: Canvas, fields: dict[str, str]) -> None:
    """Add the subpatch [pd META] that Pd's search reads."""
    lines = [
        f"#X text 12 {12 + 24 * i} {name} {escape(value)};"
        for i, (name, value) in enumerate(fields.items())
    ]
    place = f"#X restore {canvas.width - 90} {canvas.height - 40} pd META"
    canvas.restore("\n".join(["#N canvas 40 40 420 260 META 0;", *lines, place]))
