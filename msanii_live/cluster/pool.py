"""The workers of a server, for its jobs: one for each slot."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Any

from msanii_live.cluster.calls import EngineCall, EngineSetup, Failure, Loras, WorkerFacts
from msanii_live.cluster.link import RayLink, unreachable
from msanii_live.cluster.remote_call import RemoteCall
from msanii_live.cluster.remote_engine import RemoteEngine
from msanii_live.cluster.target import WorkerTarget
from msanii_live.cluster.watched_workers import HUNG_SECONDS, WatchedWorkers
from msanii_live.engines.base import Context, Engine
from msanii_live.jobs.executor import EngineProcess
from msanii_live.jobs.task import SlotLost, TaskHandle

NEWS_INTERVAL = 0.1  # s: at most ten reports a second of each worker
NEWS_PER_SECOND = 80  # of all workers: with more than 8, each reports less often


class WorkerPool:
    """Workers for as many slots. Every method may be called from any thread.

    precisions: of engines by name, that their last tasks ran with.
    """

    def __init__(self, wanted: str, setup: EngineSetup, gpus: int | None = None) -> None:
        """Start workers and wait until one answers.

        wanted: a number, auto (one a GPU), or a cluster, ray://HOST:PORT or ray://HOST:PORT/NUMBER.
        gpus: of this machine; None lets Ray count them.
        Raises: MissingTool; ConfigError: Ray does not start, or the cluster is not there.
        """
        self.precisions: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._watched = WatchedWorkers(WorkerTarget.parse(wanted), setup, gpus)

    def set_usable_callback(self, call: Callable[[int, bool], object]) -> None:
        """Set what is told that the worker of a slot is there, or is lost."""
        self._watched.set_usable_callback(call)

    def set_added_callback(self, call: Callable[[int], object]) -> None:
        """Set what is told that there are so many more slots."""
        self._watched.set_added_callback(call)

    # -- tasks -----------------------------------------------------------------------------------

    def engine(self, engine: Engine, handle: TaskHandle) -> Engine:
        """Return an engine of the registry in the worker of a task's slot."""
        assert isinstance(engine, RemoteEngine)
        return engine.for_task(handle)

    def next_number(self) -> int:
        """Return a number for a call that no other call has."""
        return next(self._numbers)

    def run(self, call: EngineCall, context: Context, handle: TaskHandle, *, is_last: bool) -> Any:
        """Carry a call out in the worker of a task's slot; return what it made, or a `Failure`.

        is_last: the task calls nothing else, so that another may begin while its clip comes in.
        Raises: SlotLost: the worker is gone; CommandError: EENGINE, no worker can be reached.
        """
        worker, link, feed = self._watched.all[handle.slot], self._watched.link, self._watched.feed
        self._watched.await_usable(worker, handle)
        call = replace(call, news_interval=max(NEWS_INTERVAL, self.workers / NEWS_PER_SECOND))
        remote = RemoteCall(link, feed, worker.actor, worker.sent, call, context, HUNG_SECONDS)
        worker.is_busy = True
        try:
            end, made = remote.run(handle)
        except SlotLost as error:
            self._watched.set_lost(worker, error)
            raise
        finally:
            worker.is_busy, worker.told = False, time.monotonic()
        if worker.is_usable:  # else it was lost meanwhile
            worker.facts = end.facts
        if end.precision:
            self.precisions[call.engine] = end.precision
        if end.failure is not None:
            return end.failure
        if is_last:
            handle.leave_slot()
        return remote.fetch(made)

    def manage(self, engine: str, action: str) -> None:
        """Load an engine in every worker, or free it. Raises: CommandError."""
        self._everywhere("manage", engine, action)

    def use_loras(self, engine: str, loras: Loras) -> None:
        """Use exactly these LoRAs of an engine in every worker. Raises: CommandError."""
        self._everywhere("use_loras", engine, loras)

    # -- what is known ---------------------------------------------------------------------------

    def facts(self) -> Sequence[WorkerFacts | None]:
        """Return what each worker is, None for one that is lost or not there yet."""
        return [worker.facts for worker in self._watched.all]

    def processes(self) -> Sequence[EngineProcess]:
        """Return the worker of each slot as it last told."""
        return [
            EngineProcess(
                True, facts.loaded, facts.place, facts.host, facts.pid, facts.memory_mb
            ) if facts is not None else EngineProcess(False)
            for facts in self.facts()
        ]  # fmt: skip

    def is_loaded(self, engine: str) -> bool:
        """Return whether a worker has an engine in memory."""
        return any(engine in facts.loaded for facts in self.facts() if facts is not None)

    @property
    def slots(self) -> int:
        """How many tasks run at a time."""
        return len(self._watched.all)

    @property
    def workers(self) -> int:
        """The number of processes that run engines."""
        return len(self._watched.all)

    def close(self) -> None:
        """End the workers, and the head if the server has started it."""
        self._watched.close()

    def _everywhere(self, method: str, *args: object) -> None:
        """Call a method of every worker that is there. Raises: CommandError, of the first."""
        link = self._watched.link
        here = [worker for worker in self._watched.all if worker.is_usable]
        calls = [link.call(worker.actor, method, *args) for worker in here]
        for worker, call in zip(here, calls, strict=True):
            try:
                failure = _settled(link, call)
                worker.facts = _settled(link, link.call(worker.actor, "facts"))
            except SlotLost as error:
                self._watched.set_lost(worker, error)
                continue
            if isinstance(failure, Failure):
                raise failure.error()


def _settled(link: RayLink, call: Future[Any]) -> Any:
    """Wait for a call and return its result. Raises: SlotLost; CommandError: EENGINE."""
    wait([call, link.lost], return_when=FIRST_COMPLETED)
    if link.lost.done():
        raise unreachable()
    return link.result(call)
