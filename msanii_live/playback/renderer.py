"""Render ahead into a sink: what the audio host does all day, and a thread where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from msanii_live.playback.commands import (
    NOW,
    Drop,
    Event,
    Join,
    Load,
    Numbered,
    Order,
    Quit,
    Restore,
    Start,
    Stop,
    Table,
)
from msanii_live.playback.mixer import render
from msanii_live.playback.shared_state import Gauge, Gauges, Recall
from msanii_live.playback.sinks import NANO, DeviceSink, Sink
from msanii_live.playback.timebase import Estimate
from msanii_live.playback.timeline import Decks

if TYPE_CHECKING:
    from msanii_live.audio import Samples

_MOST = 1_024  # frames rendered at once
_RAMP = 441  # frames over which restored sound comes in
_LAST_FADE = 0.02  # s
_FAR = 2 * NANO  # ns: a silent clock further behind than this leaves the gap unrendered


class Stage:
    """Turn orders into sound. One thread calls everything.

    tell: takes events. output, input: what is kept of the sound.
    """

    def __init__(
        self,
        sink: Sink,
        gauges: Gauges,
        output: Recall,
        heard: Recall,
        tell: Callable[[Event], None],
    ) -> None:
        """Take the parts; `open` begins."""
        self._sink = sink
        self._gauges = gauges
        self._output = output
        self._heard = heard
        self._tell = tell
        self._decks = Decks()
        self._clips: dict[int, Samples] = {}
        self._position = 0
        self._estimate: Estimate | None = None
        self._delay = 0
        self._done = 0
        self._ramp = 0
        self._quit_at: int | None = None

    @property
    def pause(self) -> float:
        """Seconds to sleep between turns."""
        ring = getattr(self._sink, "ring", 0)
        return min(0.005, ring / self._sink.rate / 16) if ring else 0.02

    @property
    def ended(self) -> bool:
        """Tell whether all that was to sound before the end has been taken."""
        return self._quit_at is not None and self._sink.taken(
            self._position, time.monotonic_ns()
        ) >= min(self._quit_at, self._position)

    def open(self, origin: int) -> None:
        """Go on with a timeline of which frame 0 was heard at a time, ns."""
        sink, gauges, now = self._sink, self._gauges, time.monotonic_ns()
        is_device = isinstance(sink, DeviceSink)
        # A look finds a block taken: its first frame is heard a latency later, its end a block on.
        self._delay = sink.latency + sink.block * NANO // sink.rate
        self._position = max(0, (now + self._delay - origin) * sink.rate // NANO)
        gauges[Gauge.RATE], gauges[Gauge.BLOCK] = sink.rate, sink.block
        gauges[Gauge.LATENCY] = sink.latency
        gauges[Gauge.RING] = gauges[Gauge.LEAST] = getattr(sink, "ring", 0)
        gauges[Gauge.ORIGIN] = origin
        if is_device:
            self._estimate = Estimate(origin - self._delay, sink.rate)
        self._render(now)
        sink.begin()

    def take(self, numbered: Numbered) -> None:
        """Carry out an order."""
        order: Order = numbered.order
        if self._lacks(order):
            return
        match order:
            case Load():
                self._clips[order.clip] = order.samples
            case Drop():
                if any(part.clip == order.clip for part in self._decks.parts):
                    return  # it is asked for again once its last part is over
                self._clips.pop(order.clip, None)
            case Start():
                self._decks.start(order, self._position)
            case Join():
                self._decks.join(order, self._position)
            case Stop():
                self._decks.stop(order, self._position)
            case Restore():
                self._decks.parts = order.parts
                self._ramp = self._position + _RAMP
            case Quit():
                fade = round(_LAST_FADE * self._sink.rate)
                self._decks.stop(Stop(None, NOW, fade), self._position)
                self._quit_at = self._position + (fade if self._decks.parts else 0)
        self._done = max(self._done, numbered.number)
        if not isinstance(order, Load | Drop):
            self._publish()

    def turn(self) -> None:
        """Render what there is room for, and look after clock and input.

        Raises: DeviceLost.
        """
        now = time.monotonic_ns()
        gauges, sink = self._gauges, self._sink
        dry = sink.ran_dry(now)
        if dry:
            self._skip(now)
        elif self._estimate is not None:
            fill = self._position - sink.taken(self._position, now)
            gauges[Gauge.LEAST] = min(int(gauges[Gauge.LEAST]), fill)
        self._render(now)
        if dry:
            sink.begin()
        now = time.monotonic_ns()
        if self._estimate is not None:
            self._estimate.look(now, sink.taken(self._position, now))
            gauges[Gauge.ORIGIN] = self._estimate.origin + self._delay
        block = sink.heard()
        if block is not None:
            self._heard.write(int(gauges[Gauge.HEARD]), block)
            gauges[Gauge.HEARD] += len(block)
        gauges[Gauge.UNDERFLOWS] = sink.underflows()
        gauges[Gauge.ALIVE] = now
        if self._decks.prune(sink.taken(self._position, now)):
            self._publish()

    def close(self) -> None:
        """Give the device back."""
        self._sink.close()

    def _render(self, now: int) -> None:
        room = self._sink.room(self._position, now)
        if self._estimate is None and room > _FAR * self._sink.rate // NANO:
            self._position += room  # the machine slept, and nobody listens
            room = 0
        while room > 0:
            frames = min(room, _MOST)
            block = render(self._decks.parts, self._clips, self._position, frames)
            if self._position < self._ramp:
                left = self._ramp - self._position - np.arange(frames)
                block *= np.clip(1.0 - left / _RAMP, 0.0, 1.0).astype(np.float32)[:, None]
            self._sink.write(block)
            self._output.write(self._position, block)
            self._position += frames
            room -= frames
        self._gauges[Gauge.WRITTEN] = self._position

    def _skip(self, now: int) -> None:
        """Leave out the frames that were due while the ring was empty: time went on without."""
        assert self._estimate is not None
        due = (now - self._estimate.origin) * self._sink.rate // NANO + self._sink.block
        lost = max(0, due - self._position)
        self._position += lost
        self._ramp = self._position + _RAMP
        self._gauges[Gauge.DRY] += 1
        self._gauges[Gauge.LOST] += lost

    def _lacks(self, order: Order) -> bool:
        """Tell whether an order asks for samples that never came."""
        parts = [getattr(order, "part", None), getattr(order, "spare", None)]
        return any(part is not None and part.clip not in self._clips for part in parts)

    def _publish(self) -> None:
        self._tell(Table(self._done, self._position, self._decks.parts, self._decks.take_refused()))
