"""The tasks by which a stream has clips made and notes composed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msanii_live.audio import Clip
from msanii_live.audio.resampling import at_rate
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import Inputs, NewNotes, Task, TaskHandle
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, GenerationCommand, StreamStart
from msanii_live.streaming.heard_source import hear_source
from msanii_live.streaming.state import StreamState

PRIORITY = 101  # above every client's: the stream must not fall silent


class StreamTasks:
    """What makes clips and notes for a stream, by tasks of the worker."""

    def __init__(
        self,
        services: Services,
        wait_for: Callable[[Task], TaskHandle],
        warn: Callable[[str], None],
    ) -> None:
        """Take what commands work with, what waits for a task, and what is told of warnings."""
        self._services, self._wait_for, self._warn = services, wait_for, warn

    def hear(self, state: StreamState, command: StreamStart) -> StreamState:
        """Return a state with what is heard in its source; see `hear_source`."""
        return hear_source(state, command, self._services, self.render, self._warn)

    def render(
        self,
        command: GenerationCommand,
        clips: Mapping[str, Clip] | None = None,
        score: Score | None = None,
    ) -> Clip:
        """Have a clip made; see `RenderClip`.

        Raises: CommandError: the task failed; Cancelled: it, or the stream, was ended.
        """
        assert command.seed is not None
        inputs = Inputs(self._services, clips, score)
        task = Task(
            command, command.seed, inputs, PRIORITY, skip_normalization=True, keeps_slot=True
        )
        return at_rate(self._wait_for(task).result(), SAMPLE_RATE)  # all of a stream is at one rate

    def compose(self, command: Generate, before: Score | None, bars: float) -> Score:
        """Have notes composed, else as `render`; see `ComposeNotes`."""
        assert command.seed is not None
        notes, inputs = NewNotes(before, bars), Inputs(self._services)
        task = Task(command, command.seed, inputs, PRIORITY, notes=notes, keeps_slot=True)
        return self._wait_for(task).score()
