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
from msanii_live.playback.shared_state import HostStat, HostStats, RingBuffer
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
        stats: HostStats,
        output: RingBuffer,
        heard: RingBuffer,
        tell: Callable[[Event], None],
    ) -> None:
        """Take the parts; `open` begins."""
        self._sink = sink
        self._gauges = stats
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
        sink, stats, now = self._sink, self._gauges, time.monotonic_ns()
        is_device = isinstance(sink, DeviceSink)
        # A look finds a block taken: its first frame is heard a latency later, its end a block on.
        self._delay = sink.latency + sink.block * NANO // sink.rate
        self._position = max(0, (now + self._delay - origin) * sink.rate // NANO)
        stats[HostStat.RATE], stats[HostStat.BLOCK_FRAMES] = sink.rate, sink.block
        stats[HostStat.LATENCY_NS] = sink.latency
        stats[HostStat.RING_FRAMES] = stats[HostStat.MIN_FILL] = getattr(sink, "ring", 0)
        stats[HostStat.ORIGIN_NS] = origin
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
                if any(region.clip == order.clip for region in self._decks.regions):
                    return  # it is asked for again once its last part is over
                self._clips.pop(order.clip, None)
            case Start():
                self._decks.start(order, self._position)
            case Join():
                self._decks.join(order, self._position)
            case Stop():
                self._decks.stop(order, self._position)
            case Restore():
                self._decks.regions = order.regions
                self._ramp = self._position + _RAMP
            case Quit():
                fade = round(_LAST_FADE * self._sink.rate)
                self._decks.stop(Stop(None, NOW, fade), self._position)
                self._quit_at = self._position + (fade if self._decks.regions else 0)
        self._done = max(self._done, numbered.number)
        if not isinstance(order, Load | Drop):
            self._publish()

    def turn(self) -> None:
        """Render what there is room for, and look after clock and input.

        Raises: DeviceLost.
        """
        now = time.monotonic_ns()
        stats, sink = self._gauges, self._sink
        dry = sink.ran_dry(now)
        if dry:
            self._skip(now)
        elif self._estimate is not None:
            fill = self._position - sink.taken(self._position, now)
            stats[HostStat.MIN_FILL] = min(int(stats[HostStat.MIN_FILL]), fill)
        self._render(now)
        if dry:
            sink.begin()
        now = time.monotonic_ns()
        if self._estimate is not None:
            self._estimate.look(now, sink.taken(self._position, now))
            stats[HostStat.ORIGIN_NS] = self._estimate.origin + self._delay
        block = sink.heard()
        if block is not None:
            self._heard.write(int(stats[HostStat.CAPTURED]), block)
            stats[HostStat.CAPTURED] += len(block)
        stats[HostStat.UNDERFLOWS] = sink.underflows()
        stats[HostStat.HEARTBEAT] = now
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
            block = render(self._decks.regions, self._clips, self._position, frames)
            if self._position < self._ramp:
                left = self._ramp - self._position - np.arange(frames)
                block *= np.clip(1.0 - left / _RAMP, 0.0, 1.0).astype(np.float32)[:, None]
            self._sink.write(block)
            self._output.write(self._position, block)
            self._position += frames
            room -= frames
        self._gauges[HostStat.RENDERED] = self._position

    def _skip(self, now: int) -> None:
        """Leave out the frames that were due while the ring was empty: time went on without."""
        assert self._estimate is not None
        due = (now - self._estimate.origin) * self._sink.rate // NANO + self._sink.block
        lost = max(0, due - self._position)
        self._position += lost
        self._ramp = self._position + _RAMP
        self._gauges[HostStat.UNDERRUNS] += 1
        self._gauges[HostStat.LOST_FRAMES] += lost

    def _lacks(self, order: Order) -> bool:
        """Tell whether an order asks for samples that never came."""
        regions = [getattr(order, "region", None), getattr(order, "fallback", None)]
        return any(region is not None and region.clip not in self._clips for region in regions)

    def _publish(self) -> None:
        self._tell(
            Table(self._done, self._position, self._decks.regions, self._decks.take_refused())
        )
