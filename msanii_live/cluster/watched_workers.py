"""The workers of a cluster: started, watched, and replaced where they end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from msanii_live.cluster.calls import EngineSetup
from msanii_live.cluster.home import ClusterHome
from msanii_live.cluster.link import unreachable
from msanii_live.cluster.needs import memory_share, worker_bytes
from msanii_live.cluster.news_feed import NewsFeed
from msanii_live.cluster.pool_worker import PoolWorker
from msanii_live.cluster.remote_call import HUNG
from msanii_live.cluster.target import WorkerTarget, gpu_share, worker_count
from msanii_live.errors import CommandError, ConfigError
from msanii_live.jobs.task import SlotLost, TaskHandle, ignore

log = logging.getLogger("msanii_live.cluster")

WATCH_INTERVAL = 0.5  # s
FACTS_INTERVAL = 2.0  # s between questions to a worker without a task
GROWTH_INTERVAL = 5.0  # s between looks at what the cluster has
HUNG_SECONDS = 60.0  # without any answer, after which a worker is ended
START_SECONDS = 120.0  # in which the first worker answers
READY_SECONDS = 30.0  # that a task waits for its worker, where no other is there
REPLACE_SECONDS = 60.0  # in which Ray starts a lost worker again, or another takes its place
RETRY_SECONDS = 1.0  # between attempts to connect again
NO_ROOM = (
    "perhaps other servers use the whole cluster; end one, or give each its share, as with "
    "--workers ray://HOST:PORT/2"
)


class WatchedWorkers:
    """The workers of a server, and the thread that watches them.

    all: in the order of their slots; it grows where machines join. link, feed: the connection, and
    what comes in by it, others after it was lost. Every method may be called from any thread.
    """

    def __init__(self, target: WorkerTarget, setup: EngineSetup, gpus: int | None) -> None:
        """Start workers and wait until one answers: see `WorkerPool`."""
        self._setup = setup
        self._target = target
        self._home = ClusterHome(target, gpus)
        self._on_usable: Callable[[int, bool], object] = ignore
        self._on_added: Callable[[int], object] = ignore
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._reason = ""  # why a worker was lost last
        self._gpu_share, self._memory = 0.0, 0  # of each worker; bytes
        self._hub: Any = None
        self._grown = time.monotonic()  # when the cluster was looked at last, s
        self.all: list[PoolWorker] = []
        log.info("%s", target.words)
        self.link = self._home.connect()
        try:
            self.all = [PoolWorker(number) for number in range(self._count())]
            log.info("Ray answers; workers to start: %d", len(self.all))
            self._start_all()
            self._watcher = threading.Thread(target=self._watch, name="cluster", daemon=True)
            self._watcher.start()
            self._await_first()
        except BaseException:
            self.close()
            raise

    def set_usable_callback(self, call: Callable[[int, bool], object]) -> None:
        """Set what is told that the worker of a slot is there, or is lost."""
        self._on_usable = call
        for worker in self.all:
            call(worker.number, worker.is_usable)

    def set_added_callback(self, call: Callable[[int], object]) -> None:
        """Set what is told that there are so many more slots."""
        self._on_added = call

    @property
    def is_connected(self) -> bool:
        """Whether the head can be reached."""
        return not self.link.lost.done()

    def close(self) -> None:
        """End the workers, and the head if the server has started it."""
        self._closing.set()
        self.link.close()
        self._home.close()

    def await_usable(self, worker: PoolWorker, handle: TaskHandle) -> None:
        """Wait for the worker of a slot. Raises: CommandError: EENGINE; Cancelled."""
        until = time.monotonic() + READY_SECONDS
        with self._changed:
            while not worker.is_usable:
                if not self.is_connected or time.monotonic() >= until:
                    raise unreachable()
                handle.advance(0, 0)
                self._changed.wait(0.2)

    def set_lost(self, worker: PoolWorker, reason: object) -> None:
        """Note that a worker is gone; Ray starts it again, and the watch finds it."""
        now = time.monotonic()
        with self._changed:
            was_usable, worker.facts, worker.sent = worker.is_usable, None, set()
            worker.lost = worker.lost or now
            self._reason = str(reason)
        if was_usable and str(reason) == HUNG:
            worker.question = None
            self.link.restart_actor(worker.actor)
        if not was_usable and now - worker.lost > REPLACE_SECONDS and self.is_connected:
            self.link.end_actor(worker.actor)  # Ray has given it up
            self._start(worker)
        if was_usable:
            log.warning("worker %d is lost: %s", worker.number + 1, reason)
            self._on_usable(worker.number, False)

    # -- parts -----------------------------------------------------------------------------------

    def _count(self) -> int:
        """Return how many workers there are to be."""
        if self._target.number is not None:
            return self._target.number
        total, free = self.link.resources(), self.link.free_resources()
        return worker_count(total, free, len(self.all))

    def _start_all(self) -> None:
        """Start all workers in the cluster, which has none."""
        self._share(len(self.all))
        self._hub = self.link.new_hub()
        self.feed = NewsFeed(self.link, self._hub)
        for worker in self.all:
            self._start(worker)

    def _share(self, workers: int) -> None:
        """Note what each of so many workers asks of its machine."""
        resources = self.link.resources()
        self._gpu_share = gpu_share(resources.get("GPU", 0), workers)
        self._memory = worker_bytes(self._setup.default)
        if self._home.head is not None:
            self._memory = memory_share(self._memory, resources.get("memory", 0.0), workers)

    def _start(self, worker: PoolWorker) -> None:
        worker.actor = self.link.new_actor(self._setup, self._hub, self._gpu_share, self._memory)
        worker.facts, worker.question, worker.sent, worker.lost = None, None, set(), 0.0
        worker.told = 0.0

    def _await_first(self) -> None:
        """Wait until a worker answers. Raises: ConfigError: none does."""
        until = time.monotonic() + START_SECONDS
        with self._changed:
            while not any(worker.is_usable for worker in self.all):
                if not self._changed.wait(until - time.monotonic()):
                    need = f"a worker asks for {self._memory / 2**30:.1f} GB of memory; {NO_ROOM}"
                    raise ConfigError(f"no worker starts: {self._reason or need}")

    def _watch(self) -> None:
        while not self._closing.wait(WATCH_INTERVAL):
            try:
                if self._home.has_lost_head:
                    self.link.note_loss("the head has ended")
                if self.link.check():
                    for worker in self.all:
                        self._look_at(worker)
                    self._grow()
                else:
                    self._connect_again()
            except CommandError:
                pass  # the connection was lost meanwhile
            except Exception:
                log.exception("the workers could not be looked at")

    def _look_at(self, worker: PoolWorker) -> None:
        """Take a worker's answer, and ask it again; one that has a task is asked by that."""
        link, question, now = self.link, worker.question, time.monotonic()
        if question is None:
            if not worker.is_busy and now - worker.told >= FACTS_INTERVAL:
                worker.question, worker.asked = link.call(worker.actor, "facts"), now
        elif question.done():
            worker.question, worker.told = None, now
            try:
                facts = link.result(question)
            except SlotLost as error:
                worker.told = 0.0
                self.set_lost(worker, error)
                return
            with self._changed:
                was_usable, worker.facts, worker.lost = worker.is_usable, facts, 0.0
                self._changed.notify_all()
            if not was_usable:
                log.info("worker %d is there: %s", worker.number + 1, facts.host)
                if facts.version != self._setup.version:
                    log.warning("it has msanii-live %s: install the server's", facts.version)
                self._on_usable(worker.number, True)
        elif worker.is_usable and now - worker.asked > HUNG_SECONDS:
            self.set_lost(worker, HUNG)

    def _grow(self) -> None:
        """Start workers where the cluster has more room than when it was looked at last."""
        now = time.monotonic()
        if not self._target.is_growing or now - self._grown < GROWTH_INTERVAL:
            return
        self._grown = now
        if not all(worker.is_usable for worker in self.all):
            return  # what is free is for those
        number = len(self.all)
        added = [PoolWorker(n) for n in range(number, self._count())]
        if not added:
            return
        log.info("the cluster has room for %d more workers", len(added))
        self._share(number + len(added))
        for worker in added:
            self._start(worker)
        self.all += added
        self._on_added(len(added))

    def _connect_again(self) -> None:
        """Drop the lost connection, and start workers in a new one, if there is one to have."""
        for worker in self.all:
            self.set_lost(worker, "the connection is")
        self.link.close()
        try:
            link = self._home.connect()
        except ConfigError as error:
            log.warning("%s", error)
            self._closing.wait(RETRY_SECONDS)
            return
        if self._closing.is_set():
            link.close()
            return
        self.link = link
        self._start_all()
        log.info("connected to %s again", link.address)
