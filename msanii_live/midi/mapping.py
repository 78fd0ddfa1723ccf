"""MIDI controls mapped to params and commands: learning, soft takeover, and what is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from msanii_live.errors import Code, CommandError

KINDS = ("cc", "note", "pressure")
WHOLE_CHANNEL = -1  # the number of a channel's pressure
MAX_MAPPINGS = 256
_NEAR = 1.5 / 127  # of a control's way: so near to a param's value it may take it over
_MIDDLE = 0.5  # of its way, upwards through which a controller sends a command


class MidiControl(NamedTuple):
    """A MIDI control. kind: one of KINDS. channel: from 1. number: of the controller or note."""

    kind: str
    channel: int
    number: int


@dataclass
class MidiMapping:
    """A control and what it moves.

    target: a param's name, or the text of a command. low, high: the values at the control's ends;
    of a param. place: where the control was last, 0 to 1; None before it was moved. set_to: the
    value that it set last; None while it does not hold the param.
    """

    target: str
    control: MidiControl
    low: float = 0.0
    high: float = 1.0
    is_command: bool = False
    place: float | None = field(default=None, compare=False)
    set_to: float | None = field(default=None, compare=False)

    def as_dict(self) -> dict[str, object]:
        """Return what is kept of it, ready for JSON."""
        fields = asdict(self)
        return {key: fields[key] for key in ("target", "control", "low", "high", "is_command")}

    @classmethod
    def from_dict(cls, raw: Any) -> MidiMapping:
        """Return a mapping from JSON. Raises: ValueError: it is none."""
        try:
            kind, channel, number = raw["control"]
            found = cls(
                str(raw["target"]),
                MidiControl(str(kind), int(channel), int(number)),
                float(raw["low"]),
                float(raw["high"]),
                bool(raw["is_command"]),
            )
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ValueError(f"a mapping is wrong: {str(error)[:100]}") from None
        is_legal = kind in KINDS and 1 <= found.control.channel <= 16
        is_legal &= WHOLE_CHANNEL <= found.control.number <= 127
        if not is_legal or not all(abs(each) < 1e9 for each in (found.low, found.high)):
            raise ValueError("a mapping is out of range")
        return found


@dataclass(frozen=True)
class Learning:
    """What the next control is to be mapped to. kind: of the control; "" for any."""

    target: str
    kind: str
    low: float
    high: float
    is_command: bool
    on_learnt: Callable[[MidiMapping], object]


class MidiMapper:
    """The mappings of a server. Every method may be called from any thread."""

    def __init__(
        self,
        value_of: Callable[[str], float | None],
        set_value: Callable[[str, float], object],
        run: Callable[[str], object],
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        """Begin without a mapping.

        value_of: returns a param's value, or None where a control need not reach it. set_value:
        sets one. run: carries out the text of a command. on_change: called when the mappings have
        changed.
        """
        self._value_of = value_of
        self._set_value = set_value
        self._run = run
        self._on_change = on_change
        self._lock = threading.RLock()
        self._mappings: list[MidiMapping] = []
        self._learning: Learning | None = None

    @property
    def mappings(self) -> list[MidiMapping]:
        """The mappings, oldest first."""
        with self._lock:
            return list(self._mappings)

    def replace_all(self, mappings: Iterable[MidiMapping]) -> None:
        """Set all mappings."""
        with self._lock:
            self._mappings = list(mappings)[:MAX_MAPPINGS]

    def learn(self, learning: Learning) -> None:
        """Map the next control that is moved; an earlier learning ends.

        Raises: CommandError: EBUSY, there are too many mappings.
        """
        with self._lock:
            if len(self._mappings) >= MAX_MAPPINGS:
                text = f"{MAX_MAPPINGS} controls are mapped: free some with /msanii/map/free"
                raise CommandError(Code.EBUSY, text)
            self._learning = learning

    def free(self, target: str) -> None:
        """Remove the mappings to a target, or "all".

        Raises: CommandError: ERANGE, there is none.
        """
        with self._lock:
            left = [] if target == "all" else [m for m in self._mappings if m.target != target]
            waited = self._learning is not None and target in ("all", self._learning.target)
            if waited:
                self._learning = None
            if len(left) == len(self._mappings) and not waited and target != "all":
                raise CommandError(Code.ERANGE, f"no control is mapped to {target}")
            self._mappings = left
        self._on_change()

    def receive(self, message: Any, now: float) -> None:
        """Handle a MIDI message as mido has it. now: s; not used."""
        moved = read_control(message)
        if moved is None:
            return
        control, place = moved
        with self._lock:
            learning = self._learning
            if learning is not None and learning.kind in ("", control.kind) and place > 0:
                self._learn(learning, control, place)
                return
            found = [mapping for mapping in self._mappings if mapping.control == control]
        for mapping in found:
            self._move(mapping, place)

    def _learn(self, learning: Learning, control: MidiControl, place: float) -> None:
        mapping = MidiMapping(
            learning.target, control, learning.low, learning.high, learning.is_command, place
        )
        self._learning = None
        known = [m for m in self._mappings if (m.target, m.control) != (mapping.target, control)]
        self._mappings = [*known, mapping]
        self._on_change()
        learning.on_learnt(mapping)

    def _move(self, mapping: MidiMapping, place: float) -> None:
        before, mapping.place = mapping.place, place
        if mapping.is_command:
            if place > 0 if mapping.control.kind == "note" else is_rising(before, place):
                self._run(mapping.target)
            return
        if mapping.control.kind == "note" and place == 0:
            return  # the note has ended
        value = mapping.low + (mapping.high - mapping.low) * place
        if mapping.control.kind == "cc" and not self._takes_over(mapping, before, place):
            return
        self._set_value(mapping.target, value)
        mapping.set_to = self._value_of(mapping.target)

    def _takes_over(self, mapping: MidiMapping, before: float | None, place: float) -> bool:
        """Return whether a controller holds its param, or has just reached its value."""
        current = self._value_of(mapping.target)
        if current is None:
            return True
        if mapping.set_to is not None and abs(current - mapping.set_to) < 1e-6:
            return True
        span = mapping.high - mapping.low
        wanted = (current - mapping.low) / span if span else place
        wanted = min(max(wanted, 0.0), 1.0)
        has_crossed = before is not None and min(before, place) <= wanted <= max(before, place)
        return has_crossed or abs(place - wanted) <= _NEAR


def is_rising(before: float | None, place: float) -> bool:
    """Return whether a controller has passed its middle upwards."""
    return place >= _MIDDLE and (before is None or before < _MIDDLE)


def read_control(message: Any) -> tuple[MidiControl, float] | None:
    """Return the control that a MIDI message moves and where it is, 0 to 1; None for others."""
    channel = int(getattr(message, "channel", 0)) + 1
    match message.type:
        case "control_change":
            return MidiControl("cc", channel, int(message.control)), message.value / 127
        case "note_on":
            return MidiControl("note", channel, int(message.note)), message.velocity / 127
        case "note_off":
            return MidiControl("note", channel, int(message.note)), 0.0
        case "polytouch":
            return MidiControl("pressure", channel, int(message.note)), message.value / 127
        case "aftertouch":
            return MidiControl("pressure", channel, WHOLE_CHANNEL), message.value / 127
    return None
