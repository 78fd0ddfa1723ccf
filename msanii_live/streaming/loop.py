"""One stream from its start to its end: chunk after chunk, in time, and never a gap.

The audio host is given each chunk with a spare, the last bar as a loop. Whatever holds the server
or the engine up, the host goes round that bar, in time, until the next chunk is there.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from msanii_live.audio import as_stereo
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.params import Params
from msanii_live.jobs.runner import Services
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.playback.mixer import Region
from msanii_live.playback.timeline import last_in_chain
from msanii_live.protocol.commands import Outpaint, StreamStart
from msanii_live.streaming import score_source
from msanii_live.streaming.chunk_renderer import LOOK, STREAM_NAME, Chunk, Chunks, Making, Place
from msanii_live.streaming.outpaint_source import FromItself
from msanii_live.streaming.state import SoFar

log = logging.getLogger("msanii_live.stream")

_GONE = 2.0  # s that its last part may be unheard of before the stream is taken as stopped


class Audience(Protocol):
    """Hear of the stream, from its thread."""

    def chunk(self, index: int, start: float, seconds: float, took: float, ahead: float) -> None:
        """Hear that a chunk is ready. All but index in s."""

    def late(self, index: int, seconds: float) -> None:
        """Hear that a bar of so many seconds sounds again, for want of a chunk."""

    def trouble(self, text: str) -> None:
        """Hear what went wrong; the stream goes on."""


@dataclass(frozen=True)
class _Aim:
    """Hold what the next chunk is to be, changed as one."""

    order: StreamStart
    chunks: Chunks


class StreamRun:
    """Be one stream."""

    def __init__(
        self,
        shop: Services,
        scheduler: Scheduler,
        params: Params,
        audience: Audience,
        order: StreamStart,
    ) -> None:
        """Make ready what the order asks for. Raises: CommandError: as `from_notes.of_order`."""
        self._shop = shop
        self._player = shop.player
        self._audience = audience
        self._ended = threading.Event()
        self._making = Making(shop, scheduler, params, self._ended, self._look)
        self._so_far: SoFar | None = None
        self._took = 1.0  # s that a chunk takes to make, smoothed
        self._index = 0
        self._told_late = -1
        self._missed: float | None = None
        self._aim = _Aim(order, self._chunks_of(order))
        self._thread = threading.Thread(target=self._work, name="stream", daemon=True)

    @property
    def alive(self) -> bool:
        """Tell whether it goes on."""
        return self._thread.is_alive() and not self._ended.is_set()

    @property
    def order(self) -> StreamStart:
        """What was asked for last."""
        return self._aim.order

    @property
    def midi(self) -> str:
        """What notes it plays, by name; empty for none."""
        return self._aim.chunks.midi

    def begin(self) -> None:
        """Find what to go on from, and hold its last bar ready.

        Raises: CommandError.
        """
        src = self.order.src
        now_playing = self._player.now_playing() if src == "current" else None
        if now_playing is not None:
            self._adopt(Chunk(now_playing.clip), now_playing.region)
        elif src != "current":
            self._open_with(Chunk(self._shop.source(src)))
        self._tell_left_out()
        self._thread.start()

    def change(self, order: StreamStart, named: bool) -> None:
        """Do as an order says from the next chunk on. named: it says itself what notes to play.

        Raises: CommandError: as `from_notes.of_order`; nothing has changed then.
        """
        old = self._aim.chunks
        if not named:
            self._check(order)
            self._aim = _Aim(order, old)
            return
        new = self._chunks_of(order)
        self._aim = _Aim(order, old if new.plays_as(old) else new)
        self._tell_left_out()

    def end(self) -> None:
        """Make no more."""
        self._ended.set()

    def _check(self, order: StreamStart) -> None:
        """Refuse an engine or a timbre that cannot be; see `change`."""
        if order.midi:
            score_source.check_engine(order, self._shop)
        else:
            self._shop.engine(order.engine, Outpaint.address)

    def _chunks_of(self, order: StreamStart) -> Chunks:
        self._check(order)
        return (
            score_source.of_order(order, self._making) if order.midi else FromItself(self._making)
        )

    def _tell_left_out(self) -> None:
        for text in self._aim.chunks.left_out:
            self._audience.trouble(text)

    # -- how it starts ---------------------------------------------------------------------------

    def _fresh(self) -> None:
        aim, now = self._aim, self._player.now()
        start = now + self._shop.transport.seconds_until(aim.order.at, now)
        self._open_with(aim.chunks.opening(self._place(aim.order, start)))

    def _open_with(self, chunk: Chunk) -> None:
        self._adopt(chunk, self._player.play(chunk.clip, at=self.order.at, track=STREAM_NAME))

    def _adopt(self, chunk: Chunk, region: int) -> None:
        transport = self._shop.transport
        samples, info = as_stereo(chunk.clip.samples), chunk.clip.info
        so_far = SoFar(samples[:0], info, info.bar_offset, info.bpm, transport.beats, region)
        so_far.add(samples, 0, chunk.beat)
        so_far.notes = chunk.notes
        self._so_far = so_far
        self._player.loop_after(chunk.clip, region, so_far.bar(transport.bpm), STREAM_NAME)

    # -- how it goes on --------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while self._so_far is None and not self._ended.is_set():
                self._try(self._fresh)
            while not self._ended.wait(LOOK):
                aim, end = self._aim, self._look()
                if end is not None and aim.chunks.due(self._place(aim.order, end)):
                    self._try(partial(self._chunk, aim, end))
        except Exception:
            log.exception("the stream has ended")
            self._audience.trouble("the stream has ended: a fault of the server's own")
        finally:
            self._ended.set()

    def _try(self, step: Callable[[], None]) -> None:
        """Take a step; what goes wrong is told, and tried again: the last bar sounds meanwhile."""
        try:
            step()
        except CommandError as error:
            self._audience.trouble(error.text)
            self._ended.wait(0.5)
        except Cancelled:
            self._ended.wait(LOOK)

    def _place(self, order: StreamStart, end: float) -> Place:
        safe = 1.5 * self._took + 0.3
        now = self._player.now()
        return Place(order, self._index, end, now, safe + order.ahead, safe + order.ahead / 2)

    def _look(self) -> float | None:
        """Return the second at which what is ready ends; None where that is not known.

        Tells of a bar that goes round, and ends the stream where it was stopped.
        """
        if self._so_far is None:
            return None
        regions = self._player.regions()
        number = last_in_chain(regions, self._so_far.region)
        fallback = next((p for p in regions if p.fallback and p.follows == number), None)
        mine = next((p for p in regions if p.number == number), None)
        if mine is None and fallback is None:  # it was sent, and is not yet acknowledged
            now = time.monotonic()
            self._missed = self._missed or now
            if now - self._missed > _GONE:
                self._ended.set()
            return None
        self._missed = None
        for region in (mine, fallback):
            if region is not None and region.end is not None and region.fade_out:
                self._ended.set()
                return None
        if fallback is not None:
            self._tell_if_late(fallback)
        return self._end_of(mine or fallback)

    def _end_of(self, region: Region | None) -> float:
        assert region is not None
        if region.fallback:
            return region.start / self._player.rate
        finish = region.finish
        if finish is None:  # a loop, which ends with its turn
            here = self._player.now() * self._player.rate - region.start
            finish = region.start + max(1, math.ceil(here / region.length)) * region.length
        return finish / self._player.rate

    def _tell_if_late(self, fallback: Region) -> None:
        start, rate = fallback.start, self._player.rate
        if self._told_late != self._index and start / rate < self._player.now():
            self._told_late = self._index
            self._audience.late(self._index, fallback.length / rate)

    def _chunk(self, aim: _Aim, end: float) -> None:
        so_far = self._so_far
        assert so_far is not None
        began = time.monotonic()
        chunk = aim.chunks.next(so_far, self._place(aim.order, end))
        clip, overlap = chunk.clip, chunk.overlap
        before = so_far.samples[: len(so_far.samples) - overlap]
        follows, start = so_far.region, so_far.frames
        so_far.add(clip.samples, overlap, chunk.beat)
        so_far.notes = chunk.notes
        fallback = so_far.bar(self._shop.transport.bpm)
        so_far.region = self._player.play_after(
            clip,
            follows,
            overlap=overlap,
            before=before,
            fallback=fallback,
            track=STREAM_NAME,
            must_follow=True,
        )
        took = time.monotonic() - began
        self._took += 0.3 * (took - self._took)
        seconds = clip.info.seconds - overlap / SAMPLE_RATE
        ahead = self._ready_after(follows, seconds)
        self._audience.chunk(self._index, start / SAMPLE_RATE, seconds, took, ahead)
        self._index += 1

    def _ready_after(self, follows: int, seconds: float) -> float:
        """Return how far ahead the stream reaches, once the host has placed its last chunk."""
        end = self._player.end_of(follows)
        return max(0.0, (end - self._player.now() if end is not None else 0.0)) + seconds
