"""The params of the stream: set while it runs, and read when the next chunk is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from msanii_live.notes import PARTS
from msanii_live.protocol.commands import PARAMS, Param
from msanii_live.protocol.music_text import parse_parts
from msanii_live.timing.curve import Curve

Value = int | float | str
Listener = Callable[[Value, float, str], object]
Observer = Callable[[str, Value, Value, float, str], object]

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
    "stream.prompt.a": "",
    "stream.prompt.b": "",
    "stream.drive": 0.0,
    "stream.space": 0.0,
    "output.gain": 0.0,
}
# Values that leave the choice to the engine, or mean nothing but themselves: none glides to them.
_LEAVES_IT: dict[str, Callable[[float], bool]] = {
    "stream.density": lambda value: value < 0,
    "stream.steps": lambda value: value == 0,
    "stream.seed": lambda _: True,
}


@dataclass(frozen=True)
class _Change:
    """A param on its way: before until the curve is over, or the curve's value; then after."""

    before: Value
    after: Value
    curve: Curve

    def value_at(self, beat: float) -> Value:
        if isinstance(self.after, str) or self.curve.is_step:
            return self.after if self.curve.is_over(beat) else self.before
        value = self.curve.value_at(beat)
        return round(value) if isinstance(self.after, int) else value


class Params:
    """The value of each param; the last one set counts. Every method is safe from any thread."""

    def __init__(self, beat: Callable[[], float] = lambda: 0.0) -> None:
        """Begin with the defaults. beat: returns the beat of the transport that it is now."""
        assert {param.address.rsplit("/", 1)[1] for param in PARAMS} == set(_DEFAULTS)
        self._beat = beat
        self._lock = threading.Lock()
        self._values = dict(_DEFAULTS)
        self._changes: dict[str, _Change] = {}
        self._listeners: dict[str, Listener] = {}
        self._observer: Observer = lambda *_: None

    def listen(self, name: str, listener: Listener) -> None:
        """Call a listener with each new value of a param: (value, beats, shape)."""
        self._listeners[name] = listener

    def observe(self, observer: Observer) -> None:
        """Call an observer with each change: (name, value before, value, beats, shape)."""
        self._observer = observer

    def apply(self, param: Param) -> Value | None:
        """Set a param to the value of its command; return its value if the command has none."""
        value: Value | None = getattr(param, "value", None)
        if value is None:
            return self.value(param.name)
        self.change(param.name, "" if value == "none" else value, param.time, param.shape)
        return None

    def set(self, name: str, value: Value) -> None:
        """Set a param by its name."""
        before = self.value(name)
        with self._lock:
            self._changes.pop(name, None)
            self._values[name] = value
        self._tell(name, before, value)

    def change(self, name: str, value: Value, beats: float, shape: str = "linear") -> None:
        """Move a param to a value over some beats; words, and what cannot glide, change then."""
        if not beats:
            self.set(name, value)
            return
        before, start = self.value(name), self._beat()
        is_step = isinstance(value, str) or isinstance(before, str)
        if not is_step:
            leaves = _LEAVES_IT.get(name)
            is_step = leaves is not None and (leaves(float(before)) or leaves(float(value)))
        ends = (0.0, 0.0) if is_step else (float(before), float(value))
        curve = Curve(*ends, begin=start, beats=beats, shape=shape, is_step=is_step)
        with self._lock:
            self._changes[name] = _Change(before, value, curve)
            self._values[name] = value
        self._tell(name, before, value, beats, shape)

    def _tell(
        self, name: str, before: Value, value: Value, beats: float = 0.0, shape: str = "linear"
    ) -> None:
        if name in self._listeners:
            self._listeners[name](value, beats, shape)
        self._observer(name, before, value, beats, shape)

    def value(self, name: str) -> Value:
        """Return the value that a param has now."""
        change = self._changes.get(name)
        if change is None:
            return self._values[name]
        beat = self._beat()
        if change.curve.is_over(beat):
            with self._lock:
                if self._changes.get(name) is change:
                    del self._changes[name]
        return change.value_at(beat)

    def values(self) -> dict[str, Value]:
        """Return the value of every param, and of one on its way the value that it goes to."""
        return dict(self._values)

    def number(self, name: str) -> float:
        """Return the value of a param that is a number."""
        return float(self.value(name))

    def text(self, name: str) -> str:
        """Return the value of a param that is text."""
        return str(self.value(name))

    def parts(self) -> tuple[str, ...]:
        """Return the parts that `stream.parts` lets sound, in the order of PARTS; empty for all."""
        text = self.text("stream.parts")
        parts = parse_parts(text) if text else ()
        return () if parts == PARTS else parts
