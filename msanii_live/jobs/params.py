"""The params of the stream: set while it runs, and read when the next chunk is made."""

from __future__ import annotations

from msanii_live.notes import PARTS
from msanii_live.protocol.commands import PARAMS, Param
from msanii_live.protocol.music_text import parse_parts

Value = int | float | str

_DEFAULTS: dict[str, Value] = {
    "stream.mix": 0.0,
    "stream.target": "",
    "stream.strength": 0.5,
    "stream.steps": 0,
    "stream.seed": -1,
    "stream.density": -1.0,
    "stream.style": "",
    "stream.key": "",
    "stream.chords": "",
    "stream.parts": "",
}


class Params:
    """The value of each param; the last one set counts. Every method is safe from any thread."""

    def __init__(self) -> None:
        """Begin with the defaults."""
        assert {param.address.rsplit("/", 1)[1] for param in PARAMS} == set(_DEFAULTS)
        self._values = dict(_DEFAULTS)

    def apply(self, param: Param) -> Value | None:
        """Set a param to the value of its command; return its value if the command has none."""
        value: Value | None = getattr(param, "value", None)
        if value is None:
            return self._values[param.name]
        self._values[param.name] = "" if value == "none" else value
        return None

    def set(self, name: str, value: Value) -> None:
        """Set a param by its name."""
        self._values[name] = value

    def number(self, name: str) -> float:
        """Return the value of a param that is a number."""
        return float(self._values[name])

    def text(self, name: str) -> str:
        """Return the value of a param that is text."""
        return str(self._values[name])

    def parts(self) -> tuple[str, ...]:
        """Return the parts that `stream.parts` lets sound, in the order of PARTS; empty for all."""
        text = self.text("stream.parts")
        parts = parse_parts(text) if text else ()
        return () if parts == PARTS else parts
