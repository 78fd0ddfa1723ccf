"""The player: plays clips through an audio host, and survives the loss of the device."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.audio.resampling import resample
from msanii_live.errors import Code, CommandError
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.playback.commands import NOW, SetLevel, StartAfter, StartRegion, StopTrack
from msanii_live.playback.crossfade import close_loop, ends_abruptly
from msanii_live.playback.device_format import loop_to_device, to_device, to_device_after
from msanii_live.playback.growing_sound import GrowingSound
from msanii_live.playback.host_proxy import SilentHost
from msanii_live.playback.level import SHORTEST
from msanii_live.playback.mixer import Region, Span
from msanii_live.playback.now_playing import (
    LOOKBACK_SECONDS,
    NowPlaying,
    RecentInput,
    find_now_playing,
)
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.supervisor import OpenHost, Supervisor
from msanii_live.playback.timebase import Timebase
from msanii_live.playback.timeline import DECLICK
from msanii_live.timing.transport import Transport

NOTHING_IS_HEARD = (
    "no sound device is open, so nothing is heard: see --audio and msanii-live doctor"
)
_ACKNOWLEDGEMENT_TIMEOUT = 0.5  # s to wait until the host has executed earlier commands
_SCHEDULING_MARGIN = 0.01  # s that a command needs to reach the host


class Player:
    """A player of clips. Every method may be called from any thread; none waits for a device."""

    def __init__(
        self,
        transport: Transport,
        timebase: Timebase,
        open_host: OpenHost | None = None,
        description: str = "none",
        wants_device: bool = False,
    ) -> None:
        """Open a host and start.

        open_host: opens a host, called with (on_event, origin). None plays silently, and
        `description` gives the reason. wants_device: a device was asked for, and none opened.
        Raises: AudioDeviceError: the device cannot be opened.
        """
        self.transport = transport
        self._timebase = timebase
        self._wants_device = wants_device or open_host is not None
        self._supervisor = Supervisor(timebase, open_host, description)
        self._queue = self._supervisor.queue
        self._lock = threading.RLock()
        self._new_number = itertools.count(1).__next__

    # -- the device and its statistics -------------------------------------------------------------

    @property
    def has_device(self) -> bool:
        """Whether a sound device is to be heard; False for a player to the folder only."""
        return not isinstance(self._supervisor.host, SilentHost)

    @property
    def lacks_device(self) -> bool:
        """Whether a sound device was asked for and none is open."""
        return self._wants_device and not self.has_device

    @property
    def description(self) -> str:
        """The device's name, rate and inputs, or why there is none."""
        return self._supervisor.host.description

    @property
    def rate(self) -> int:
        """The device's sample rate, Hz."""
        return self._supervisor.host.rate

    @property
    def pid(self) -> int:
        """The audio host's process id, 0 if there is none."""
        return self._supervisor.host.pid

    @property
    def xruns(self) -> int:
        """How often frames were missing, as counted by the device and by the host."""
        total = self._supervisor.total
        return total(HostStat.UNDERFLOWS) + total(HostStat.UNDERRUNS)

    @property
    def lost_frames(self) -> int:
        """How many frames were due while the ring was empty."""
        return self._supervisor.total(HostStat.LOST_FRAMES)

    @property
    def output_latency(self) -> float:
        """Seconds from the device's callback to the ear, as the device reports them."""
        return self.stat(HostStat.LATENCY_NS) / 1e9

    @property
    def latency(self) -> float:
        """The longest time from a command to its sound, seconds."""
        ahead = self.stat(HostStat.RING_FRAMES) + self.stat(HostStat.BLOCK_FRAMES)
        return ahead / self.rate + self.output_latency

    def set_warning_callback(self, call: Callable[[str], None]) -> None:
        """Set what is called, on another thread, with a text when sound is lost or is back."""
        self._supervisor.on_warning = call

    def set_change_callback(self, call: Callable[[], object]) -> None:
        """Set what is called, on another thread, after the regions may have changed."""
        self._queue.on_change = call

    def stat(self, which: HostStat) -> int:
        """Return one of the host's statistics."""
        return self._supervisor.stat(which)

    def now(self) -> float:
        """Return the second of the timeline that is heard now."""
        return self._timebase.now()

    def to_frames(self, seconds: float) -> int:
        """Return a duration in frames of the device."""
        return round(seconds * self.rate)

    # -- playback ----------------------------------------------------------------------------------

    def play(
        self,
        clip: Clip,
        *,
        at: str = "none",
        loop: bool = False,
        gain_db: float = 0.0,
        fade: float = 0.02,
        track: str = "",
        when: float | None = None,
        span: Span | None = None,
    ) -> int:
        """Play a clip beside other tracks and return its region's number.

        A clip that plays on the same track fades out while the new one fades in.
        at: "none", "beat", "bar" or a number of beats, counted from `when`: a second of the
        timeline, or None for now. gain_db: dB. fade: seconds; with 0 the clip is played bit for
        bit. track: the name by which it is stopped; by default the clip's name. span: as `Region`.
        Raises: CommandError: ERANGE, `at` is illegal; EOOM, shared memory is full.
        """
        rate = clip.info.sample_rate
        if loop:
            samples = loop_to_device(close_loop(clip.samples), rate, self.rate)
        else:
            samples = to_device(clip.samples, rate, self.rate)
        fade_out = DECLICK if fade > 0 and not loop and ends_abruptly(samples) else 0
        gain = 10.0 ** (gain_db / 20.0)
        with self._lock:
            self._start_frame(at, when)  # it may raise, and then nothing is to be loaded
            number = self._queue.load(clip, samples, (id(clip.samples), loop))
            name, fade_in = track or clip.info.name, self.to_frames(fade)
            region = Region(0, number, name, NOW, len(samples), 0, gain, fade_in, span=span)
            return self._start_region(replace(region, fade_out=fade_out, loop=loop), at, when)

    def grow(self, name: str, frames: int, rate: int) -> GrowingSound:
        """Return the sound of a clip that is played while it is made; see `GrowingSound`."""
        return GrowingSound(
            self._queue, self._start_region, self._new_number, name, frames, (rate, self.rate)
        )

    def stop(
        self, track: str | None, *, at: str = "none", fade: float = 0.02, when: float | None = None
    ) -> None:
        """Fade out a track, or all tracks if it is None. at, when: as for `play`. fade: seconds.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        with self._lock:
            begin, quantum = self._start_frame(at, when)
            self._queue.send(StopTrack(track, begin, self.to_frames(fade), quantum))

    def set_level(self, level: float, beats: float = 0.0, shape: str = "linear") -> None:
        """Move the level of the whole output to `level`, dB, over some beats; exact to a frame."""
        seconds = beats * 60.0 / self.transport.bpm
        frames = self.to_frames(max(SHORTEST, seconds))
        self._queue.send(SetLevel(level, frames, shape))

    def play_after(
        self,
        clip: Clip,
        follows: int,
        *,
        overlap: int = 0,
        before: Samples | None = None,
        fallback: Samples | None = None,
        track: str = "",
        must_follow: bool = False,
    ) -> int:
        """Play a clip from the exact frame where a region ends; return the new region's number.

        follows: number of the region that ends. overlap: the clip's frames before the seam. before:
        the audio before the clip. fallback: a bar that plays as a loop after the clip until another
        region follows. Both at the clip's rate, float32 (frames, 2). track: by default that of the
        region that ends. must_follow: reject the clip if that region is gone; see `StartAfter`.
        Raises: CommandError: EOOM, shared memory is full.
        """
        rate = clip.info.sample_rate
        samples = to_device_after(before, clip.samples, rate, self.rate)
        bar = None if fallback is None else loop_to_device(fallback, rate, self.rate)
        fade_out = DECLICK if bar is None and ends_abruptly(samples) else 0
        with self._lock:
            number = self._new_number()
            loaded = self._queue.load(clip, samples, (id(clip.samples), False))
            region = Region(number, loaded, track, NOW, len(samples), fade_out=fade_out)
            loop = None if bar is None else self._fallback_region(bar, track)
            overlap_frames = round(overlap * self.rate / rate)
            self._queue.send(StartAfter(region, follows, overlap_frames, loop, must_follow))
            return number

    def loop_after(self, clip: Clip, follows: int, fallback: Samples, track: str) -> None:
        """Play a bar as a loop from the end of a region that already plays.

        clip: of that region. fallback: float32 (frames, 2), at the clip's rate.
        Raises: CommandError: EOOM, shared memory is full.
        """
        bar = loop_to_device(fallback, clip.info.sample_rate, self.rate)
        with self._lock:
            loop = self._fallback_region(bar, track)
            self._queue.send(StartAfter(None, follows, fallback=loop))

    def regions(self) -> tuple[Region, ...]:
        """Return the regions that play or will play, as the host last reported them."""
        return self._queue.regions

    @property
    def is_acknowledged(self) -> bool:
        """Whether `regions` has the effect of every command sent so far. Read it before them."""
        return self._queue.is_acknowledged

    def end_of(self, number: int) -> float | None:
        """Return the second at which a region ends; None if it is unknown or never ends."""
        region = next((r for r in self._queue.regions if r.number == number), None)
        return None if region is None or region.finish is None else region.finish / self.rate

    def now_playing(self) -> NowPlaying | None:
        """Return what is playing, with what is scheduled to follow it; None if nothing plays.

        It includes commands sent just before. See `find_now_playing`.
        """
        self._queue.wait_for_acknowledgement(_ACKNOWLEDGEMENT_TIMEOUT)
        frame = round(self.now() * self.rate)
        return find_now_playing(self._queue, self._supervisor.host, self.transport, frame)

    def current_clip(self) -> Clip | None:
        """Return the clip of `now_playing`, None if nothing plays."""
        found = self.now_playing()
        return found.clip if found else None

    def close(self) -> None:
        """Fade out and close the device. Closing twice is harmless."""
        self._supervisor.close()

    # -- the last minute ---------------------------------------------------------------------------

    def position(self, source: str) -> int:
        """Return how many frames of "input" or "output" have been heard."""
        if source == "input":
            return self.stat(HostStat.CAPTURED)
        return min(self.stat(HostStat.RENDERED), round(self.now() * self.rate))

    def read_history(self, source: str, first: int, last: int) -> Samples:
        """Return frames [first, last) of "input" or "output", as far as they are kept.

        float32 (frames, 2), at `rate`. Raises: CommandError: ENOCLIP, there is no input.
        """
        host = self._supervisor.host
        if source == "input" and not host.inputs:
            raise CommandError(Code.ENOCLIP, f"no audio input: the device is {self.description}")
        if source == "input":
            return host.captured.read(first, last, self.stat(HostStat.CAPTURED))
        return host.output.read(first, last, self.stat(HostStat.RENDERED))

    def input_clip(self) -> Clip:
        """Return the last 12 s of the audio input; see `recent_input`."""
        return self.recent_input(LOOKBACK_SECONDS).clip

    def recent_input(self, seconds: float) -> RecentInput:
        """Return the last seconds of the audio input, at 44,100 Hz, and when they came in.

        Raises: CommandError: ENOCLIP, there is no input, or nothing has come in.
        """
        last = self.position("input")
        samples = self.read_history("input", last - self.to_frames(seconds), last)
        if not len(samples):
            raise CommandError(Code.ENOCLIP, "nothing has come in on the audio input yet")
        clip = make_clip(resample(samples, self.rate, SAMPLE_RATE), SAMPLE_RATE, name="input")
        origin = self.stat(HostStat.INPUT_ORIGIN_NS) - self._timebase.origin
        return RecentInput(clip, origin / 1e9 + (last - len(samples)) / self.rate)

    # -- internals ---------------------------------------------------------------------------------

    def _start_region(self, region: Region, at: str, when: float | None = None) -> int:
        with self._lock:
            start, quantum = self._start_frame(at, when)
            region = replace(region, number=self._new_number(), start=start)
            self._queue.send(StartRegion(region, quantum))
            return region.number

    def _fallback_region(self, bar: Samples, track: str) -> Region:
        clip = make_clip(bar, self.rate, name="")
        loaded = self._queue.load(clip, bar, (id(clip.samples), True))
        return Region(self._new_number(), loaded, track, NOW, len(bar), loop=True, fallback=True)

    def _start_frame(self, at: str, when: float | None) -> tuple[int, float]:
        """Return the frame of a start, NOW if it is at once, and its quantum in frames."""
        now = self.now() if when is None else when
        earliest = self.stat(HostStat.RENDERED) / self.rate + _SCHEDULING_MARGIN
        is_quantised = at in ("beat", "bar")
        if is_quantised:
            now = max(now, earliest)
        wait = self.transport.seconds_until(at, now)
        if not is_quantised and wait == 0.0:
            return (NOW, 0.0) if when is None else (max(0, round(when * self.rate)), 0.0)
        quantum = 60.0 / self.transport.bpm * (self.transport.beats if at == "bar" else 1)
        return round((now + wait) * self.rate), quantum * self.rate
