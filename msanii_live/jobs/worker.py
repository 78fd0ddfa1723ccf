"""A worker: tasks by priority, a bounded number at a time, each with exactly one end."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from msanii_live.audio import Clip
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.durations import DEFAULT_SECONDS, DurationEstimates, step_share
from msanii_live.jobs.end_reporter import EndReporter
from msanii_live.jobs.failures import to_command_error
from msanii_live.jobs.load import LoadMeter
from msanii_live.jobs.slots import Slot, Slots
from msanii_live.jobs.task import Result, SlotLost, Task, TaskHandle, ignore
from msanii_live.protocol.commands import JobCommand

log = logging.getLogger("msanii_live.jobs")

LOST_TWICE = "the process that made this ended, and so did a second one: try a shorter clip"


class Worker:
    """A queue of tasks and the threads that run them. Every method is safe from any thread.

    durations: how long tasks last.
    """

    def __init__(
        self,
        run: Callable[[Task, TaskHandle], Result],
        slots: int = 1,
        length_of: Callable[[JobCommand], float] = lambda command: DEFAULT_SECONDS,
        idle_seconds: float = 0.0,
        on_idle: Callable[[], object] = ignore,
        reports_apart: bool = False,
        engine_of: Callable[[str], str] = str,
        steps_of: Callable[[str], int] = lambda engine: 0,
    ) -> None:
        """Take what runs a task. slots: tasks that run at a time.

        idle_seconds: without work, after which `on_idle` is called once, between tasks; 0 is never.
        reports_apart: clips are reported by a thread of its own, while their slots go on: see
        `submit`.

        run: returns the clip or the notes, reports by `TaskHandle.advance`, and may raise anything.
        length_of: returns the expected length of a command's clip, s. engine_of, steps_of:
        see `DurationEstimates`.
        """
        self.durations = DurationEstimates(engine_of, steps_of)
        self._length_of = length_of
        self._run_task = run
        self._lock = threading.Condition()
        self._waiting: list[TaskHandle] = []
        self._running: list[TaskHandle] = []
        self._calls: deque[Callable[[], object]] = deque()
        self._in_call = False
        self._idle_seconds, self._on_idle = idle_seconds, on_idle
        self._idle_since: float | None = None  # s; None once `on_idle` was called, or before work
        self._closed = False
        self._load = LoadMeter(slots)
        self._slots = Slots(slots)
        self._ends = EndReporter(self._finish) if reports_apart else None
        self._threads = [thread for slot in self._slots for thread in self._new_threads(slot)]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def add_slots(self, number: int) -> None:
        """Run so many tasks more at a time from now on."""
        with self._lock:
            if self._closed:
                return
            slots = self._slots.add(number)
            added = [thread for slot in slots for thread in self._new_threads(slot)]
            self._load.slots = len(self._slots)
            self._threads += added
        for thread in added:
            thread.start()

    def submit(
        self,
        task: Task,
        on_progress: Callable[[TaskHandle], object] = ignore,
        on_warning: Callable[[str], None] = ignore,
        on_done: Callable[[TaskHandle], object] = ignore,
        after: Sequence[TaskHandle] = (),
    ) -> TaskHandle:
        """Queue a task. Of equal priority, the first submitted runs first.

        on_progress, on_warning: called by the task's thread, the first at most ten times a second.
        on_done: called exactly once, before the slot takes another task unless clips are reported
        apart; for a task that is cancelled while it waits, by whoever cancels it.
        after: submitted before; the task begins once their `on_done` has returned.
        Raises: CommandError: EBUSY, the worker is closed.
        """
        handle = TaskHandle(task, on_progress, on_warning, on_done)
        handle.after = tuple(after)
        with self._lock:
            if self._closed:
                raise CommandError(Code.EBUSY, "the server is shutting down")
            self._waiting.append(handle)
            self._waiting.sort(key=lambda h: -h.task.priority)  # stable: equals stay in order
            self._lock.notify_all()
        return handle

    def cancel(self, handle: TaskHandle) -> None:
        """End a waiting task at once, a running one at its next step; else do nothing."""
        handle.cancel()
        with self._lock:
            is_waiting = handle in self._waiting
            if is_waiting:
                self._waiting.remove(handle)
        if is_waiting:
            self._finish(handle, Cancelled(0))

    def run_between_tasks(self, call: Callable[[], object]) -> None:
        """Call something before the next task, while no task runs, such as loading an engine."""
        with self._lock:
            self._calls.append(call)
            self._lock.notify_all()

    def tasks(self) -> list[TaskHandle]:
        """Return the running tasks, then the waiting ones in order."""
        with self._lock:
            return [*self._running, *self._waiting]

    def running(self) -> list[TaskHandle]:
        """Return the tasks that run."""
        with self._lock:
            return list(self._running)

    @property
    def kept_slot(self) -> int | None:
        """The number of the slot that tasks which keep theirs share, None while none does."""
        with self._lock:
            return None if self._slots.kept is None else self._slots.kept.number

    def eta(self, handle: TaskHandle) -> float:
        """Estimate the seconds until a task has ended, from how long such tasks took."""
        tasks = self.tasks()
        ahead = tasks[: tasks.index(handle) + 1] if handle in tasks else []
        return sum(map(self._seconds_left, ahead)) / len(self._slots)

    def _seconds_left(self, handle: TaskHandle) -> float:
        if handle.done.is_set():  # it is being reported
            return 0.0
        command = handle.task.command
        seconds = self.durations.get(command, self._length_of(command))
        return seconds * (1 - handle.fraction * step_share(handle.steps))

    def set_usable(self, slot: int, is_usable: bool) -> None:
        """Say whether a slot takes tasks; where none does, all take them."""
        with self._lock:
            self._slots.set_usable(slot, is_usable)
            self._lock.notify_all()

    def release_slot(self) -> None:
        """Give the slot that tasks which keep theirs shared back to all tasks."""
        with self._lock:
            self._slots.kept = None
            self._lock.notify_all()

    def load_percent(self) -> float:
        """Return the share of the last ten seconds spent on tasks, 0 to 100."""
        with self._lock:
            return self._load.percent(time.monotonic(), [h.started for h in self._running])

    def close(self, timeout: float = 3.0) -> bool:
        """Cancel everything and end the threads; return whether they ended within `timeout` s."""
        with self._lock:
            self._closed = True
            self._calls.clear()
        for handle in self.tasks():
            self.cancel(handle)
        with self._lock:
            self._lock.notify_all()
        until = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))
        if self._ends is not None:
            self._ends.close(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _new_threads(self, slot: Slot) -> Sequence[threading.Thread]:
        """Return the threads of a slot: with a second, one task runs while a clip comes in."""
        return [
            threading.Thread(
                target=self._work, args=(slot,), name=f"worker {slot.number}", daemon=True
            )
            for _ in range(1 if self._ends is None else 2)
        ]

    def _work(self, slot: Slot) -> None:
        while (work := self._next(slot)) is not None:
            if isinstance(work, TaskHandle):
                self._run(work)
            else:
                self._call(work)

    def _next(self, slot: Slot) -> TaskHandle | Callable[[], object] | None:
        """Wait for the next task or call of a slot; None once the worker is closed."""
        with self._lock:
            while True:
                if self._calls:
                    if not (self._running or self._in_call):
                        self._in_call = True
                        return self._calls.popleft()
                elif (
                    slot.is_idle
                    and not self._in_call
                    and (handle := self._slots.choose(slot, self._waiting))
                ):
                    self._waiting.remove(handle)
                    self._running.append(handle)
                    handle.started = time.monotonic()
                    handle.set_leave_callback(self._leave)
                    self._slots.begin(slot, handle)
                    return handle
                if self._closed and not self._waiting:
                    return None
                self._lock.wait(self._until_idle())

    def _until_idle(self) -> float | None:
        """Return the seconds until `on_idle` is to be called, after queueing it if that is now."""
        is_at_work = self._running or self._waiting or self._calls or self._in_call
        if is_at_work or self._idle_since is None or not self._idle_seconds:
            return None
        left = self._idle_since + self._idle_seconds - time.monotonic()
        if left > 0:
            return left
        self._idle_since = None
        self._calls.append(self._on_idle)
        return 0.0

    def _call(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:
            log.exception("a call between tasks failed")
        finally:
            with self._lock:
                self._in_call = False
                self._lock.notify_all()

    def _run(self, handle: TaskHandle) -> None:
        address = handle.task.command.address
        result: Result | CommandError | Cancelled
        try:
            result = self._run_task(handle.task, handle)
        except SlotLost as error:
            log.warning("%s: slot %d was lost (%s)", address, handle.slot + 1, error)
            if self._requeue(handle):
                return
            is_to_end = handle.is_cancelled or self._closed
            result = Cancelled(handle.step) if is_to_end else CommandError(Code.EENGINE, LOST_TWICE)
        except (CommandError, Cancelled) as error:
            result = error
        except Exception as error:
            result = to_command_error(error, address)
        is_apart = isinstance(result, Clip | tuple) and not handle.task.keeps_slot
        if self._ends is None or not is_apart:
            self._finish(handle, result)
        now = time.monotonic()
        with self._lock:
            clips = (result,) if isinstance(result, Clip) else result
            if isinstance(clips, tuple):
                length = sum(clip.info.seconds for clip in clips)
                self.durations.add(handle.task.command, length, handle.steps, now - handle.started)
            self._idle_since = now
        self._leave(handle)
        if self._ends is not None and is_apart:
            self._ends.put(handle, result)

    def _leave(self, handle: TaskHandle) -> None:
        """Let the slot of a task take another, unless it has done so already."""
        with self._lock:
            if handle in self._running:
                self._load.add(handle.started, time.monotonic())
                self._running.remove(handle)
                self._slots.leave(handle)
                self._lock.notify_all()

    def _requeue(self, handle: TaskHandle) -> bool:
        """Let a task wait again, before all others; return False if it ends instead."""
        with self._lock:
            if handle.is_cancelled or self._closed or handle.lost_slot is not None:
                return False
            if handle in self._running:  # else it was lost while its clip came in
                self._running.remove(handle)
                self._slots.leave(handle)
            handle.requeue()
            self._waiting.insert(0, handle)
            self._lock.notify_all()
            return True

    def _finish(self, handle: TaskHandle, result: Result | CommandError | Cancelled) -> None:
        try:
            handle.finish(result)
        except Exception:  # a callback must not end the worker
            log.exception("the end of %s could not be reported", handle.task.command.address)
        with self._lock:  # for those that come after it
            handle.is_reported = True
            self._lock.notify_all()
