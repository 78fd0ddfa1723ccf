"""Where the page's state comes from: functions of the server's other parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class LogLine(Protocol):
    """One line of the message log."""

    @property
    def age(self) -> float:
        """Seconds since the message came in."""

    def fields(self) -> tuple[str, str, str]:
        """Return sender, message and outcome."""


class LogSource(Protocol):
    """The log of received messages. written: the number of lines that there ever were."""

    written: int

    def since(self, number: int) -> Sequence[LogLine]:
        """Return the lines after the first `number`, as far as they are kept."""


@dataclass(frozen=True)
class SnapshotSources:
    """Functions that return the state of other parts. All are called on the event loop.

    state: starting, idle, busy or stopping. osc: the address of OSC, as HOST:PORT. folder: the
    shared folder. time_source: the clock source in words. stream_midi: name of the notes that the
    stream plays. hindrances: which programs cannot read the clips' files, in sentences. scenes:
    the names of the scenes. mappings: of MIDI controls, as (param, control, channel, number).
    workers: a line on each. automation: names, and what is recorded or played. controls: the place,
    0 to 1, of each control of the page that a MIDI control has moved.
    """

    state: Callable[[], str]
    osc: Callable[[], str]
    folder: Path
    counters: Callable[[], Mapping[str, int]]
    time_source: Callable[[], str]
    stream_runs: Callable[[], bool]
    stream_midi: Callable[[], str]
    log: LogSource
    hindrances: Sequence[str] = ()
    scenes: Callable[[], Sequence[str]] = tuple
    mappings: Callable[[], Sequence[tuple[object, ...]]] = tuple
    workers: Callable[[], Sequence[str]] = tuple
    automation: Callable[[], Mapping[str, object]] = dict
    controls: Callable[[], Mapping[str, float]] = dict
