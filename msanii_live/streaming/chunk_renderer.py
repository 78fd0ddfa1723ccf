"""What a stream's next chunk is, where it may come from, and how the worker is had to make it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo, crossfade, make_clip
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.job import Failed, Job
from msanii_live.jobs.params import Params
from msanii_live.jobs.runner import Services
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand, Interpolate, StreamStart
from msanii_live.streaming.state import Beat, SoFar

STREAM_NAME = "stream"
PRIORITY = 100  # over all jobs: a stage must not go silent
LOOK = 0.05  # s between looks at the clock
GRID = 147  # frames: a multiple of it is a whole number of frames at 48,000 Hz too
_MORPH_FADE = 4_410  # frames over which a chunk goes into its morphed self


@dataclass(frozen=True)
class Place:
    """Say where the next chunk will sound, and what it is to be.

    index: its number. end: s of the timeline at which what is ready ends; of a stream that has not
    begun, about when it will. now: s. lead: s before the end at which a chunk is best made.
    least: s before the end at which it has to be.
    """

    order: StreamStart
    index: int
    end: float
    now: float
    lead: float
    least: float


@dataclass(frozen=True)
class Chunk:
    """Hold a chunk.

    clip: 44,100 Hz. overlap: its first frames, which take the place of the stream's last. notes:
    those that its end plays; beat: time from its start on, where it keeps its own.
    """

    clip: Clip
    overlap: int = 0
    notes: Score = field(default_factory=lambda: Score((), 0.0))
    beat: Beat | None = None


class Chunks(Protocol):
    """Be where a stream's chunks come from. Only the stream's thread makes them."""

    @property
    def midi(self) -> str:
        """What notes it plays, by name; empty for none."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """What cannot be played of that, in words."""

    def plays_as(self, other: Chunks) -> bool:
        """Tell whether another does the same already, and had better go on."""

    def opening(self, place: Place) -> Chunk:
        """Return what a stream begins with that goes on from nothing.

        Raises: CommandError, Cancelled: as the job that makes it.
        """

    def due(self, place: Place) -> bool:
        """Tell whether the next chunk is to be made now."""

    def next(self, so_far: SoFar, place: Place) -> Chunk:
        """Return what goes on from the stream so far. Asked again where what it gave was lost.

        Raises: CommandError, Cancelled: as the job that makes it.
        """


def on_grid(seconds: float) -> int:
    """Return a length as frames at 44,100 Hz that every usual device has as whole frames."""
    return max(1, round(seconds * SAMPLE_RATE / GRID)) * GRID


class Making:
    """Have the worker make what a stream needs, and keep an eye on the stream meanwhile."""

    def __init__(
        self,
        shop: Services,
        scheduler: Scheduler,
        params: Params,
        ended: threading.Event,
        meanwhile: Callable[[], object],
    ) -> None:
        """Take where jobs are made. ended: of the stream. meanwhile: called while one is made."""
        self.shop = shop
        self.params = params
        self._scheduler = scheduler
        self._ended = ended
        self._meanwhile = meanwhile

    def steered(self, command: GenerationCommand, index: int) -> GenerationCommand:
        """Return a command with the steps, seed and density that the params say."""
        steps, seed = (int(self.params.number(f"stream.{n}")) for n in ("steps", "seed"))
        density = self.params.number("stream.density")
        return replace(
            command,
            steps=steps or None,
            seed=(seed + index) % 2**24 if seed >= 0 else None,
            density=density if density >= 0 else None,
        )

    def make(
        self,
        command: GenerationCommand,
        sources: Mapping[str, Clip] | None = None,
        score: Score | None = None,
    ) -> Clip:
        """Have the worker make a clip, which goes to nobody else. sources, score: see `Job`.

        Raises: CommandError: the job failed; Cancelled: it, or the stream, was.
        """
        made: list[Clip] = []
        command = replace(command, priority=PRIORITY)
        job = self._scheduler.submit(
            command, STREAM_NAME, STREAM_NAME, STREAM_NAME, sources, made.append, score
        )
        while not job.ended:
            if self._ended.wait(LOOK):
                self._scheduler.cancel([job])
                raise Cancelled(job.step)
            self._meanwhile()
        return _outcome(job, made)

    def morphed(self, piece: Samples, overlap: int, so_far: SoFar, engine: str) -> Samples:
        """Return a chunk, from its overlap on brought towards the target as far as `mix` says.

        Raises: CommandError: there is no such target; and as `make`.
        """
        name, mix = self.params.text("stream.target"), self.params.number("stream.mix")
        if not name or mix <= 0:
            return piece
        target = as_stereo(self.shop.source(name).samples)
        plain = piece[overlap:]
        place = (so_far.frames + np.arange(len(plain))) % len(target)
        towards = np.ascontiguousarray(target[place])
        if Interpolate.address in self.shop.shelf.get(engine).capabilities.verbs:
            bpm, offset = so_far.bpm, so_far.bar_offset
            a = make_clip(plain.copy(), SAMPLE_RATE, name="a", bpm=bpm, bar_offset=offset)
            b = make_clip(towards, SAMPLE_RATE, name="b", bpm=bpm, bar_offset=offset)
            strength = self.params.number("stream.strength")
            command = Interpolate(a="a", b="b", mix=mix, strength=strength, engine=engine)
            towards = as_stereo(self.make(command, {"a": a, "b": b}).samples)
        else:
            towards = np.asarray((1 - mix) * plain + mix * towards, dtype=np.float32)
        fade = min(_MORPH_FADE, len(plain))
        into = crossfade(plain[:fade], towards[:fade])
        return np.concatenate([piece[:overlap], into, towards[fade : len(plain)]])


def _outcome(job: Job, made: list[Clip]) -> Clip:
    outcome = job.outcome
    if isinstance(outcome, Failed):
        raise CommandError(outcome.code, outcome.text)
    if isinstance(outcome, Cancelled):
        raise outcome
    return made[0]
