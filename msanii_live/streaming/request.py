"""What is asked of the next chunk, and what makes clips for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from msanii_live.audio import Clip, Samples
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, GenerationCommand, StreamStart
from msanii_live.streaming.heard_bars import Accompaniment
from msanii_live.streaming.phrases import Phrase
from msanii_live.streaming.state import Steering

Makes = TypeVar("Makes", bound=GenerationCommand)


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
    the chunk. steps: denoising steps; None is the engine's own number. steering: style, key,
    chords, density and prompt. parts: that sound; empty for all. mix: between the two timbres, 0
    to 1. drive, space: of the sound of notes, 0 to 1. bpm, beats: of the transport, for a stream
    that begins from nothing. phrase: the notes to play. composer: the name of the engine that
    composes them instead. accompaniment: what is heard of a player whom the chunk accompanies, and
    what the stream has answered. start: of the chunk, s of the timeline. Without a phrase, a
    composer and an accompaniment, the engine continues by outpainting.
    """

    command: StreamStart
    seed: int
    bpm: float
    beats: int
    steps: int | None = None
    steering: Steering = field(default_factory=Steering)
    parts: tuple[str, ...] = ()
    mix: float = 0.0
    drive: float = 0.0
    space: float = 0.0
    target: MorphTarget | None = None
    phrase: Phrase | None = None
    composer: str = ""
    accompaniment: Accompaniment | None = None
    start: float = 0.0

    def apply_to(self, command: Makes) -> Makes:
        """Return a command with the engine, seed, steps and steering of this request."""
        return replace(
            command,
            engine=self.command.engine,
            seed=self.seed,
            steps=self.steps,
            style=self.steering.style,
            key=self.steering.key,
            chords=self.steering.chords,
            density=self.steering.density,
            prompt=self.steering.prompt,
        )

    def to_play(self) -> ChunkRequest:
        """Return the request for playing notes that the steering has shaped already."""
        return replace(self, steering=Steering(), parts=())


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


class ComposeNotes(Protocol):
    """What runs an engine that composes and returns its notes."""

    def __call__(self, command: Generate, before: Score | None, bars: float) -> Score:
        """Return the bars that follow some notes; of a piece of its own, what the command says.

        Raises: CommandError: the engine failed; Cancelled.
        """


def compose_nothing(command: Generate, before: Score | None, bars: float) -> Score:
    """Refuse to compose, where no engine does. Raises: CommandError: EENGINE."""
    raise CommandError(Code.EENGINE, "nothing here composes notes")
