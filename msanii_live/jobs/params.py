"""What a musician turns while things run: read at the next chunk, never queued; the last wins."""

from __future__ import annotations

from msanii_live.protocol.commands import PARAMS, Param

Value = int | float | str

_DEFAULTS: dict[str, Value] = {
    "stream.mix": 0.0,
    "stream.target": "",
    "stream.strength": 0.5,
    "stream.steps": 0,
    "stream.seed": -1,
    "stream.density": -1.0,
}


class Params:
    """Hold one value a param. Every method may be called from any thread."""

    def __init__(self) -> None:
        """Begin with the defaults."""
        assert {param.address.rsplit("/", 1)[1] for param in PARAMS} == set(_DEFAULTS)
        self._values = dict(_DEFAULTS)

    def turn(self, param: Param) -> Value | None:
        """Set a param, or return its value where the command has none."""
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
