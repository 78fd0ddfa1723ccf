"""The endless stream: chunk after chunk, each gone on from the one before, and never a gap.

The audio host is given each chunk with a spare, the last bar as a loop. Whatever holds the server
or the engine up, the host goes round that bar, in time, until the next chunk is there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo, crossfade, make_clip
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.job import Failed, Job
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.so_far import SOURCE, SoFar
from msanii_live.jobs.work import Workshop
from msanii_live.player.decks import last_after
from msanii_live.player.joining import continuation
from msanii_live.player.sounds import RATE
from msanii_live.protocol.commands import Generate, Interpolate, MakingCommand, Outpaint
from msanii_live.protocol.playing import StreamStart

log = logging.getLogger("msanii_live.stream")

DECK = "stream"
PRIORITY = 100  # over all jobs: a stage must not go silent
_LOOK = 0.05  # s between looks at the clock
_GONE = 2.0  # s that its last part may be unheard of before the stream is taken as stopped
_MORPH_FADE = 4_410  # frames over which a chunk goes into its morphed self
_GRID = 147  # frames: a multiple of it is a whole number of frames at 48,000 Hz too


class Audience(Protocol):
    """Hear of the stream, from its thread."""

    def chunk(self, index: int, start: float, seconds: float, took: float, ahead: float) -> None:
        """Hear that a chunk is ready. All but index in s."""

    def late(self, index: int, seconds: float) -> None:
        """Hear that a bar of so many seconds sounds again, for want of a chunk."""

    def trouble(self, text: str) -> None:
        """Hear what went wrong; the stream goes on."""


class Stream:
    """Run one stream at a time. Every method may be called from any thread."""

    def __init__(
        self, workshop: Workshop, scheduler: Scheduler, params: Params, audience: Audience
    ) -> None:
        """Begin with none."""
        self._shop = workshop
        self._scheduler = scheduler
        self._params = params
        self._audience = audience
        self._run: _Run | None = None
        self._lock = threading.Lock()

    @property
    def runs(self) -> bool:
        """Tell whether there is a stream."""
        return self._run is not None and self._run.alive

    def start(self, order: StreamStart) -> None:
        """Begin; of a stream that runs only settings change, unless it is to go on from elsewhere.

        Raises: CommandError: ENOCLIP and what else a source may fail with.
        """
        if order.mix is not None:
            self._params.set("stream.mix", order.mix)
        if order.target:
            self._params.set("stream.target", "" if order.target == "none" else order.target)
        with self._lock:
            running = self._run
            if running is not None and running.alive and order.src == "current":
                running.order = order
                return
            if running is not None:
                running.end()
            run = _Run(self._shop, self._scheduler, self._params, self._audience, order)
            run.begin()
            self._run = run

    def stop(self, at: str = "none", fade: float = 0.02, when: float | None = None) -> None:
        """End it with a fade; none is no error. at, fade, when: as `Player.stop`.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        self._shop.player.stop(DECK, at=at, fade=fade, when=when)
        self.close()

    def close(self) -> None:
        """Make no more chunks; what is ready sounds."""
        with self._lock:
            if self._run is not None:
                self._run.end()
            self._run = None


class _Run:
    """Be one stream from its start to its end."""

    def __init__(
        self,
        shop: Workshop,
        scheduler: Scheduler,
        params: Params,
        audience: Audience,
        order: StreamStart,
    ) -> None:
        self.order = order
        self._shop = shop
        self._player = shop.player
        self._scheduler = scheduler
        self._params = params
        self._audience = audience
        self._ended = threading.Event()
        self._so_far: SoFar | None = None
        self._took = 1.0  # s that a chunk takes to make, smoothed
        self._index = 0
        self._told_late = -1
        self._missed: float | None = None
        self._thread = threading.Thread(target=self._work, name="stream", daemon=True)

    @property
    def alive(self) -> bool:
        """Tell whether it goes on."""
        return self._thread.is_alive() and not self._ended.is_set()

    def begin(self) -> None:
        """Find what to go on from, and hold its last bar ready.

        Raises: CommandError.
        """
        src = self.order.src
        sounding = self._player.sounding() if src == "current" else None
        if sounding is not None:
            self._adopt(sounding.clip, sounding.part)
        elif src != "current":
            self._open_with(self._shop.source(src))
        self._thread.start()

    def end(self) -> None:
        """Make no more."""
        self._ended.set()

    # -- how it starts ---------------------------------------------------------------------------

    def _open_with(self, clip: Clip) -> None:
        self._adopt(clip, self._player.play(clip, at=self.order.at, deck=DECK))

    def _adopt(self, clip: Clip, part: int) -> None:
        transport = self._shop.transport
        samples, info = as_stereo(clip.samples), clip.info
        so_far = SoFar(samples[:0], info, info.bar_offset, info.bpm, transport.beats, part)
        so_far.add(samples, 0)
        self._so_far = so_far
        self._player.hold(clip, part, so_far.bar(transport.bpm), DECK)

    # -- how it goes on --------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while self._so_far is None and not self._ended.is_set():
                self._try(self._fresh)
            while not self._ended.is_set():
                if self._wait():
                    self._try(self._chunk)
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
            self._ended.wait(_LOOK)

    def _fresh(self) -> None:
        order = self.order
        bpm = self._shop.transport.bpm
        beats = self._shop.transport.beats
        bars = max(1, round(order.chunk * bpm / 60.0 / beats))
        command = Generate(bars=bars, bpm=bpm, engine=order.engine, priority=PRIORITY)
        self._open_with(self._make(self._steered(command), {}))

    def _wait(self) -> bool:
        """Wait until another chunk is due; False where the stream was stopped."""
        while not self._ended.wait(_LOOK):
            ahead = self._ahead()
            if ahead is None:
                return False
            if ahead < self.order.ahead + 1.5 * self._took + 0.3:
                return True
        return False

    def _ahead(self) -> float | None:
        """Return the seconds that are ready; None, and the end, where the stream was stopped."""
        assert self._so_far is not None
        parts = self._player.parts()
        number = last_after(parts, self._so_far.part)
        spare = next((p for p in parts if p.spare and p.follows == number), None)
        mine = next((p for p in parts if p.number == number), None)
        if mine is None and spare is None:
            now = time.monotonic()
            self._missed = self._missed or now
            if now - self._missed > _GONE:
                self._ended.set()
                return None
            return self.order.ahead * 100  # it was sent, and is not yet acknowledged
        self._missed = None
        for part in (mine, spare):
            if part is not None and part.end is not None and part.fade_out:
                self._ended.set()
                return None
        self._tell_if_late(spare.start if spare else None, spare.length if spare else 0)
        if mine is None or mine.finish is None:
            return 0.0
        return mine.finish / self._player.rate - self._player.now()

    def _tell_if_late(self, start: int | None, length: int) -> None:
        if start is None or self._told_late == self._index:
            return
        if start / self._player.rate < self._player.now():
            self._told_late = self._index
            self._audience.late(self._index, length / self._player.rate)

    def _chunk(self) -> None:
        so_far = self._so_far
        assert so_far is not None
        began = time.monotonic()
        source = so_far.clip()
        command = Outpaint(
            src=SOURCE,
            seconds=round(self.order.chunk * RATE / _GRID) * _GRID / RATE,
            keep=1,
            engine=self.order.engine,
            priority=PRIORITY,
        )
        made = self._make(self._steered(command), {SOURCE: source})
        piece, overlap = continuation(source.samples, as_stereo(made.samples), kept=True)
        piece = self._morphed(piece, overlap)
        before = source.samples[: len(source.samples) - overlap]
        follows, start = so_far.part, so_far.frames
        so_far.add(piece, overlap)
        spare = so_far.bar(self._shop.transport.bpm)
        clip = make_clip(piece, RATE, name="", bpm=so_far.bpm)
        so_far.part = self._player.join(
            clip, follows, overlap=overlap, before=before, spare=spare, deck=DECK, must=True
        )
        took = time.monotonic() - began
        self._took += 0.3 * (took - self._took)
        seconds = (len(piece) - overlap) / RATE
        ahead = self._ready_after(follows, seconds)
        self._audience.chunk(self._index, start / RATE, seconds, took, ahead)
        self._index += 1

    def _ready_after(self, follows: int, seconds: float) -> float:
        """Return how far ahead the stream reaches, once the host has placed its last chunk."""
        end = self._player.end_of(follows)
        return max(0.0, (end - self._player.now() if end is not None else 0.0)) + seconds

    def _morphed(self, piece: Samples, overlap: int) -> Samples:
        """Return a chunk, from its overlap on brought towards the target as far as `mix` says."""
        name, mix = self._params.text("stream.target"), self._params.number("stream.mix")
        if not name or mix <= 0 or self._so_far is None:
            return piece
        target = as_stereo(self._shop.source(name).samples)
        plain = piece[overlap:]
        place = (self._so_far.frames + np.arange(len(plain))) % len(target)
        towards = np.ascontiguousarray(target[place])
        engine = self._shop.shelf.get(self.order.engine)
        if Interpolate.address in engine.capabilities.verbs:
            bpm, offset = self._so_far.bpm, self._so_far.bar_offset
            a = make_clip(plain.copy(), RATE, name="a", bpm=bpm, bar_offset=offset)
            b = make_clip(towards, RATE, name="b", bpm=bpm, bar_offset=offset)
            command = Interpolate(
                a="a",
                b="b",
                mix=mix,
                strength=self._params.number("stream.strength"),
                engine=self.order.engine,
                priority=PRIORITY,
            )
            towards = as_stereo(self._make(command, {"a": a, "b": b}).samples)
        else:
            towards = np.asarray((1 - mix) * plain + mix * towards, dtype=np.float32)
        fade = min(_MORPH_FADE, len(plain))
        into = crossfade(plain[:fade], towards[:fade])
        return np.concatenate([piece[:overlap], into, towards[fade : len(plain)]])

    def _steered(self, command: MakingCommand) -> MakingCommand:
        """Return a command with the steps, seed and density that the params say."""
        steps, seed = (int(self._params.number(f"stream.{n}")) for n in ("steps", "seed"))
        density = self._params.number("stream.density")
        return replace(
            command,
            steps=steps or None,
            seed=(seed + self._index) % 2**24 if seed >= 0 else None,
            density=density if density >= 0 else None,
        )

    def _make(self, command: MakingCommand, sources: dict[str, Clip]) -> Clip:
        """Have the worker make a clip, which goes to nobody else.

        Raises: CommandError: the job failed; Cancelled: it, or the stream, was.
        """
        made: list[Clip] = []
        job = self._scheduler.submit(command, DECK, DECK, DECK, sources, made.append)
        while not job.ended:
            if self._ended.wait(_LOOK):
                self._scheduler.cancel([job])
                raise Cancelled(job.step)
            if self._so_far is not None:
                self._ahead()
        return _outcome(job, made)


def _outcome(job: Job, made: list[Clip]) -> Clip:
    outcome = job.outcome
    if isinstance(outcome, Failed):
        raise CommandError(outcome.code, outcome.text)
    if isinstance(outcome, Cancelled):
        raise outcome
    return made[0]
