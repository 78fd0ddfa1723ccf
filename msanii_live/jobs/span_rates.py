"""How fast engines make audio on this machine, measured from their last jobs."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from dataclasses import dataclass, field

from msanii_live.protocol.commands import GenerationCommand

_KEPT = 20  # jobs of an engine whose times are typical
_RECENT = 4  # jobs whose slowest span is believed

Kind = tuple[str, str, int | None]


def kind_of(command: GenerationCommand, engine: str) -> Kind:
    """Return what jobs have in common whose spans take equally long."""
    return (command.address, engine, command.steps)


class SpanRates:
    """Seconds of audio that are made in a second, by kind of job and number of the span.

    The second span only has to be vocoded; later ones may have to be denoised as well. So these are
    told apart. The first span has no rate. Any thread may call it.
    """

    def __init__(self) -> None:
        self._rates: dict[tuple[Kind, bool], deque[float]] = {}
        self._lock = threading.Lock()

    def add(self, kind: Kind, number: int, rate: float) -> None:
        """Take in the rate of a span. number: from 0; at least 1."""
        with self._lock:
            self._rates.setdefault((kind, number == 1), deque(maxlen=_RECENT)).append(rate)

    def get(self, kind: Kind, number: int) -> float | None:
        """Return the rate that is expected of a span, None if it is not known."""
        with self._lock:
            own = self._rates.get((kind, number == 1))
            return min(own) if own else None


@dataclass
class _Waits:
    sound: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    file: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))


class TypicalWaits:
    """How long the jobs of each engine took until they sounded, and until their file was there.

    Times in s, from when the engine began: the medians of its last jobs. Any thread may call it.
    """

    def __init__(self) -> None:
        self._waits: dict[str, _Waits] = {}
        self._lock = threading.Lock()

    def add(self, engine: str, to_sound: float | None, to_file: float) -> None:
        """Take in a job that has ended. to_sound: None if it was not to be played."""
        with self._lock:
            waits = self._waits.setdefault(engine, _Waits())
            waits.file.append(to_file)
            if to_sound is not None:
                waits.sound.append(to_sound)

    def get(self) -> dict[str, tuple[float | None, float]]:
        """Return the typical time to the sound, None if unknown, and to the file, by engine."""
        with self._lock:
            return {
                engine: (
                    statistics.median(waits.sound) if waits.sound else None,
                    statistics.median(waits.file),
                )
                for engine, waits in self._waits.items()
            }
