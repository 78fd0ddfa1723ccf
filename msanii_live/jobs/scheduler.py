"""The queue: bounded, ordered by priority, one worker thread for the device."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from msanii_live.audio import Clip
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.job import Failed, Finished, Job, State
from msanii_live.jobs.runner import Services, run_job
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand

log = logging.getLogger("msanii_live.jobs")

QUEUE_LIMIT = 64
LOAD_WINDOW = 10.0  # seconds over which the load is measured
SEED_LIMIT = 2**24  # seeds made up here survive a 32-bit float


class JobListener(Protocol):
    """Hear of jobs, from the worker's thread or the caller's."""

    def progressed(self, job: Job) -> None:
        """Hear that a job moved on."""

    def ended(self, job: Job) -> None:
        """Hear that a job has its outcome; called exactly once a job."""

    def warned(self, job: Job, text: str) -> None:
        """Hear that a job goes on, but not wholly as asked."""


class Scheduler:
    """Accept jobs and carry them out one at a time."""

    def __init__(self, workshop: Services, listener: JobListener) -> None:
        self._workshop = workshop
        self._listener = listener
        self._lock = threading.Condition()
        self._waiting: list[Job] = []
        self._errands: deque[Callable[[], None]] = deque()
        self._running: Job | None = None
        self._next = 1
        self._closed = False
        self._busy_since: float | None = None
        self._busy: deque[tuple[float, float]] = deque()
        self._took: dict[str, float] = {}  # seconds of work a job, by address, smoothed
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def submit(
        self,
        command: GenerationCommand,
        owner: str,
        token: str,
        clip: str,
        sources: Mapping[str, Clip] | None = None,
        deliver: Callable[[Clip], None] | None = None,
        score: Score | None = None,
    ) -> Job:
        """Queue a command.

        clip: name of the result, already settled. sources, deliver, score: see `Job`.
        Raises: CommandError: EBUSY, the queue is full; ENOCLIP, nothing was played to be rendered.
        """
        score = self._workshop.played(command) if score is None else score
        with self._lock:
            if self._closed:
                raise CommandError(Code.EBUSY, "the server is shutting down")
            if len(self._waiting) >= QUEUE_LIMIT:
                raise CommandError(
                    Code.EBUSY, f"{QUEUE_LIMIT} jobs wait already: cancel some or try again later"
                )
            seed = command.seed if command.seed is not None else random.randrange(SEED_LIMIT)
            job = Job(
                self._next,
                command,
                clip,
                seed,
                owner,
                token,
                sources=sources or {},
                deliver=deliver,
                score=score,
            )
            self._next += 1
            self._waiting.append(job)
            self._waiting.sort(key=lambda j: (-j.command.priority, j.number))
            self._lock.notify()
            return job

    def errand(self, call: Callable[[], None]) -> None:
        """Have the worker call something between jobs, such as loading an engine."""
        with self._lock:
            self._errands.append(call)
            self._lock.notify()

    def jobs(self) -> list[Job]:
        """Return the running job and those waiting, in order."""
        with self._lock:
            return ([self._running] if self._running else []) + list(self._waiting)

    def position(self, job: Job) -> int:
        """Return how many jobs go before this one; 0 when it runs."""
        jobs = self.jobs()
        return jobs.index(job) if job in jobs else 0

    def eta(self, job: Job) -> float:
        """Estimate seconds until a job has ended, from what such jobs took."""
        ahead = self.jobs()[: self.position(job) + 1]
        return sum(self._took.get(j.command.address, 2.0) * (1 - j.fraction) for j in ahead)

    def is_pending(self, clip: str) -> bool:
        """Tell whether a job that has not ended will make a clip of this name."""
        return any(job.clip == clip for job in self.jobs())

    def load_percent(self) -> float:
        """Return the share of the last ten seconds spent on jobs, 0 to 100."""
        now = time.monotonic()
        with self._lock:
            spans = list(self._busy)
            if self._busy_since is not None:
                spans.append((self._busy_since, now))
        inside = sum(max(0.0, end - max(start, now - LOAD_WINDOW)) for start, end in spans)
        return min(100.0, 100 * inside / LOAD_WINDOW)

    def cancel(self, jobs: list[Job]) -> None:
        """Cancel jobs: waiting ones at once, the running one at its next step."""
        for job in jobs:
            job.cancel()
            with self._lock:
                waiting = job in self._waiting
                if waiting:
                    self._waiting.remove(job)
            if waiting:
                self._end(job, Cancelled(0))

    def close(self, timeout: float = 3.0) -> bool:
        """Cancel everything and end the worker; True if it ended in time."""
        with self._lock:
            self._closed = True
            self._errands.clear()
        self.cancel(self.jobs())
        with self._lock:
            self._lock.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._lock:
                while not (self._waiting or self._errands or self._closed):
                    self._lock.wait()
                if self._closed and not self._waiting:
                    return
                errand = self._errands.popleft() if self._errands else None
                job = None if errand else self._waiting.pop(0)
                self._running = job
            if errand is not None:
                errand()
            elif job is not None:
                self._run(job)

    def _run(self, job: Job) -> None:
        job.state, job.started = State.RUNNING, time.monotonic()
        self._busy_since = job.started
        outcome: Finished | Failed | Cancelled
        try:
            outcome = run_job(job, self._workshop, self._listener.progressed, self._listener.warned)
            before = self._took.get(job.command.address, outcome.took)
            self._took[job.command.address] = 0.7 * before + 0.3 * outcome.took
        except Cancelled as cancelled:
            outcome = cancelled
        except CommandError as error:
            outcome = Failed(error.code, error.text)
        except Exception as error:
            if is_out_of_memory(error):
                outcome = Failed(
                    Code.EOOM, "out of memory: ask for a shorter clip, or free an engine"
                )
            else:
                log.exception("job %d failed", job.number)
                outcome = Failed(Code.EINTERNAL, f"{type(error).__name__}: {error}")
        with self._lock:
            self._running = None
            self._busy.append((job.started, time.monotonic()))
            self._busy_since = None
            while self._busy and self._busy[0][1] < time.monotonic() - LOAD_WINDOW:
                self._busy.popleft()
        self._end(job, outcome)

    def _end(self, job: Job, outcome: Finished | Failed | Cancelled) -> None:
        job.state = {Finished: State.DONE, Failed: State.FAILED, Cancelled: State.CANCELLED}[
            type(outcome)
        ]
        job.outcome = outcome
        self._listener.ended(job)


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an engine ran out of memory, Python's or torch's, which no one imports here."""
    name = type(error).__name__
    return isinstance(error, MemoryError) or name == "OutOfMemoryError" or "allocate" in str(error)
