"""Write Pure Data patches from a sketch: one line a box, one line a row of wires.

    in    20 20  [inlet]              an object
    go    20 60  (0, $1 30)           a message box
          20 90  "words"              a comment
    lamp  20 120 {light connected}    a control with its label
    in -> go -> other:1               wires; `name:n` is outlet n where it sends, inlet n at the end
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

FONT = 12
INK, PAPER, LABEL = "#000000", "#fcfcfc", "#404040"
BOX = re.compile(r"(?:(?P<name>[a-z]\w*)\s+)?(?P<x>\d+) (?P<y>\d+)\s+(?P<kind>[\[(\"{])(?P<text>.*).$")
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
        """Add what a sketch says.

        Raises: ValueError: a line that is neither box nor wires. KeyError: a name without a box.
        """
        lines = [line.strip() for line in sketch.splitlines() if line.strip()]
        for line in lines:
            if found := BOX.match(line):
                self._box(**found.groupdict())
            elif " -> " not in line:
                raise ValueError(f"neither a box nor wires: {line}")
        for line in lines:
            if not BOX.match(line):
                self._wires(line)
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

    def _box(self, name: str | None, x: str, y: str, kind: str, text: str) -> None:
        if kind == "{":
            record = control(x, y, *text.split(" ", 1))
        elif kind == '"':
            record = f"#X text {x} {y} {escape(text)}, f {len(text) + 2}"
        else:
            record = f"#X {'obj' if kind == '[' else 'msg'} {x} {y} {escape(text)}"
        if name:
            if name in self.names:
                raise ValueError(f"two boxes are called {name}")
            self.names[name] = self.count
        self.records.append(record)
        self.count += 1

    def _wires(self, line: str) -> None:
        stops = [stop.strip().partition(":") for stop in line.split("->")]
        for place, (source, sink) in enumerate(pairwise(stops), start=2):
            inlet = sink[2] if place == len(stops) else ""
            a, b = self.names[source[0]], self.names[sink[0]]
            self.wires.append(f"#X connect {a} {source[2] or 0} {b} {inlet or 0}")


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


def control(x: str, y: str, kind: str, rest: str = "") -> str:
    """Return the record of something to click or to look at.

    rest: numbers, then its label, which may have spaces; @NAME is what it can be sent to by.
    """
    words = rest.split(" ")
    hears = escape(next((word[1:] for word in words if word.startswith("@")), "empty"))
    words = [word for word in words if not word.startswith("@")]
    numbers = [word for word in words if re.fullmatch(r"-?[0-9.]+", word)]
    label = escape("\\ ".join(word for word in words if word not in numbers)) or "empty"
    at = f"#X obj {x} {y}"
    match kind:
        case "toggle" | "light":
            ink = "#00a030" if kind == "light" else INK
            return f"{at} tgl 19 0 empty {hears} {label} 25 10 0 12 {PAPER} {ink} {LABEL} 0 1"
        case "button":
            return f"{at} bng 19 250 50 0 empty {hears} {label} 25 10 0 12 {PAPER} {INK} {LABEL}"
        case "slider":  # low, high, and where it stands, 0 to 1 of its way
            low, high, place = numbers
            stand = round(float(place) * 12_700)
            return (
                f"{at} hsl 128 19 {low} {high} 0 0 empty {hears} {label} 134 9 0 12 "
                f"{PAPER} {INK} {LABEL} {stand} 1"
            )
        case "strip":  # width, pixels: a line that shows words
            return f"{at} cnv 15 {numbers[0]} 22 empty {hears} {label} 6 11 0 12 #e8e8e8 {LABEL} 0"
        case "heading":
            return f"{at} cnv 15 {numbers[0]} 36 empty {hears} {label} 8 18 0 18 #d0dcf0 #202020 0"
        case "number":
            return f"#X floatatom {x} {y} 7 0 0 0 - - - 0"
        case "meter":
            return (
                f"{at} vu 15 120 empty {hears} -1 -8 0 10 #404040 {INK} 1 0"
            )
    raise ValueError(f"no control is called {kind}")


def meta(canvas: Canvas, fields: dict[str, str]) -> None:
    """Add the subpatch [pd META] that Pd's search reads."""
    lines = [
        f"#X text 12 {12 + 24 * i} {name} {escape(value)};"
        for i, (name, value) in enumerate(fields.items())
    ]
    place = f"#X restore {canvas.width - 90} {canvas.height - 40} pd META"
    canvas.restore("\n".join(["#N canvas 40 40 420 260 META 0;", *lines, place]))
