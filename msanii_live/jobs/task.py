"""A task: make the clip of a command from given inputs; and the handle of a submitted task."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msanii_live.audio import Clip
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.early_sound import EarlySound
from msanii_live.jobs.partial_clips import PartialClip
from msanii_live.jobs.services import Services
from msanii_live.notes import Score
from msanii_live.playback.now_playing import NowPlaying
from msanii_live.protocol.commands import JobCommand

Result = Clip | Score | tuple[Clip, ...]
"""What a task makes: a clip, notes, or several clips of one command."""

PROGRESS_INTERVAL = 0.1  # s: at most ten reports a second


class Inputs:
    """The source clips and notes of one task, found by name when the task runs.

    now_playing: what `current` stood for, once the task has asked for it. input_began: second of
    the timeline at which the bars of the input began that the task answers, once it has heard them.
    """

    def __init__(
        self,
        services: Services,
        clips: Mapping[str, Clip] | None = None,
        score: Score | None = None,
    ) -> None:
        """Look names up in the services. clips: found before those. score: instead of any other."""
        self.now_playing: NowPlaying | None = None
        self.input_began: float | None = None
        self._services = services
        self._clips = clips or {}
        self._score = score

    def clip(self, name: str) -> Clip:
        """Return a source clip.

        Raises: CommandError: ENOCLIP, there is none; EPATH, its file cannot be read.
        """
        if name in self._clips:
            return self._clips[name]
        if name == "current":
            self.now_playing = self._services.now_playing()
            return self.now_playing.clip
        return self._services.source(name)

    def score(self, name: str) -> Score:
        """Return the notes to render.

        Raises: CommandError: ENOCLIP, there are none; EPATH, the file cannot be read.
        """
        return self._services.score(name) if self._score is None else self._score


@dataclass(frozen=True)
class NewNotes:
    """Notes to compose.

    before: the notes that they follow; None for a piece of its own, whose command says how long it
    is. bars: how many follow.
    """

    before: Score | None
    bars: float


@dataclass(frozen=True)
class Task:
    """A clip to make, or notes.

    seed: already drawn. priority: higher goes first. skip_normalization: the engine leaves the
    level of rendered notes as it is, because the caller sets it. notes: None to make a clip.
    keeps_slot: of several slots, tasks of this kind share one that no other task gets: see
    `Worker.release_slot`. early: plays the clip while it is made; None if nothing does. partial:
    keeps what is made of it for listeners; None if there can be none.
    """

    command: JobCommand
    seed: int
    inputs: Inputs
    priority: int = 0
    skip_normalization: bool = False
    notes: NewNotes | None = None
    keeps_slot: bool = False
    early: EarlySound | None = None
    partial: PartialClip | None = None


def ignore(*_: object) -> None:
    """Do nothing."""


class SlotLost(Exception):
    """The end of the process in which a slot ran a task, of which nothing is known to be made."""


class TaskHandle:
    """A submitted task: its progress and result, and the way to cancel it.

    done: set when the task has ended. step, steps: denoising steps done and in all. started:
    seconds of the monotonic clock; 0 while the task waits. slot: the number of the one that runs it
    or ran it. lost_slot: the number of the slot that was lost while it ran the task, else None.
    after: those that must be reported before it begins. is_reported: its submitter was told.
    """

    def __init__(
        self,
        task: Task,
        on_progress: Callable[[TaskHandle], object] = ignore,
        on_warning: Callable[[str], None] = ignore,
        on_done: Callable[[TaskHandle], object] = ignore,
    ) -> None:
        """Take the callbacks: see `Worker.submit`."""
        self.task = task
        self.done = threading.Event()
        self.step = 0
        self.steps = 0
        self.started = 0.0
        self.slot = 0
        self.lost_slot: int | None = None
        self.after: tuple[TaskHandle, ...] = ()
        self.is_reported = False
        self.warn = on_warning
        self._on_progress = on_progress
        self._on_done = on_done
        self._cancelled = threading.Event()
        self._on_cancel: Callable[[], object] = ignore
        self._on_leave: Callable[[TaskHandle], object] = ignore
        self._result: Result | CommandError | Cancelled | None = None
        self._reported = 0.0

    @property
    def fraction(self) -> float:
        """The share of the steps that is done, 0 to 1."""
        return self.step / self.steps if self.steps else 0.0

    def advance(self, step: int, steps: int) -> None:
        """Note progress, and report it at most ten times a second.

        Raises: Cancelled: the task is to end.
        """
        if self._cancelled.is_set():
            raise Cancelled(step)
        self.step, self.steps = step, steps
        now = time.monotonic()
        if now - self._reported >= PROGRESS_INTERVAL:
            self._reported = now
            self._on_progress(self)

    def cancel(self) -> None:
        """Ask the task to end at its next step. `Worker.cancel` also ends one that waits."""
        self._cancelled.set()
        self._on_cancel()

    @property
    def is_cancelled(self) -> bool:
        """Whether the task was asked to end."""
        return self._cancelled.is_set()

    def set_cancel_callback(self, call: Callable[[], object]) -> None:
        """Set what `cancel` calls, on its caller's thread; call it now if the task is to end."""
        self._on_cancel = call
        if self.is_cancelled:
            call()

    def leave_slot(self) -> None:
        """Have the slot take another task: this one needs it no more, but has not ended."""
        self._on_leave(self)

    def set_leave_callback(self, call: Callable[[TaskHandle], object]) -> None:
        """Set what `leave_slot` calls."""
        self._on_leave = call

    def requeue(self) -> None:
        """Note that the slot which ran the task is lost, and that the task waits again."""
        self.lost_slot, self.started = self.slot, 0.0
        self.step = self.steps = 0
        self._on_cancel = ignore

    def finish(self, result: Result | CommandError | Cancelled) -> None:
        """Set the result and tell whoever submitted the task. Only a worker calls this, once."""
        self._result = result
        self.done.set()
        self._on_done(self)

    def discard(self) -> None:
        """Let go of the result and the callbacks: a job that has ended is remembered for a while.

        The callbacks refer to the handle, and a clip in such a circle would stay in memory until
        Python looks for circles.
        """
        self._result = None
        self._on_progress = self._on_done = self.warn = self._on_cancel = ignore
        self._on_leave = ignore

    def result(self, timeout: float | None = None) -> Clip:
        """Wait for the clip and return it. timeout: seconds.

        Raises: CommandError: the task failed; Cancelled; TimeoutError: the task has not ended.
        """
        return self.clips(timeout)[0]

    def clips(self, timeout: float | None = None) -> tuple[Clip, ...]:
        """Wait for the clips and return them, as many as the command asks for; else as `result`."""
        made = self._wait(timeout)
        assert not isinstance(made, Score)
        return made if isinstance(made, tuple) else (made,)

    def score(self, timeout: float | None = None) -> Score:
        """Wait for the notes of a task that composes, and return them; else as `result`."""
        made = self._wait(timeout)
        assert isinstance(made, Score)
        return made

    def _wait(self, timeout: float | None) -> Result:
        if not self.done.wait(timeout):
            raise TimeoutError("the task has not ended")
        assert self._result is not None
        if isinstance(self._result, Clip | Score | tuple):
            return self._result
        raise self._result
