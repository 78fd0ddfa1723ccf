"""What is told of the workers: each with its engines, its memory and its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msanii_live.jobs.executor import EngineProcess, Executor
from msanii_live.jobs.job import State
from msanii_live.jobs.scheduler import Scheduler

NO_JOB = -1


@dataclass(frozen=True)
class WorkerRow:
    """A worker as clients see it.

    number: from 1. state: idle, busy, stream (a stream has it) or lost. job: the
    number of the one that it runs, or NO_JOB.
    """

    number: int
    state: str
    process: EngineProcess
    job: int


class WorkerView:
    """The workers of a server, and the jobs that they run. It reads memory alone."""

    def __init__(self, executor: Executor, scheduler: Scheduler) -> None:
        """Take what runs engines, and the queue of jobs."""
        self._executor = executor
        self._scheduler = scheduler

    @property
    def count(self) -> int:
        """The number of processes besides the server."""
        return self._executor.workers

    def rows(self) -> Sequence[WorkerRow]:
        """Return the workers; the server itself where it has none."""
        jobs = {
            id(job.handle): job.number
            for job in self._scheduler.jobs()
            if job.state is State.RUNNING
        }
        worker = self._scheduler.worker
        running = {handle.slot: handle for handle in worker.running()}
        kept = worker.kept_slot
        rows = []
        for slot, process in enumerate(self._executor.processes()):
            handle = running.get(slot)
            job = NO_JOB if handle is None else jobs.get(id(handle), NO_JOB)
            is_streaming = slot == kept or (handle is not None and job == NO_JOB)
            state = "stream" if is_streaming else ("idle" if handle is None else "busy")
            rows.append(WorkerRow(slot + 1, state if process.is_there else "lost", process, job))
        return rows

    def waiting(self) -> int:
        """Return how many jobs wait for a worker."""
        return sum(job.state is State.QUEUED for job in self._scheduler.jobs())

    def texts(self) -> Sequence[str]:
        """Return a line on each worker, for the page; none where the server has no workers."""
        if not self.count:
            return ()
        return [
            f"{row.state}{f' with job {row.job}' if row.job != NO_JOB else ''}: "
            f"{describe(row.process)}"
            for row in self.rows()
        ]

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return the rows of `/msanii/caps`, as (name, value)."""
        described = [(f"worker-{n}", text) for n, text in enumerate(self.texts(), 1)]
        return [("workers", str(self.count)), *described]


def describe(process: EngineProcess) -> str:
    """Return a worker in words.

    >>> describe(EngineProcess(True, ("mel-flow",), "cuda", "box", 12, 800.0))
    'mel-flow on cuda, 800 MB, process 12 of box'
    """
    if not process.pid:
        return "no process"
    engines = " ".join(process.engines) or "no engine"
    memory = f", {process.memory_mb:.0f} MB" if process.memory_mb else ""
    return f"{engines} on {process.device}{memory}, process {process.pid} of {process.host}"
