"""A job: one accepted command of a client, on its way to a clip of the library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from msanii_live.audio import ClipInfo
from msanii_live.errors import Cancelled, Code
from msanii_live.jobs.task import TaskHandle
from msanii_live.library.trash import TrashedClip
from msanii_live.notes import Score
from msanii_live.protocol.commands import JobCommand


class State(StrEnum):
    """The state of a job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Finished:
    """The outcome of a job that made its clip.

    path: its WAV file. took: seconds of work. replaced: clips of its names, now in the trash.
    notes_before: of a clip that was transcribed, if any were known of it. had_notes_file: they were
    in a file that nobody had changed.
    """

    info: ClipInfo
    path: Path
    took: float
    replaced: tuple[TrashedClip, ...] = ()
    notes_before: Score | None = None
    had_notes_file: bool = True


@dataclass(frozen=True)
class Failed:
    """The outcome of a job that ended without a clip."""

    code: Code
    text: str


Outcome = Finished | Failed | Cancelled
_FINAL: dict[type[Outcome], State] = {
    Finished: State.DONE,
    Failed: State.FAILED,
    Cancelled: State.CANCELLED,
}


def failure_of(outcome: Outcome) -> str:
    """Return why a job made no clip; "" if it made one."""
    if isinstance(outcome, Finished):
        return ""
    return outcome.text if isinstance(outcome, Failed) else "it was cancelled"


def clip_names(name: str, count: int) -> tuple[str, ...]:
    """Return the names of so many clips of one job.

    >>> clip_names("dark", 1), clip_names("dark", 2)
    (('dark',), ('dark-1', 'dark-2'))
    """
    return (name,) if count == 1 else tuple(f"{name}-{number + 1}" for number in range(count))


@dataclass(eq=False)
class Job:
    """A client's command and how far it is.

    clip: the name that the result will have, or what the names of several begin with. owner: who
    asked, in the caller's words. handle: the task that makes the clips. outcome: None until the
    job has ended.
    """

    number: int
    command: JobCommand
    clip: str
    seed: int
    owner: str
    token: str
    handle: TaskHandle | None = None
    outcome: Outcome | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its clips will have."""
        return clip_names(self.clip, self.command.count)

    @property
    def state(self) -> State:
        """The state that clients are told."""
        if self.outcome is not None:
            return _FINAL[type(self.outcome)]
        return State.RUNNING if self.handle and self.handle.started else State.QUEUED

    @property
    def step(self) -> int:
        """Denoising steps done."""
        return self.handle.step if self.handle else 0

    @property
    def steps(self) -> int:
        """Denoising steps in all; 0 until the engine reports them."""
        return self.handle.steps if self.handle else 0

    @property
    def fraction(self) -> float:
        """The share that is done, 0 to 1."""
        return self.handle.fraction if self.handle else 0.0


def waits_for(job: Job, before: Job) -> bool:
    """Return whether a job must begin after an earlier one: they read or write the same clip.

    The newest clip ("last") is that of the jobs which run, or which the job does not overtake.
    """
    reads, writes = set(source_names(job.command)), set(job.names)
    if "last" in reads:
        is_overtaken = before.command.priority < job.command.priority
        return before.state is State.RUNNING or not is_overtaken
    return bool((reads | writes) & set(before.names) or writes & set(source_names(before.command)))


def source_names(command: JobCommand) -> tuple[str, ...]:
    """Return the clips that a command names as its sources."""
    return tuple(filter(None, (getattr(command, key, "") for key in ("src", "a", "b"))))
