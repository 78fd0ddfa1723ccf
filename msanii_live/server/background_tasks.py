"""Handlers that run beside the event loop, and syncs that wait for them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from msanii_live.errors import Code, CommandError
from msanii_live.osc.peer import Peer
from msanii_live.protocol import replies
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Answer, Lane, Routes
from msanii_live.server.lane_threads import LaneThreads

MAX_WAITING = 1_024  # tasks of one client, and syncs, that wait at most
MAX_WAITING_IN_ALL = 8 * MAX_WAITING  # tasks
_SOUND_THREADS = 4  # a stop waits for no other client's clip to be read or resampled
# s that the event loop waits for a task of sound. While packets pour in, the loop takes the
# interpreter's lock back after each system call, before the other thread has woken up.
_SOUND_PATIENCE = 0.005
_SOUND_SLICE = 0.002  # s that it waits again after each slice of packets, until none of sound runs

Submit: TypeAlias = Callable[[Callable[[], None]], object]
Finish: TypeAlias = Callable[[BaseException | None, Answer | None], None]


class OpenJobs(Protocol):
    """The jobs under way, of some routes or of all."""

    def __call__(self, routes: Routes | None = None) -> set[int]:
        """Return the jobs' numbers."""


@dataclass(eq=False)
class _Task:
    """A call on a lane. earlier: tasks of the disk after which it is tried again for its clip."""

    call: Callable[[], Answer]
    routes: Routes
    finish: Finish
    lane: Lane
    earlier: frozenset[_Task] = frozenset()

    @property
    def client(self) -> Peer:
        """Who sent the command: the first place where its replies go."""
        return self.routes[0]


@dataclass(frozen=True)
class _Sync:
    """A `/msanii/sync` and what it waits for."""

    number: str
    routes: Routes
    jobs: set[int]
    tasks: set[_Task]


class BackgroundTasks:
    """The threads of the lanes beside the event loop; see `LaneThreads` for the order.

    `/msanii/sync` is answered when every earlier task and job of the same client has ended. A
    client is identified by where its replies go. All methods are for the event loop's thread.
    """

    def __init__(
        self,
        open_jobs: OpenJobs,
        send: Callable[[ReplyMessage, Routes], object],
        on_loop: Callable[[Callable[[], object]], None],
        on_worker: Submit,
    ) -> None:
        """Take what jobs are open, what sends, the way onto the event loop, and the worker's."""
        self._open_jobs = open_jobs
        self._send = send
        self._on_loop = on_loop
        self._on_worker = on_worker
        self._threads = {
            Lane.DISK: LaneThreads("disk"),
            Lane.SOUND: LaneThreads("sound", _SOUND_THREADS),
            Lane.ENGINE: LaneThreads("engine"),
        }
        self._running: set[_Task] = set()
        self._counts: Counter[Peer] = Counter()  # of what runs, by client
        self._deferred: list[_Task] = []
        self._syncs: list[_Sync] = []
        self._closed_because = ""

    def run(self, call: Callable[[], Answer], routes: Routes, finish: Finish, lane: Lane) -> None:
        """Run a call on a lane.

        A task of sound or of engines that fails for want of a clip is run again once the tasks of
        the disk that came before it have ended: one of them may load that clip.

        finish: called on the event loop with what was raised or what was returned.
        Raises: CommandError: EBUSY, too many wait, or this is closed.
        """
        waits = lane in (Lane.SOUND, Lane.ENGINE)
        earlier = self._disk_tasks() if waits else frozenset()
        self._execute(self._add(_Task(call, routes, finish, lane, earlier)))

    def run_after_disk(self, call: Callable[[], Answer], routes: Routes, finish: Finish) -> bool:
        """Run a call on the event loop once the present tasks of the disk have ended.

        Return False, and do not run it, where there are none.
        Raises: CommandError: EBUSY, as `run`.
        """
        earlier = self._disk_tasks()
        if earlier:
            task = self._add(_Task(call, routes, finish, Lane.EVENT_LOOP, earlier))
            self._deferred.append(task)
        return bool(earlier)

    def _disk_tasks(self) -> frozenset[_Task]:
        return frozenset(task for task in self._running if task.lane is Lane.DISK)

    def _add(self, task: _Task) -> _Task:
        """Count a task as running. Raises: CommandError: EBUSY, as `run`."""
        if self._closed_because:
            raise CommandError(Code.EBUSY, self._closed_because)
        waiting = self._counts[task.client]
        if waiting >= MAX_WAITING or len(self._running) >= MAX_WAITING_IN_ALL:
            raise CommandError(Code.EBUSY, f"{waiting} commands wait already")
        self._running.add(task)
        self._counts[task.client] += 1
        return task

    def _discard(self, task: _Task) -> None:
        self._running.discard(task)
        self._counts[task.client] -= 1
        if not self._counts[task.client]:
            del self._counts[task.client]

    def give_way(self, seconds: float) -> None:
        """Let other threads run for so many seconds, or for as long as tasks of sound need to."""
        sound = self._threads[Lane.SOUND]
        if sound.wait_until_idle(0.0):
            time.sleep(seconds)
        else:
            sound.wait_until_idle(_SOUND_SLICE)

    def _execute(self, task: _Task) -> None:
        def execute() -> None:
            answer, error = None, None
            try:
                answer = task.call()
            except BaseException as raised:
                error = raised
            self._on_loop(lambda: self._end(task, error, answer))

        if task.lane is Lane.EVENT_LOOP:
            execute()
        elif task.lane is Lane.WORKER:
            self._on_worker(execute)
        else:
            threads = self._threads[task.lane]
            is_next = threads.submit(execute, task.client)
            if is_next and task.lane is Lane.SOUND:
                threads.wait_for(task.client, _SOUND_PATIENCE)

    def _end(self, task: _Task, error: BaseException | None, answer: Answer | None) -> None:
        if task not in self._running:  # `close` has failed it
            return
        if task.earlier and isinstance(error, CommandError) and error.code is Code.ENOCLIP:
            self._deferred.append(task)
        else:
            self._discard(task)
            task.finish(error, answer)
            self.settle()
        for waiting in [t for t in self._deferred if not t.earlier & self._running]:
            self._deferred.remove(waiting)
            waiting.earlier = frozenset()
            self._execute(waiting)

    def sync(self, number: str, routes: Routes) -> None:
        """Answer once all that is under way for these routes has ended.

        Raises: CommandError: EBUSY, too many wait.
        """
        if len(self._syncs) >= MAX_WAITING:
            raise CommandError(Code.EBUSY, f"{MAX_WAITING} syncs wait already")
        own = {task for task in self._running if not set(task.routes).isdisjoint(routes)}
        self._syncs.append(_Sync(number, routes, self._open_jobs(routes), own))
        self.settle()

    def settle(self) -> None:
        """Answer the syncs that wait for nothing more."""
        waiting = []
        for sync in self._syncs:
            if sync.jobs & self._open_jobs() or sync.tasks & self._running:
                waiting.append(sync)
            else:
                self._send(replies.SYNCED(sync.number), sync.routes)
        self._syncs = waiting

    def close(self, reason: str = "the server is shutting down") -> None:
        """Start no more tasks; fail those that have not ended, and answer the syncs."""
        self._closed_because = reason
        for threads in self._threads.values():
            threads.close()
        unfinished, self._running, self._deferred = self._running, set(), []
        self._counts.clear()
        for task in unfinished:
            task.finish(CommandError(Code.EBUSY, reason), None)
        for sync in self._syncs:
            self._send(replies.SYNCED(sync.number), sync.routes)
        self._syncs = []
