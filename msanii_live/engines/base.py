"""What an engine is, and what a job gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from msanii_live.audio import Clip
from msanii_live.protocol.commands import MakingCommand


@dataclass(frozen=True)
class Capabilities:
    """Tell what an engine can do.

    verbs: command addresses. sample_rate: Hz. longest: seconds of one clip. styles: words that
    `style` and `prompt` know. steps: denoising steps where a command asks for none.
    """

    verbs: tuple[str, ...]
    sample_rate: int
    channels: int
    longest: float
    steps: int
    styles: tuple[str, ...] = ()
    needs_midi: bool = False


@dataclass(frozen=True)
class Context:
    """Give a running job what it needs of the rest.

    clip: returns a source clip by name; raises CommandError ENOCLIP. progress: takes (step, steps)
    and raises Cancelled once the job is cancelled; engines call it at every step. warn: takes a
    text for the musician. tempo: the transport's, bpm. beats: the transport's beats a bar.
    seed: the job's, already drawn.
    """

    clip: Callable[[str], Clip]
    progress: Callable[[int, int], None]
    warn: Callable[[str], None]
    tempo: float
    beats: int
    seed: int


class Engine(Protocol):
    """Be one resident ability of the server."""

    name: str
    capabilities: Capabilities

    def load(self) -> None:
        """Read the weights and move them to the device; harmless when already loaded.

        Raises: CommandError: EENGINE where they cannot be read.
        """

    def warm(self) -> None:
        """Run once, so that the first command is as fast as the next."""

    def free(self) -> None:
        """Give the memory back."""

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""

    def memory_mb(self) -> float:
        """Return device memory in use, MB; 0 on a CPU."""

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out.

        Returns a clip with an empty name. Raises: CommandError, Cancelled.
        """
