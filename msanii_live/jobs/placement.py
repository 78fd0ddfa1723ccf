"""Where the engine of a task runs: in this process, or somewhere else."""

from __future__ import annotations

from typing import Protocol

from msanii_live.engines.base import Engine
from msanii_live.jobs.task import TaskHandle


class Placement(Protocol):
    """What runs the engines of tasks, in so many slots."""

    slots: int

    def engine(self, engine: Engine, handle: TaskHandle) -> Engine:
        """Return what stands for an engine of the server's, to run one task in the task's slot.

        The methods that make something raise as the engine's, and `SlotLost`.
        """


class InProcess:
    """The placement of a server without workers: its own engines, one task at a time."""

    slots = 1

    def engine(self, engine: Engine, handle: TaskHandle) -> Engine:
        """Return the engine itself."""
        return engine
