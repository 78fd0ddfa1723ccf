"""A stream as the server runs it, without the server: worker, player and all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.job import Job
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.library.library import Library
from msanii_live.playback.factory import open_player
from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.stream import Stream
from msanii_live.timing.transport import Transport


@dataclass
class StreamLog:
    """What a stream has reported."""

    chunks: list[tuple[int, float, float, float, float]] = field(default_factory=list)
    lates: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def chunk_ready(
        self, index: int, start: float, seconds: float, took: float, ahead: float
    ) -> None:
        """Store a chunk."""
        self.chunks.append((index, start, seconds, took, ahead))

    def late(self, index: int, seconds: float) -> None:
        """Store that a bar is repeated."""
        self.lates.append(index)

    def warn(self, text: str) -> None:
        """Store a warning."""
        self.warnings.append(text)

    def ended(self, reason: str) -> None:
        """Store why the stream has ended."""
        self.reasons.append(reason)


class NoJobs:
    """A listener to the jobs of no client."""

    def progressed(self, job: Job) -> None:
        """Do nothing."""

    def ended(self, job: Job) -> None:
        """Do nothing."""

    def made(self, job: Job, name: str, path: Path) -> None:
        """Do nothing."""

    def warned(self, job: Job, text: str) -> None:
        """Do nothing."""


@contextlib.contextmanager
def streaming(
    folder: Path,
    audio: str,
    engine: str,
    command: StreamStart | None = None,
    params: Params | None = None,
) -> Iterator[tuple[Player, Stream, StreamLog]]:
    """Start a stream on the CPU, and end everything afterwards. audio: as `--audio`.

    Raises: CommandError: the source fails.
    """
    timebase = Timebase()
    transport = Transport(clock=timebase.now)
    player, _ = open_player(audio, transport, timebase)
    services = Services(EngineRegistry("cpu", engine), Library(folder), player, transport)
    scheduler = Scheduler(services, NoJobs())
    scheduler.start()
    reported = StreamLog()
    stream = Stream(services, scheduler, params or Params(), reported)
    try:
        stream.start(command or StreamStart())
        yield player, stream, reported
    finally:
        stream.close()
        scheduler.close()
        player.close()
