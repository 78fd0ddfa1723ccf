"""How long tasks last, by their size: seconds of audio × denoising steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msanii_live.protocol.commands import (
    FixedLengthCommand,
    Interpolate,
    JobCommand,
    Outpaint,
    Render,
)

DEFAULT_STEPS = 16  # of a command without `steps`, before its engine was made
DEFAULT_SECONDS = 6.0  # of a clip whose length is not known before it is made
OVERHEAD = 0.05  # s that every task takes, however small
EXTRA_STEPS = 4  # that encoding, decoding and writing the audio cost, as many steps
WARM_UP_SIZE = 6.0 * (2 + EXTRA_STEPS)  # of the clip that `Engine.warm` makes, about
FIRST_RATE = 2.0 / (DEFAULT_SECONDS * (DEFAULT_STEPS + EXTRA_STEPS))  # s per size, never measured
_DECAY = 0.7  # of the weight of earlier tasks with each new one


def task_size(seconds: float, steps: int) -> float:
    """Return the size of a task. seconds: of audio. steps: denoising steps."""
    return max(seconds, 0.0) * (steps + EXTRA_STEPS)


def step_share(steps: int) -> float:
    """Return the share of a task's duration that its denoising steps take, 0 to 1."""
    return steps / (steps + EXTRA_STEPS)


def expected_seconds(
    command: JobCommand, bpm: float, beats: int, seconds_of: Callable[[str], float | None]
) -> float:
    """Return the expected length of a command's clip, s.

    bpm, beats: of the transport. seconds_of: returns the length of a clip, s; None if unknown.
    """
    length: float | None = None
    if isinstance(command, FixedLengthCommand | Render):
        length = command.seconds
        if command.bars is not None:
            length = command.bars * beats * 60.0 / (command.bpm or bpm)
    elif isinstance(command, Interpolate):
        length = max(seconds_of(command.a) or 0.0, seconds_of(command.b) or 0.0)
    else:
        length = seconds_of(str(getattr(command, "src", "")))
    if isinstance(command, Outpaint) and command.keep:
        length = (length or DEFAULT_SECONDS) + (seconds_of(command.src) or 0.0)
    return length or DEFAULT_SECONDS


@dataclass
class _Sums:
    """Decaying sums over the tasks of one kind.

    default_steps: of the shortest task that gave none.
    """

    seconds: float = 0.0
    size: float = 0.0
    default_steps: int = 0


class DurationEstimates:
    """The seconds per size of tasks, learnt for each command address and engine.

    Before a task of a kind has ended, the rate of its engine's other kinds is taken, or else the
    one that was measured when the default engine was warm.
    """

    def __init__(
        self,
        engine_of: Callable[[str], str] = str,
        steps_of: Callable[[str], int] = lambda engine: 0,
    ) -> None:
        """Begin with nothing learnt.

        engine_of: returns one word for all the names of an engine that a command can give.
        steps_of: returns the steps that an engine takes where a command gives none, 0 if unknown.
        """
        self._engine_of = engine_of
        self._steps_of = steps_of
        self._kinds: dict[tuple[str, str], _Sums] = {}
        self._first_rate = FIRST_RATE

    def set_warm_up(self, seconds: float) -> None:
        """Take how long the default engine's warm-up lasted as the first guess, s."""
        if seconds > OVERHEAD:
            self._first_rate = seconds / WARM_UP_SIZE

    def add(self, command: JobCommand, length: float, steps: int, seconds: float) -> None:
        """Take in a task that has ended.

        length: of its clip, s. steps: denoising steps that it reported; those of a long clip, which
        is made in parts, are the steps of all parts. seconds: that it lasted.
        """
        sums = self._kinds.setdefault(self._kind_of(command), _Sums())
        if command.steps is None and steps:
            sums.default_steps = min(steps, sums.default_steps or steps)
        steps = command.steps or self._default_steps(command)
        sums.seconds = _DECAY * sums.seconds + max(seconds - OVERHEAD, 0.2 * seconds)
        sums.size = _DECAY * sums.size + task_size(length, steps)

    def get(self, command: JobCommand, length: float) -> float:
        """Return how long a task is expected to last, s. length: of its clip, s."""
        steps = command.steps or self._default_steps(command)
        return OVERHEAD + self._rate(command) * task_size(length, steps)

    def _kind_of(self, command: JobCommand) -> tuple[str, str]:
        return command.address, self._engine_of(command.engine)

    def _default_steps(self, command: JobCommand) -> int:
        own = self._kinds.get(self._kind_of(command))
        if own and own.default_steps:
            return own.default_steps
        return self._steps_of(command.engine) or DEFAULT_STEPS

    def _rate(self, command: JobCommand) -> float:
        own = self._kinds.get(self._kind_of(command))
        if own and own.size:
            return own.seconds / own.size
        _, own_engine = self._kind_of(command)
        others = [s for (_, engine), s in self._kinds.items() if engine == own_engine]
        size = sum(s.size for s in others)
        return sum(s.seconds for s in others) / size if size else self._first_rate
