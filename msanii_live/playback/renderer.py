"""The renderer: executes commands and renders the timeline ahead into a sink."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from msanii_live.playback.commands import (
    NOW,
    ExtendClip,
    HostCommand,
    HostEvent,
    HostReport,
    LoadClip,
    NumberedCommand,
    QuitHost,
    RestoreRegions,
    ResumeRegion,
    SetLevel,
    StartAfter,
    StartRegion,
    StopTrack,
    UnloadClip,
)
from msanii_live.playback.growing_clips import GrowingClips
from msanii_live.playback.level import OutputLevel
from msanii_live.playback.shared_state import HostStat, HostStats, RingBuffer
from msanii_live.playback.sinks import NANO, Sink
from msanii_live.playback.timebase import ClockEstimator
from msanii_live.playback.timeline import Timeline

if TYPE_CHECKING:
    from msanii_live.audio import Samples

_BLOCK_FRAMES = 1_024  # rendered at once
_RAMP_FRAMES = 441  # of the fade in after a gap
_QUIT_FADE = 0.02  # s
_MAX_LAG_NS = 2 * NANO  # a silent clock that is further behind skips the gap


class Renderer:
    """The audio host's engine: it has a timeline, the loaded clips and a sink.

    All methods are called from one thread.
    """

    def __init__(
        self,
        sink: Sink,
        stats: HostStats,
        output: RingBuffer,
        captured: RingBuffer,
        on_event: Callable[[HostEvent], None],
    ) -> None:
        """Store the parts; `open` starts.

        output, captured: the last minute of what is played and of the input. on_event: called with
        a report after every change of the timeline.
        """
        self._sink = sink
        self._stats = stats
        self._output = output
        self._captured = captured
        self._on_event = on_event
        self._timeline = Timeline()
        self._clips: dict[int, Samples] = {}
        self._growing = GrowingClips()
        self._position = 0
        self._clock: ClockEstimator | None = None
        self._input_clock: ClockEstimator | None = None
        self._delay = 0
        self._done = 0
        self._ramp_end = 0
        self._level = OutputLevel()
        self._quit_at: int | None = None

    @property
    def pause(self) -> float:
        """Seconds to sleep between calls of `render_ahead`."""
        ring = self._sink.ring
        return min(0.005, ring / self._sink.rate / 16) if ring else 0.02

    @property
    def has_ended(self) -> bool:
        """Whether the sink has taken everything up to the end of the last fade out."""
        return self._quit_at is not None and self._sink.consumed(
            self._position, time.monotonic_ns()
        ) >= min(self._quit_at, self._position)

    def open(self, origin: int) -> None:
        """Start the sink. origin: when frame 0 of the timeline was heard, ns."""
        sink, stats, now = self._sink, self._stats, time.monotonic_ns()
        # A block is seen as taken once it is: its first frame is heard after the device's latency.
        self._delay = sink.latency + sink.block * NANO // sink.rate
        self._position = max(0, (now + self._delay - origin) * sink.rate // NANO)
        stats[HostStat.RATE], stats[HostStat.BLOCK_FRAMES] = sink.rate, sink.block
        stats[HostStat.LATENCY_NS] = sink.latency
        stats[HostStat.RING_FRAMES] = stats[HostStat.MIN_FILL] = sink.ring
        stats[HostStat.ORIGIN_NS] = origin
        if sink.ring:
            self._clock = ClockEstimator(origin - self._delay, sink.rate)
        self._render(now)
        sink.start()

    def execute(self, numbered: NumberedCommand) -> None:
        """Execute a command; ignore one whose clip was never loaded."""
        command: HostCommand = numbered.command
        if self._lacks_clip(command):
            return
        match command:
            case LoadClip():
                self._clips[command.clip] = command.samples
                if command.ready is not None:
                    self._growing.set_ready(command.clip, command.ready, len(command.samples))
            case ExtendClip():
                self._extend(command)
            case UnloadClip():
                if any(region.clip == command.clip for region in self._timeline.regions):
                    return  # the server asks again when the last region is over
                self._clips.pop(command.clip, None)
                self._growing.forget(command.clip)
            case StartRegion():
                self._timeline.start(command, self._position)
            case StartAfter():
                self._timeline.start_after(command, self._position)
            case StopTrack():
                self._timeline.stop(command, self._position)
            case ResumeRegion():
                self._timeline.resume(command, self._position)
            case SetLevel():
                self._level = self._level.moved_to(
                    command.level, self._position, command.frames, command.shape
                )
            case RestoreRegions():
                self._timeline.regions = command.regions
                self._ramp_end = self._position + _RAMP_FRAMES
            case QuitHost():
                fade = round(_QUIT_FADE * self._sink.rate)
                self._timeline.stop(StopTrack(None, NOW, fade), self._position)
                self._quit_at = self._position + (fade if self._timeline.regions else 0)
        self._done = max(self._done, numbered.number)
        if not isinstance(command, LoadClip | ExtendClip | UnloadClip):
            self._report()

    def render_ahead(self) -> None:
        """Fill the sink, and update the clock, the input and the statistics.

        Raises: AudioDeviceError: the device has stopped.
        """
        now = time.monotonic_ns()
        stats, sink = self._stats, self._sink
        underrun = sink.has_underrun(now)
        if underrun:
            self._skip_lost(now)
        elif self._clock is not None:
            fill = self._position - sink.consumed(self._position, now)
            stats[HostStat.MIN_FILL] = min(int(stats[HostStat.MIN_FILL]), fill)
        self._render(now)
        if underrun:
            sink.start()
        now = time.monotonic_ns()
        if self._clock is not None:
            self._clock.observe(now, sink.consumed(self._position, now))
            stats[HostStat.ORIGIN_NS] = self._clock.origin + self._delay
        block = sink.read_input()
        if block is not None:
            self._captured.write(int(stats[HostStat.CAPTURED]), block)
            stats[HostStat.CAPTURED] += len(block)
            self._observe_input(now)
        stats[HostStat.UNDERFLOWS] = sink.underflows()
        stats[HostStat.HEARTBEAT] = now
        if self._timeline.prune(sink.consumed(self._position, now)):
            self._report()

    def close(self) -> None:
        """Close the device."""
        self._sink.close()

    def _render(self, now: int) -> None:
        room = self._sink.writable(self._position, now)
        if self._clock is None and room > _MAX_LAG_NS * self._sink.rate // NANO:
            self._position += room  # the machine was suspended, and nobody listens
            room = 0
        while room > 0:
            frames = min(room, _BLOCK_FRAMES)
            regions = self._timeline.regions
            block = self._growing.render(regions, self._clips, self._position, frames)
            if not self._level.is_unity(self._position):
                block *= self._level.gains_at(self._position, frames)
                np.clip(block, -1.0, 1.0, out=block)
            if self._position < self._ramp_end:
                left = self._ramp_end - self._position - np.arange(frames)
                gain = np.clip(1.0 - left / _RAMP_FRAMES, 0.0, 1.0)
                block *= gain.astype(np.float32)[:, None]
            self._sink.write(block)
            self._output.write(self._position, block)
            self._position += frames
            room -= frames
        self._stats[HostStat.RENDERED] = self._position

    def _skip_lost(self, now: int) -> None:
        """Skip the frames that were due while the ring was empty: time went on without them."""
        assert self._clock is not None
        due = (now - self._clock.origin) * self._sink.rate // NANO + self._sink.block
        lost = max(0, due - self._position)
        self._position += lost
        self._ramp_end = self._position + _RAMP_FRAMES
        self._stats[HostStat.UNDERRUNS] += 1
        self._stats[HostStat.LOST_FRAMES] += lost

    def _observe_input(self, now: int) -> None:
        """Estimate when the input's frames came in: a block is seen once its last one has."""
        captured = int(self._stats[HostStat.CAPTURED])
        if self._input_clock is None:
            rate = self._sink.rate
            self._input_clock = ClockEstimator(now - captured * NANO // rate, rate)
        self._input_clock.observe(now, captured)
        self._stats[HostStat.INPUT_ORIGIN_NS] = self._input_clock.origin - self._sink.input_latency

    def _extend(self, command: ExtendClip) -> None:
        samples = self._clips.get(command.clip)
        if samples is None:
            return
        if command.samples is not None:
            samples[command.ready - len(command.samples) : command.ready] = command.samples
        self._growing.set_ready(command.clip, command.ready, len(samples))

    def _lacks_clip(self, command: HostCommand) -> bool:
        regions = [getattr(command, "region", None), getattr(command, "fallback", None)]
        return any(region is not None and region.clip not in self._clips for region in regions)

    def _report(self) -> None:
        timeline = self._timeline
        rejected = timeline.take_rejected()
        self._on_event(HostReport(self._done, self._position, timeline.regions, rejected))
