"""What is asked of the next chunk, and what makes clips for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from msanii_live.audio import Clip, Samples
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand, StreamStart
from msanii_live.streaming.phrases import Phrase


@dataclass(frozen=True, eq=False)
class MorphTarget:
    """The clip towards which chunks are morphed.

    samples: float32 (frames, 2), 44,100 Hz, played as a loop. mix: 0 is none of it, 1 all of it.
    strength: of the interpolation, 0 to 1. by_engine: the engine interpolates; otherwise the two
    are mixed.
    """

    samples: Samples
    mix: float
    strength: float
    by_engine: bool


@dataclass(frozen=True, eq=False)
class ChunkRequest:
    """What the next chunk is to be.

    command: what the stream plays, with which engine and timbres. seed: of everything random in
    the chunk. steps: denoising steps; None is the engine's own number. density: 0 to 1; None is the
    engine's choice. mix: between the two timbres, 0 to 1. bpm, beats: of the transport, for a
    stream that begins from nothing. phrase: the notes to play; None continues by outpainting.
    """

    command: StreamStart
    seed: int
    bpm: float
    beats: int
    steps: int | None = None
    density: float | None = None
    mix: float = 0.0
    target: MorphTarget | None = None
    phrase: Phrase | None = None

    def apply_to(self, command: GenerationCommand) -> GenerationCommand:
        """Return a command with the engine, seed, steps and density of this request."""
        return replace(
            command,
            engine=self.command.engine,
            seed=self.seed,
            steps=self.steps,
            density=self.density,
        )


class RenderClip(Protocol):
    """What runs an engine and returns its clip."""

    def __call__(
        self,
        command: GenerationCommand,
        clips: Mapping[str, Clip] | None = None,
        score: Score | None = None,
    ) -> Clip:
        """Return the clip of a command. clips: its sources by name. score: the notes to render.

        Raises: CommandError: the engine failed; Cancelled.
        """
