"""Engines of the workers, as the server's registry and its jobs see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from msanii_live.audio import Clip
from msanii_live.cluster.calls import ContextPlace, EngineCall, Failure, Loras
from msanii_live.engines.base import Context, Engine, has_loras
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.task import TaskHandle
from msanii_live.protocol.commands import GenerationCommand

MAKING = ("run", "run_batch", "compose", "continue_score")  # methods that a task calls


class Workers(Protocol):
    """The workers that have the engines. precisions: by engine, that the last tasks ran with."""

    precisions: dict[str, str]

    def is_loaded(self, engine: str) -> bool:
        """Return whether a worker has an engine in memory."""

    def manage(self, engine: str, action: str) -> None:
        """Load an engine in every worker, or free it. Raises: CommandError."""

    def use_loras(self, engine: str, loras: Loras) -> None:
        """Use exactly these LoRAs of an engine in every worker. Raises: CommandError."""

    def next_number(self) -> int:
        """Return a number for a call that no other call has."""

    def run(self, call: EngineCall, context: Context, handle: TaskHandle, *, is_last: bool) -> Any:
        """Carry a call out for a task; return what it made, or a `Failure`. Raises: SlotLost.

        is_last: the task calls nothing else.
        """


class RemoteEngine:
    """An engine that every worker has. `local` is the server's own, which is never loaded."""

    def __init__(self, local: Engine, pool: Workers) -> None:
        """Take the server's engine, for what it can do."""
        self.name = local.name
        self.capabilities = local.capabilities
        self.local = local
        self._pool = pool
        self._loras: Loras | None = None

    @property
    def loaded(self) -> bool:
        """Whether a worker has it in memory."""
        return self._pool.is_loaded(self.name)

    @property
    def precision(self) -> str:
        """The precision that the last task ran with, "" before."""
        return self._pool.precisions.get(self.name, "")

    def load(self) -> None:
        """Load it in every worker, and run it once there. Raises: CommandError."""
        self._pool.manage(self.name, "load")

    def warm(self) -> None:
        """Do nothing: `load` has."""

    def free(self) -> None:
        """Free it in every worker."""
        self._pool.manage(self.name, "free")

    def memory_mb(self) -> float:
        """Return 0: the workers say what all their engines use."""
        return 0.0

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Refuse: only a task has a worker."""
        raise CommandError(Code.EENGINE, f"{self.name} runs in workers, for jobs")

    def for_task(self, handle: TaskHandle) -> Engine:
        """Return the engine in the worker of a task's slot."""
        return TaskEngine(self, self._pool, handle, self._loras)

    def __getattr__(self, name: str) -> Any:
        """Offer LoRAs and composing where the engine does."""
        local = self.__dict__.get("local")
        if name == "set_loras" and local is not None and has_loras(local):
            return self._set_loras
        if name == "loras" and local is not None and has_loras(local):
            return lambda: dict(self._loras or {})
        if name in MAKING and hasattr(local, name):
            return self.run
        if name == "licence":
            return getattr(local, name)
        raise AttributeError(name)

    def _set_loras(self, loras: Mapping[str, tuple[Path, float]]) -> None:
        self._pool.use_loras(self.name, dict(loras))
        self._loras = dict(loras)


class TaskEngine(RemoteEngine):
    """An engine in the worker of one task's slot."""

    def __init__(
        self, engine: RemoteEngine, pool: Workers, handle: TaskHandle, loras: Loras | None
    ) -> None:
        """Take the engine and the task."""
        super().__init__(engine.local, pool)
        self._handle = handle
        self._loras = loras

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out in the worker. Raises: SlotLost, and as the engine."""
        is_last = command.count == 1 and not self._handle.task.keeps_slot
        made = self._make("run", command, context, is_last=is_last)
        assert isinstance(made, Clip)
        return made

    def __getattr__(self, name: str) -> Any:
        """Offer what the engine offers besides: clips in one pass, notes."""
        if name in MAKING and hasattr(self.__dict__.get("local"), name):
            make: Callable[..., Any] = partial(self._make, name)
            return make
        return super().__getattr__(name)

    def _make(self, method: str, *args: Any, is_last: bool = False) -> Any:
        context = next(arg for arg in args if isinstance(arg, Context))
        call = EngineCall(
            number=self._pool.next_number(),
            engine=self.name,
            method=method,
            args=tuple(ContextPlace() if arg is context else arg for arg in args),
            tempo=context.tempo,
            beats=context.beats,
            seed=context.seed,
            skip_normalization=context.skip_normalization,
            loras=self._loras,
        )
        made = self._pool.run(call, context, self._handle, is_last=is_last)
        if isinstance(made, Failure):
            raise made.error()
        return made
