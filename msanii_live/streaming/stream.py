"""The endless stream: started, changed while it runs, and stopped."""

from __future__ import annotations

import threading
from dataclasses import replace

from msanii_live.jobs.params import Params
from msanii_live.jobs.runner import Services
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.chunk_renderer import STREAM_NAME as STREAM_NAME
from msanii_live.streaming.loop import Audience, StreamRun


class Stream:
    """Run one stream at a time. Every method may be called from any thread."""

    def __init__(
        self, workshop: Services, scheduler: Scheduler, params: Params, audience: Audience
    ) -> None:
        """Begin with none."""
        self._shop = workshop
        self._scheduler = scheduler
        self._params = params
        self._audience = audience
        self._run: StreamRun | None = None
        self._lock = threading.Lock()

    @property
    def runs(self) -> bool:
        """Tell whether there is a stream."""
        return self._run is not None and self._run.alive

    @property
    def midi(self) -> str:
        """What notes it plays, by name; empty where it plays none, or there is no stream."""
        run = self._run
        return run.midi if run is not None and run.alive else ""

    def start(self, order: StreamStart) -> None:
        """Begin; of a stream that runs only settings change, unless it is to go on from elsewhere.

        Raises: CommandError: ENOCLIP and what else a source may fail with, and what
        `from_notes.of_order` says; a stream that runs then goes on as it was.
        """
        with self._lock:
            running = self._run
            if running is not None and running.alive and order.src == "current":
                running.change(settled(order, running.order), named=bool(order.midi))
            else:
                new = settled(order, StreamStart())
                run = StreamRun(self._shop, self._scheduler, self._params, self._audience, new)
                if running is not None:
                    running.end()
                run.begin()
                self._run = run
            if order.mix is not None:
                self._params.set("stream.mix", order.mix)
            if order.target:
                self._params.set("stream.target", "" if order.target == "none" else order.target)

    def stop(self, at: str = "none", fade: float = 0.02, when: float | None = None) -> None:
        """End it with a fade; none is no error. at, fade, when: as `Player.stop`.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        self._shop.player.stop(STREAM_NAME, at=at, fade=fade, when=when)
        self.close()

    def close(self) -> None:
        """Make no more chunks; what is ready sounds."""
        with self._lock:
            if self._run is not None:
                self._run.end()
            self._run = None


def settled(order: StreamStart, before: StreamStart) -> StreamStart:
    """Return an order of which the notes are settled: as before where it does not name any.

    >>> settled(StreamStart(timbre="harp"), StreamStart(midi="take", timbre2="lead")).midi
    'take'
    >>> settled(StreamStart(midi="none"), StreamStart(midi="take")).midi
    ''
    """
    if not order.midi:
        order = replace(
            order,
            midi=before.midi,
            timbre=order.timbre or before.timbre,
            timbre2=order.timbre2 or before.timbre2,
            program=before.program if order.program is None else order.program,
        )
    return replace(
        order,
        midi=_unless_none(order.midi),
        timbre=_unless_none(order.timbre),
        timbre2=_unless_none(order.timbre2),
    )


def _unless_none(word: str) -> str:
    return "" if word == "none" else word
