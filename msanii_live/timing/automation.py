"""Automation: changes of params at beats, as they are recorded, overdubbed, kept and played."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

MAX_EVENTS = 20_000
MAX_BEATS = 16_384.0
_SAME = 1 / 96  # of a beat: changes of a param that are nearer to each other are one
_START = 1e-6  # beats; a change as near to the start is at it

ParamValue: TypeAlias = int | float | str


@dataclass(frozen=True)
class AutomationEvent:
    """A change of a param.

    beat: since the start of the automation. beats, shape: of its way to the value; see `Curve`.
    """

    beat: float
    name: str
    value: ParamValue
    beats: float = 0.0
    shape: str = "linear"


@dataclass(frozen=True)
class Automation:
    """Changes of params over some bars. length: beats. events: in the order of their beats."""

    length: float
    events: tuple[AutomationEvent, ...]

    def between(self, begin: float, end: float) -> Iterator[AutomationEvent]:
        """Return the changes of a loop in (begin, end], beats since it began for the first time.

        >>> loop = Automation(4.0, (AutomationEvent(1.0, "stream.mix", 0.5),))
        >>> [event.beat for event in loop.between(0.0, 10.0)]
        [1.0, 1.0, 1.0]
        """
        first, last = (max(0, math.floor(beat / self.length)) for beat in (begin, end))
        for number in range(first, last + 1):
            start = number * self.length
            low, high = (bisect_right(self._beats, beat - start) for beat in (begin, end))
            yield from self.events[low:high]

    def next_after(self, beat: float) -> float:
        """Return the beat of a loop's next change or start, after one; see `between`."""
        start = math.floor(beat / self.length) * self.length
        index = bisect_right(self._beats, beat - start)
        return start + (self._beats[index] if index < len(self._beats) else self.length)

    @cached_property
    def _beats(self) -> list[float]:
        return [event.beat for event in self.events]

    def as_dict(self) -> dict[str, object]:
        """Return the automation, ready for JSON."""
        events = [
            [round(each.beat, 4), each.name, each.value, each.beats, each.shape]
            for each in self.events
        ]
        return {"length": self.length, "events": events}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Automation:
        """Return an automation from JSON; the params are not checked. Raises: ValueError."""
        try:
            length = float(raw["length"])
            events = [
                AutomationEvent(float(beat), str(name), _value(value), float(beats), str(shape))
                for beat, name, value, beats, shape in raw["events"]
            ]
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ValueError(f"the automation is not understood: {str(error)[:100]}") from None
        is_legal = 0 < length <= MAX_BEATS and len(events) <= MAX_EVENTS
        if not is_legal or not all(0 <= each.beat <= length for each in events):
            raise ValueError("the automation is out of range")
        return cls(length, tuple(sorted(events, key=lambda each: each.beat)))


def _value(raw: object) -> ParamValue:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError(f"{raw!r} is no value of a param")
    return raw


@dataclass
class AutomationDraft:
    """An automation that is being recorded, anew or over an earlier one, which repeats.

    base: the earlier one; None if there is none. From its first new change on, and until the end of
    that pass or of the recording, a param's earlier changes are replaced.
    """

    base: Automation | None = None
    _touched: dict[str, float] = field(default_factory=dict)  # params, and from where on
    _new: list[AutomationEvent] = field(default_factory=list)  # of this pass

    @property
    def touched(self) -> frozenset[str]:
        """The params whose earlier changes are being replaced."""
        return frozenset(self._touched)

    @property
    def is_full(self) -> bool:
        """Whether no more changes can be kept."""
        return len(self._new) + (len(self.base.events) if self.base else 0) >= MAX_EVENTS

    def add(self, event: AutomationEvent, before: ParamValue) -> None:
        """Add a change. before: the param's value until then, with which the automation begins."""
        last = next((each for each in reversed(self._new) if each.name == event.name), None)
        known = self.base.events if self.base else ()
        if last is None and not any(each.name == event.name for each in known):
            if event.beat > _START:
                self._new.append(AutomationEvent(0.0, event.name, before))
        elif last is not None and not last.beats and 0 < event.beat - last.beat < _SAME:
            self._new.remove(last)
            event = AutomationEvent(last.beat, event.name, event.value, event.beats, event.shape)
        if self.is_full:
            return
        self._touched.setdefault(event.name, event.beat)
        self._new.append(event)

    def finish(self, length: float, end: float) -> Automation:
        """End a pass at a beat of it; return the automation, which the next pass is played over."""
        known = self.base.events if self.base else ()
        kept = [
            each
            for each in known
            if not self._touched.get(each.name, math.inf) <= each.beat < max(end, _START)
        ]
        events = sorted([*kept, *self._new], key=lambda each: each.beat)
        self.base = Automation(length, tuple(each for each in events if each.beat <= length))
        self._touched.clear()
        self._new.clear()
        return self.base
