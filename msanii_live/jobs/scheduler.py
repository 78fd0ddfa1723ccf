"""The queue of client jobs: bounded, ordered by priority, run by a worker."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.batch import finish_clips
from msanii_live.jobs.durations import expected_seconds
from msanii_live.jobs.early_sound import EarlySound, sounds_early
from msanii_live.jobs.executor import Executor
from msanii_live.jobs.failures import to_command_error
from msanii_live.jobs.job import Failed, Finished, Job, Outcome, State, failure_of, waits_for
from msanii_live.jobs.partial_clips import PartialClips
from msanii_live.jobs.runner import IN_PROCESS, finish_job, run_task
from msanii_live.jobs.services import Services
from msanii_live.jobs.span_rates import SpanRates, TypicalWaits
from msanii_live.jobs.task import Inputs, Task, TaskHandle
from msanii_live.jobs.worker import Worker
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand, JobCommand, Transcribe

log = logging.getLogger("msanii_live.jobs")

QUEUE_LIMIT = 64  # jobs that wait
SEED_LIMIT = 2**24  # seeds drawn here survive a 32-bit float


class JobListener(Protocol):
    """A receiver of what happens to jobs, called from the worker's thread or the caller's."""

    def progressed(self, job: Job) -> None:
        """Receive a job that moved on; at most ten times a second."""

    def ended(self, job: Job) -> None:
        """Receive a job that has its outcome; exactly once a job."""

    def made(self, job: Job, name: str, path: Path) -> None:
        """Receive the name and the file of one clip of a job that makes several."""

    def warned(self, job: Job, text: str) -> None:
        """Receive a warning: the job goes on, but not wholly as asked."""


class Scheduler:
    """The jobs of clients, and the worker that they share with the stream.

    worker: runs tasks of any caller. waits: how long jobs take. partials: the clips of jobs as far
    as they are made. Every method may be called from any thread.
    """

    def __init__(
        self,
        services: Services,
        listener: JobListener,
        executor: Executor = IN_PROCESS,
        idle_minutes: float = 0.0,
    ) -> None:
        """Take what jobs work with. executor: where their engines run.

        idle_minutes: without a task, after which engines are freed; 0 is never.
        """
        self.worker = Worker(
            partial(run_task, services, executor=executor), executor.slots,
            self._expected_seconds, 60 * idle_minutes, self._free_engines,
            reports_apart=executor.workers > 0, engine_of=services.registry.plain_name,
            steps_of=services.registry.default_steps,
        )  # fmt: skip
        executor.set_added_callback(self.worker.add_slots)
        self._services = services
        self._listener = listener
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._next = 1
        self._rates = SpanRates()
        self.waits = TypicalWaits()
        self.partials = PartialClips()
        self._on_end: Callable[[], object] = lambda: None

    def set_end_callback(self, call: Callable[[], object]) -> None:
        """Set what is called, on the worker's thread or a caller's, after a job has ended."""
        self._on_end = call

    def start(self) -> None:
        """Start the worker."""
        self.worker.start()

    def submit(self, command: JobCommand, owner: str, token: str, clip: str) -> Job:
        """Queue a command. clip: the name of the result, which the caller has settled.

        Raises: CommandError: EBUSY, the queue is full or closed; ENOCLIP, the live take is empty.
        """
        score = self._services.live_score(command)
        inputs = Inputs(self._services, score=score)
        with self._lock:
            if sum(job.state is State.QUEUED for job in self._jobs) >= QUEUE_LIMIT:
                raise CommandError(
                    Code.EBUSY, f"{QUEUE_LIMIT} jobs wait already: cancel some or try again later"
                )
            seed = command.seed if command.seed is not None else random.randrange(SEED_LIMIT)
            job = Job(self._next, command, clip, seed, owner, token)
            early = self._early_sound(command, clip)
            made = self.partials.add(job.number, job.names[0])
            after = [it.handle for it in self._jobs if it.handle and waits_for(job, it)]
            job.handle = self.worker.submit(
                Task(command, seed, inputs, command.priority, early=early, partial=made),
                on_progress=lambda handle: self._listener.progressed(job),
                on_warning=lambda text: self._listener.warned(job, text),
                on_done=lambda handle: self._finish(job, handle, inputs, score),
                after=after,
            )
            self._next += 1
            self._jobs.append(job)
            return job

    def run_between_jobs(self, call: Callable[[], None]) -> None:
        """Have the worker call something between tasks, such as loading an engine."""
        self.worker.run_between_tasks(call)

    def jobs(self) -> list[Job]:
        """Return the running jobs, then the waiting ones in order."""
        with self._lock:
            jobs = list(self._jobs)
        return sorted(jobs, key=lambda j: (j.state is State.QUEUED, -j.command.priority, j.number))

    def position(self, job: Job) -> int:
        """Return how many jobs go before this one."""
        jobs = self.jobs()
        return jobs.index(job) if job in jobs else 0

    def eta(self, job: Job) -> float:
        """Estimate the seconds until a job has ended, from how long such jobs took."""
        return self.worker.eta(job.handle) if job.handle else 0.0

    def is_pending(self, clip: str) -> bool:
        """Return whether a job that has not ended will make a clip of this name; "last" is any."""
        return any(clip in (*job.names, "last") for job in self.jobs())

    def load_percent(self) -> float:
        """Return the share of the last ten seconds spent on tasks, 0 to 100."""
        return self.worker.load_percent()

    def cancel(self, jobs: list[Job]) -> None:
        """Cancel jobs: waiting ones at once, running ones at their next step."""
        for job in jobs:
            if job.handle is not None:
                self.worker.cancel(job.handle)

    def close(self, timeout: float = 3.0) -> bool:
        """Cancel everything and end the worker; return whether it ended within `timeout` s.

        A job that has not ended by then, as one in a long call into C, is reported as cancelled.
        """
        ended = self.worker.close(timeout)
        for job in self.jobs():
            self._end(job, Cancelled(job.step))
        return ended

    def _free_engines(self) -> None:
        """Give the memory of all engines back; the next task loads its own again."""
        freed = self._services.registry.free_loaded()
        if freed:
            log.info("freed %s: no job for a while", ", ".join(freed))

    def _expected_seconds(self, command: JobCommand) -> float:
        """Return the expected length of a command's clip, s, without touching the disk."""
        transport, library = self._services.transport, self._services.library

        def seconds_of(name: str) -> float | None:
            is_there = name in library or (name == "last" and library.names())
            return library.info(name).seconds if is_there else None

        one = expected_seconds(command, transport.bpm, transport.beats, seconds_of)
        return one * command.count

    def _finish(
        self, job: Job, handle: TaskHandle, inputs: Inputs, live_score: Score | None
    ) -> None:
        """Write and play the clip of a job, and report the job's one outcome."""
        with self._lock:  # `submit` has listed the job by the time that this is free
            job.handle = handle
        outcome, early = self._outcome(job, handle, inputs, live_score), handle.task.early
        if early is not None:
            early.abandon()  # unless it is finished
        if isinstance(outcome, Finished):
            self._note_waits(job, handle, outcome, early)
        self._end(job, outcome)
        handle.discard()

    def _early_sound(self, command: JobCommand, clip: str) -> EarlySound | None:
        if not sounds_early(command):
            return None
        assert isinstance(command, GenerationCommand)
        return EarlySound(self._services.player, self._rates, command, clip)

    def _note_waits(
        self, job: Job, handle: TaskHandle, outcome: Finished, early: EarlySound | None
    ) -> None:
        engine = outcome.info.engine
        if not engine or isinstance(job.command, Transcribe):
            return
        to_sound = outcome.took if job.command.play else None
        if early is not None and early.started is not None:
            to_sound = early.started - handle.started
        self.waits.add(engine, to_sound, outcome.took)

    def _end(self, job: Job, outcome: Outcome) -> None:
        """Report a job's one outcome, unless it has one."""
        with self._lock:
            if job not in self._jobs:
                return
            job.outcome = outcome
            self._jobs.remove(job)
        if (made := self.partials.get(job.number)) is not None:
            blake2b = outcome.info.blake2b if isinstance(outcome, Finished) else ""
            made.end(failure_of(outcome), blake2b)
        self._listener.ended(job)
        self._on_end()

    def _outcome(
        self, job: Job, handle: TaskHandle, inputs: Inputs, live_score: Score | None
    ) -> Outcome:
        try:
            made = handle.clips()
            if len(made) == 1:
                return finish_job(
                    self._services, job, made[0], inputs, live_score, handle.warn, handle.task.early
                )
            return finish_clips(
                self._services, job, made, handle.warn, partial(self._listener.made, job)
            )
        except Cancelled as cancelled:
            return cancelled
        except CommandError as error:
            return Failed(error.code, error.text)
        except Exception as error:
            failure = to_command_error(error, f"job {job.number}")
            return Failed(failure.code, failure.text)
