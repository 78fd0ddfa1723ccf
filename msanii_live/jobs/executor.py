"""Where the engine of a task runs: in this process, or in workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msanii_live.engines.base import Engine
from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.task import TaskHandle


@dataclass(frozen=True)
class EngineProcess:
    """A process that runs engines for one slot.

    is_there: False while it is lost. engines: those in memory. device: cpu, cuda and the like, with
    the GPU's number where there are several. pid: 0 while it is unknown.
    """

    is_there: bool
    engines: tuple[str, ...] = ()
    device: str = ""
    host: str = ""
    pid: int = 0
    memory_mb: float = 0.0


class Executor(Protocol):
    """What runs the engines of tasks, in so many slots. workers: processes of its own."""

    @property
    def slots(self) -> int:
        """How many tasks run at a time."""

    @property
    def workers(self) -> int:
        """How many processes besides the server run engines."""

    def engine(self, engine: Engine, handle: TaskHandle) -> Engine:
        """Return what stands for an engine of the server's, to run one task in the task's slot.

        The methods that make something raise as the engine's, and `SlotLost`.
        """

    def processes(self) -> Sequence[EngineProcess]:
        """Return what runs the tasks of each slot, from memory."""

    def set_usable_callback(self, call: Callable[[int, bool], object]) -> None:
        """Set what is told that the process of a slot is there, or is lost."""

    def set_added_callback(self, call: Callable[[int], object]) -> None:
        """Set what is told that there are so many more slots."""

    def close(self) -> None:
        """End the processes."""


class InProcessExecutor:
    """The executor of a server without workers: its own engines, one task at a time."""

    slots, workers = 1, 0

    def __init__(self, registry: EngineRegistry | None = None) -> None:
        """Take the engines, to tell of them."""
        self._registry = registry

    def engine(self, engine: Engine, handle: TaskHandle) -> Engine:
        """Return the engine itself."""
        return engine

    def processes(self) -> Sequence[EngineProcess]:
        """Return the server's own process."""
        registry = self._registry
        if registry is None:
            return [EngineProcess(True)]
        loaded = tuple(name for name in registry.names() if registry.state(name) == "loaded")
        return [EngineProcess(True, loaded, registry.device, memory_mb=registry.memory_mb())]

    def set_usable_callback(self, call: Callable[[int, bool], object]) -> None:
        """Do nothing: the process is there."""

    def set_added_callback(self, call: Callable[[int], object]) -> None:
        """Do nothing: one process stays one."""

    def close(self) -> None:
        """Do nothing: the process is the server's."""
