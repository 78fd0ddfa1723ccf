"""A job: one accepted command on its way to a clip."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from msanii_live.audio import Clip, ClipInfo
from msanii_live.errors import Cancelled, Code
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand

PROGRESS_INTERVAL = 0.1  # seconds: at most ten reports a second


class State(StrEnum):
    """Name where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Finished:
    """Report a made clip. path: its WAV, whole on disk. took: seconds of work."""

    info: ClipInfo
    path: Path
    took: float


@dataclass(frozen=True)
class Failed:
    """Report why a job ended without a clip."""

    code: Code
    text: str


@dataclass(eq=False)
class Job:
    """Hold a job's command and where it is.

    clip: name that the result will have. owner: whoever asked, as the caller likes to name them.
    outcome: None until the job has ended. sources: clips that only this job knows, by name.
    deliver: takes the clip, which then goes neither to the folder nor to the player. score: the
    notes that it plays, where they are in no file: what was played live when the command came.
    """

    number: int
    command: GenerationCommand
    clip: str
    seed: int
    owner: str
    token: str
    state: State = State.QUEUED
    step: int = 0
    steps: int = 0
    started: float = 0.0
    outcome: Finished | Failed | Cancelled | None = None
    sources: Mapping[str, Clip] = field(default_factory=dict)
    deliver: Callable[[Clip], None] | None = None
    score: Score | None = None
    _cancel: threading.Event = field(default_factory=threading.Event)
    _reported: float = 0.0

    @property
    def ended(self) -> bool:
        """Tell whether the state is final."""
        return self.outcome is not None

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return self.step / self.steps if self.steps else 0.0

    def cancel(self) -> None:
        """Ask the job to end at its next step."""
        self._cancel.set()

    @property
    def is_cancelled(self) -> bool:
        """Tell whether the job was asked to end."""
        return self._cancel.is_set()

    def advance(self, step: int, steps: int, report: Callable[[Job], None]) -> None:
        """Note progress, and report it if the last report is long enough ago.

        Raises: Cancelled: the job was asked to end.
        """
        if self._cancel.is_set():
            raise Cancelled(step)
        self.step, self.steps = step, steps
        now = time.monotonic()
        if now - self._reported >= PROGRESS_INTERVAL:
            self._reported = now
            report(self)
