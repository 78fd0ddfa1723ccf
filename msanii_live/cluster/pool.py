"""The workers of a server: one for each slot, watched, and started again where they end."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from msanii_live.cluster.calls import EngineCall, EngineSetup, Failure, Loras, WorkerFacts
from msanii_live.cluster.head import LocalHead
from msanii_live.cluster.link import RayLink, gpu_share, unreachable
from msanii_live.cluster.pool_worker import PoolWorker
from msanii_live.cluster.remote_call import RemoteCall
from msanii_live.cluster.remote_engine import RemoteEngine
from msanii_live.engines.base import Context, Engine
from msanii_live.errors import CommandError, ConfigError
from msanii_live.jobs.executor import EngineProcess
from msanii_live.jobs.task import SlotLost, TaskHandle, ignore

log = logging.getLogger("msanii_live.cluster")

WATCH_INTERVAL = 0.5  # s
START_SECONDS = 120.0  # in which the first worker answers
READY_SECONDS = 30.0  # that a task waits for its worker, where no other is there
REPLACE_SECONDS = 60.0  # in which Ray starts a lost worker again, or another takes its place
RETRY_SECONDS = 1.0  # between attempts to connect again


class WorkerPool:
    """Workers for as many slots. Every method may be called from any thread.

    slots: how many. precisions: of engines by name, that their last tasks ran with.
    """

    def __init__(self, wanted: str, setup: EngineSetup, gpus: int | None = None) -> None:
        """Start workers and wait until one answers.

        wanted: a number, auto (one a GPU), or the address of a cluster, ray://HOST:PORT. gpus: of
        this machine; None lets Ray count them.
        Raises: MissingTool; ConfigError: Ray does not start, or the cluster is not there.
        """
        self.precisions: dict[str, str] = {}
        self._setup = setup
        self._gpus = gpus
        self._is_local = not wanted.startswith("ray://")
        self._wanted = wanted
        self._numbers = itertools.count(1)
        self._on_usable: Callable[[int, bool], object] = ignore
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._head: LocalHead | None = None
        self._reason = ""  # why a worker was lost last
        self._gpu_share = 0.0
        self._link = self._connect()
        try:
            self.slots = self._count()
            self._workers = [PoolWorker(number) for number in range(self.slots)]
            self._start_workers()
            self._watcher = threading.Thread(target=self._watch, name="cluster", daemon=True)
            self._watcher.start()
            self._await_first()
        except BaseException:
            self.close()
            raise

    def set_usable_callback(self, call: Callable[[int, bool], object]) -> None:
        """Set what is told that the worker of a slot is there, or is lost."""
        self._on_usable = call
        for worker in self._workers:
            call(worker.number, worker.is_usable)

    # -- tasks -----------------------------------------------------------------------------------

    def engine(self, engine: Engine, handle: TaskHandle) -> Engine:
        """Return an engine of the registry in the worker of a task's slot."""
        assert isinstance(engine, RemoteEngine)
        return engine.for_task(handle)

    def next_number(self) -> int:
        """Return a number for a call that no other call has."""
        return next(self._numbers)

    def run(self, call: EngineCall, context: Context, handle: TaskHandle) -> Any:
        """Carry a call out in the worker of a task's slot; return what it made, or a `Failure`.

        Raises: SlotLost: the worker is gone; CommandError: EENGINE, no worker can be reached.
        """
        worker, link = self._workers[handle.slot], self._link
        self._await_worker(worker, handle)
        try:
            end = RemoteCall(link, worker.actor, worker.sent, call, context).run(handle)
        except SlotLost as error:
            self._set_lost(worker, error)
            raise
        if end.precision:
            self.precisions[call.engine] = end.precision
        return end.made

    def manage(self, engine: str, action: str) -> None:
        """Load an engine in every worker, or free it. Raises: CommandError."""
        self._everywhere("manage", engine, action)

    def use_loras(self, engine: str, loras: Loras) -> None:
        """Use exactly these LoRAs of an engine in every worker. Raises: CommandError."""
        self._everywhere("use_loras", engine, loras)

    # -- what is known ---------------------------------------------------------------------------

    def facts(self) -> Sequence[WorkerFacts | None]:
        """Return what each worker is, None for one that is lost or not there yet."""
        return [worker.facts for worker in self._workers]

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
    def workers(self) -> int:
        """The number of processes that run engines."""
        return self.slots

    @property
    def is_connected(self) -> bool:
        """Whether the head can be reached."""
        return not self._link.lost.done()

    @property
    def head_pid(self) -> int | None:
        """The process of the head that the server has started, else None."""
        return self._head.pid if self._head is not None else None

    def close(self) -> None:
        """End the workers, and the head if the server has started it."""
        self._closing.set()
        self._link.close()
        if self._head is not None:
            self._head.close()

    # -- parts -----------------------------------------------------------------------------------

    def _everywhere(self, method: str, *args: object) -> None:
        """Call a method of every worker that is there. Raises: CommandError, of the first."""
        link = self._link
        here = [worker for worker in self._workers if worker.is_usable]
        calls = [link.call(worker.actor, method, *args) for worker in here]
        for worker, call in zip(here, calls, strict=True):
            try:
                failure = _settled(link, call)
                worker.facts = _settled(link, link.call(worker.actor, "facts"))
            except SlotLost as error:
                self._set_lost(worker, error)
                continue
            if isinstance(failure, Failure):
                raise failure.error()

    def _connect(self) -> RayLink:
        """Connect to the cluster, after starting a head if it is the server's own."""
        if not self._is_local:
            return RayLink(self._wanted)
        if self._head is not None and not self._head.is_running:
            self._head.close()
            self._head = None
        if self._head is None:
            cpus = max(os.cpu_count() or 1, int(self._wanted) if self._wanted.isdigit() else 1)
            self._head = LocalHead(cpus, self._gpus)
        try:
            return RayLink(self._head.open_door())
        except ConfigError:
            self._head.close()
            self._head = None
            raise

    def _count(self) -> int:
        """Return how many workers there are to be: as asked, or one a GPU, or one a node."""
        if self._wanted.isdigit():
            return int(self._wanted)
        resources = self._link.resources()
        nodes = (n for name, n in resources.items() if name[:5] == "node:" and "_" not in name)
        return round(resources.get("GPU", 0)) or max(1, round(sum(nodes)))

    def _start_workers(self) -> None:
        """Start all workers in the cluster, which has none."""
        self._gpu_share = gpu_share(self._link.resources().get("GPU", 0), self.slots)
        for worker in self._workers:
            self._start(worker)

    def _start(self, worker: PoolWorker) -> None:
        worker.actor = self._link.new_actor(self._setup, self._gpu_share)
        worker.facts, worker.question, worker.sent, worker.lost = None, None, set(), 0.0

    def _await_first(self) -> None:
        """Wait until a worker answers. Raises: ConfigError: none does."""
        until = time.monotonic() + START_SECONDS
        with self._changed:
            while not any(worker.is_usable for worker in self._workers):
                if not self._changed.wait(until - time.monotonic()):
                    raise ConfigError(f"no worker starts: {self._reason or 'Ray says nothing'}")

    def _await_worker(self, worker: PoolWorker, handle: TaskHandle) -> None:
        """Wait for the worker of a slot. Raises: CommandError: EENGINE; Cancelled."""
        until = time.monotonic() + READY_SECONDS
        with self._changed:
            while not worker.is_usable:
                if not self.is_connected or time.monotonic() >= until:
                    raise unreachable()
                handle.advance(0, 0)
                self._changed.wait(0.2)

    def _set_lost(self, worker: PoolWorker, reason: object) -> None:
        """Note that a worker is gone; Ray starts it again, and the watch finds it."""
        now = time.monotonic()
        with self._changed:
            was_usable, worker.facts, worker.sent = worker.is_usable, None, set()
            worker.lost = worker.lost or now
            self._reason = str(reason)
        if not was_usable and now - worker.lost > REPLACE_SECONDS and self.is_connected:
            self._link.end_actor(worker.actor)  # Ray has given it up
            self._start(worker)
        if was_usable:
            log.warning("worker %d is lost: %s", worker.number + 1, reason)
            self._on_usable(worker.number, False)

    # -- the watch -------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._closing.wait(WATCH_INTERVAL):
            try:
                if self._head is not None and not self._head.is_running:
                    self._link.note_loss("the head has ended")
                if self._link.check():
                    for worker in self._workers:
                        self._look_at(worker)
                else:
                    self._connect_again()
            except CommandError:
                pass  # the connection was lost meanwhile
            except Exception:
                log.exception("the workers could not be looked at")

    def _look_at(self, worker: PoolWorker) -> None:
        """Take a worker's answer, and ask it again."""
        link, question = self._link, worker.question
        if question is None:
            worker.question = link.call(worker.actor, "facts")
        elif question.done():
            worker.question = None
            try:
                facts = link.result(question)
            except SlotLost as error:
                self._set_lost(worker, error)
                return
            with self._changed:
                was_usable, worker.facts, worker.lost = worker.is_usable, facts, 0.0
                self._changed.notify_all()
            if not was_usable:
                log.info("worker %d is there: %s", worker.number + 1, facts.host)
                if facts.version != self._setup.version:
                    log.warning("it has msanii-live %s: install the server's", facts.version)
                self._on_usable(worker.number, True)

    def _connect_again(self) -> None:
        """Drop the lost connection, and start workers in a new one, if there is one to have."""
        for worker in self._workers:
            self._set_lost(worker, "the connection is")
        self._link.close()
        try:
            link = self._connect()
        except ConfigError as error:
            log.warning("%s", error)
            self._closing.wait(RETRY_SECONDS)
            return
        if self._closing.is_set():
            link.close()
            return
        self._link = link
        self._start_workers()
        log.info("connected to %s again", link.address)


def _settled(link: RayLink, call: Future[Any]) -> Any:
    """Wait for a call and return its result. Raises: SlotLost; CommandError: EENGINE."""
    wait([call, link.lost], return_when=FIRST_COMPLETED)
    if link.lost.done():
        raise unreachable()
    return link.result(call)
