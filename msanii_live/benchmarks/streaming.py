"""A stream as the server runs it, without the server: worker, player and all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.job import Job
from msanii_live.jobs.params import Params
from msanii_live.jobs.runner import Services
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.library.library import Library
from msanii_live.playback.factory import open_player
from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.stream import Stream
from msanii_live.timing.transport import Transport


@dataclass
class Told:
    """Keep what a stream told."""

    chunks: list[tuple[int, float, float, float, float]] = field(default_factory=list)
    lates: list[int] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def chunk(self, index: int, start: float, seconds: float, took: float, ahead: float) -> None:
        """Note a chunk."""
        self.chunks.append((index, start, seconds, took, ahead))

    def late(self, index: int, seconds: float) -> None:
        """Note that a bar sounds again."""
        self.lates.append(index)

    def trouble(self, text: str) -> None:
        """Note what went wrong."""
        self.troubles.append(text)

    def progressed(self, job: Job) -> None:
        """Pass over it."""

    def ended(self, job: Job) -> None:
        """Pass over it."""

    def warned(self, job: Job, text: str) -> None:
        """Pass over it."""


@contextlib.contextmanager
def streaming(
    folder: Path,
    audio: str,
    engine: str,
    order: StreamStart | None = None,
    params: Params | None = None,
) -> Iterator[tuple[Player, Stream, Told]]:
    """Start a stream on the CPU, and end everything afterwards. audio: as `--audio`.

    Raises: CommandError: the source fails.
    """
    timebase = Timebase()
    transport = Transport(clock=timebase.now)
    player, _ = open_player(audio, transport, timebase)
    told = Told()
    shop = Services(EngineRegistry("cpu", engine), Library(folder), player, transport)
    scheduler = Scheduler(shop, told)
    scheduler.start()
    stream = Stream(shop, scheduler, params or Params(), told)
    try:
        stream.start(order or StreamStart())
        yield player, stream, told
    finally:
        stream.close()
        scheduler.close()
        player.close()
