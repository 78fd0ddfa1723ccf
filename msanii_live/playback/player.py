"""The player: what the server asks to sound, kept sounding whatever becomes of the device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo, make_clip
from msanii_live.errors import Code, CommandError
from msanii_live.library.audio_files import SAMPLE_RATE, resample
from msanii_live.playback.commands import NOW, Join, Start, Stop
from msanii_live.playback.crossfade import CONTEXT_FRAMES, close_loop, ends_abruptly
from msanii_live.playback.mixer import Region, render
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.supervisor import Keeper, OpenHost
from msanii_live.playback.timebase import Timebase
from msanii_live.playback.timeline import DECLICK
from msanii_live.timing.transport import Transport

LOOKBACK_SECONDS = 12.0  # s of what was heard that `current` and `input` give
_SETTLING = 0.5  # s to wait for the host to tell what it was asked for
_MARGIN = 0.01  # s for an order to reach the host


@dataclass(frozen=True)
class NowPlaying:
    """Say what sounds. part: number of the part that goes on longest, by which it is joined."""

    clip: Clip
    region: int


class Player:
    """Sound clips. Every method may be called from any thread, and none waits for a device."""

    def __init__(
        self,
        transport: Transport,
        timebase: Timebase,
        open_host: OpenHost | None = None,
        description: str = "none",
    ) -> None:
        """Open a host and begin.

        open_host: makes a host of (tell, origin); None plays silently, and `description` says why.
        Raises: DeviceLost: the device cannot be opened.
        """
        self.transport = transport
        self._timebase = timebase
        self._keeper = Keeper(timebase, open_host, description)
        self._post = self._keeper.post
        self._lock = threading.RLock()
        self._next = 1

    # -- what it is ------------------------------------------------------------------------------

    @property
    def description(self) -> str:
        """The device, in words."""
        return self._keeper.host.description

    @property
    def rate(self) -> int:
        """Frames a second of the device."""
        return self._keeper.host.rate

    @property
    def pid(self) -> int:
        """The audio host's process, 0 where there is none."""
        return self._keeper.host.pid

    @property
    def xruns(self) -> int:
        """How often frames were due that were not there, by the device's count and ours."""
        return self._keeper.total(HostStat.UNDERFLOWS) + self._keeper.total(HostStat.UNDERRUNS)

    @property
    def lost_frames(self) -> int:
        """Frames that were due while there were none."""
        return self._keeper.total(HostStat.LOST_FRAMES)

    @property
    def output_latency(self) -> float:
        """Seconds from the device's callback to the ear, as the device reports them."""
        return self.stat(HostStat.LATENCY_NS) / 1e9

    @property
    def latency(self) -> float:
        """Seconds from a command to its sound, at most."""
        ahead = self.stat(HostStat.RING_FRAMES) + self.stat(HostStat.BLOCK_FRAMES)
        return ahead / self.rate + self.output_latency

    def set_warning_callback(self, call: Callable[[str], None]) -> None:
        """Have a text told when sound is lost, and when it is back; on another thread."""
        self._keeper.on_warning = call

    def stat(self, which: HostStat) -> int:
        """Return one of the host's numbers."""
        return self._keeper.stat(which)

    def now(self) -> float:
        """Return the second of the timeline that is heard now."""
        return self._timebase.now()

    # -- sound -----------------------------------------------------------------------------------

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
    ) -> int:
        """Sound a clip beside what sounds; one of the same name fades out as it fades in.

        at: "none", "beat", "bar" or a number of beats from `when`, second of the timeline or None
        for now. gain_db: dB. fade: s; at 0 it is played bit for bit. deck: the name it is stopped
        by; the clip's where empty. Returns the number of its part.
        Raises: CommandError: ERANGE, `at` is illegal; EOOM.
        """
        rate = clip.info.sample_rate
        samples = (
            self._fit_loop(close_loop(clip.samples), rate) if loop else self.fit(clip.samples, rate)
        )
        # With no fade at all it is played bit for bit, whatever that sounds like.
        fade_out = DECLICK if fade > 0 and not loop and ends_abruptly(samples) else 0
        with self._lock:
            start, quantum = self._moment(at, when)
            region = Region(
                self._number(),
                self._post.clip(clip, samples, (id(clip.samples), loop)),
                track or clip.info.name,
                start,
                len(samples),
                gain=10.0 ** (gain_db / 20.0),
                fade_in=self.to_frames(fade),
                fade_out=fade_out,
                loop=loop,
            )
            self._post.send(Start(region, quantum))
            return region.number

    def stop(
        self, track: str | None, *, at: str = "none", fade: float = 0.02, when: float | None = None
    ) -> None:
        """Fade a deck out, or all where it is None. at, when: as `play`. fade: s.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        with self._lock:
            begin, quantum = self._moment(at, when)
            self._post.send(Stop(track, begin, self.to_frames(fade), quantum))

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
        """Sound a clip from the very frame where a part ends; return the new part's number.

        overlap: its frames that lie before that frame. before: what is heard before it. spare: a
        bar that sounds, again and again, after its end until something is joined to it. All at
        the clip's rate, float32 (frames, 2).
        deck: the part's that it follows, where empty. must: see `orders.Join`.
        Raises: CommandError: EOOM.
        """
        samples = self._fit_after(before, clip.samples, clip.info.sample_rate)
        bar = None if fallback is None else self._fit_loop(fallback, clip.info.sample_rate)
        fade_out = DECLICK if bar is None and ends_abruptly(samples) else 0
        with self._lock:
            number = self._number()
            loaded = self._post.clip(clip, samples, (id(clip.samples), False))
            region = Region(number, loaded, track, NOW, len(samples), fade_out=fade_out)
            rest = None if bar is None else self._spare(bar, track)
            overlap_frames = round(overlap * self.rate / clip.info.sample_rate)
            self._post.send(Join(region, follows, overlap_frames, rest, must_follow))
            return number

    def loop_after(self, clip: Clip, follows: int, fallback: Samples, track: str) -> None:
        """Have a bar sound, again and again, from the end of a part that sounds.

        clip: what the part is of. spare: float32 (frames, 2), at the clip's rate.
        Raises: CommandError: EOOM.
        """
        bar = self._fit_loop(fallback, clip.info.sample_rate)
        with self._lock:
            self._post.send(Join(None, follows, fallback=self._spare(bar, track)))

    def regions(self) -> tuple[Region, ...]:
        """Return what sounds and will sound, as the host last said."""
        return self._post.regions

    def end_of(self, region: int) -> float | None:
        """Return the second at which a part ends; None where it is not known, or never."""
        found = next((p for p in self._post.regions if p.number == region), None)
        return None if found is None or found.finish is None else found.finish / self.rate

    def now_playing(self) -> NowPlaying | None:
        """Return what sounds now, up to the end of what is scheduled to follow it.

        One clip alone is that clip; several are their mix, with the last 12 s before now. Waits for
        what was asked for just before.
        """
        self._post.settle(_SETTLING)
        frame = round(self.now() * self.rate)
        live = [p for p in self._post.regions if not p.fallback and not (p.end and p.fade_out)]
        heard = [p for p in live if p.sounds_at(frame)]
        # Rendered and on its way to the ear counts as sounding, or a play would not be heard of.
        heard = heard or [p for p in live if p.start <= self.stat(HostStat.RENDERED)]
        if not heard:  # but perhaps the stream's last bar, for want of more
            bar = next((p for p in self._post.regions if p.fallback and p.sounds_at(frame)), None)
            if bar is None:
                return None
            return NowPlaying(self._mixture([bar], frame, self._post.of(bar.clip)), bar.follows)
        chain = [p for p in live if p in heard or p.follows]
        latest = max(reversed(chain), key=lambda p: p.start)
        clip = self._post.of(latest.clip)
        whole = latest.skip + latest.length == len(self._post.samples(latest.clip))
        if clip is not None and whole and len(chain) == 1 and clip.info.name:
            return NowPlaying(clip, latest.number)
        return NowPlaying(self._mixture(chain, frame, clip), latest.number)

    def current_clip(self) -> Clip | None:
        """Return the clip of `sounding`, None where nothing sounds."""
        found = self.now_playing()
        return found.clip if found else None

    # -- sound looked back on --------------------------------------------------------------------

    def position(self, source: str) -> int:
        """Return how many frames of "input" or "output" have been heard."""
        if source == "input":
            return self.stat(HostStat.CAPTURED)
        return min(self.stat(HostStat.RENDERED), round(self.now() * self.rate))

    def read_history(self, source: str, first: int, last: int) -> Samples:
        """Return frames [first, last) of "input" or "output", as many as are kept.

        float32 (frames, 2), at `rate`. Raises: CommandError: ENOCLIP, there is no input.
        """
        if source == "input" and not self._keeper.host.inputs:
            raise CommandError(Code.ENOCLIP, f"no audio input: the device is {self.description}")
        ring = self._keeper.host.heard if source == "input" else self._keeper.host.output
        written = self.stat(HostStat.CAPTURED if source == "input" else HostStat.RENDERED)
        return ring.read(first, last, written)

    def input_clip(self) -> Clip:
        """Return the last 12 s heard on the audio input.

        Raises: CommandError: ENOCLIP, there is no input, or nothing has come in.
        """
        last = self.position("input")
        samples = self.read_history("input", last - self.to_frames(LOOKBACK_SECONDS), last)
        if not len(samples):
            raise CommandError(Code.ENOCLIP, "nothing has come in on the audio input yet")
        return make_clip(resample(samples, self.rate, SAMPLE_RATE), SAMPLE_RATE, name="input")

    # -- parts of the above ----------------------------------------------------------------------

    def fit(self, samples: Samples, rate: int) -> Samples:
        """Return samples as the device takes them: float32 (frames, 2), at its rate."""
        return as_stereo(resample(samples, rate, self.rate))

    def _fit_after(self, before: Samples | None, samples: Samples, rate: int) -> Samples:
        """Return samples as the device takes them, resampled as what goes on from `before`."""
        if rate == self.rate or before is None or len(before) < CONTEXT_FRAMES:
            return self.fit(samples, rate)
        joined = self.fit(np.concatenate([before[-CONTEXT_FRAMES:], samples]), rate)
        return joined[round(CONTEXT_FRAMES * self.rate / rate) :]

    def _fit_loop(self, samples: Samples, rate: int) -> Samples:
        """Return a loop as the device takes it, resampled as what goes round."""
        if rate == self.rate or len(samples) < CONTEXT_FRAMES:
            return self.fit(samples, rate)
        ends = [samples[-CONTEXT_FRAMES:], samples, samples[:CONTEXT_FRAMES]]
        first = round(CONTEXT_FRAMES * self.rate / rate)
        length = round(len(samples) * self.rate / rate)
        return self.fit(np.concatenate(ends), rate)[first : first + length]

    def to_frames(self, seconds: float) -> int:
        """Return a duration in frames of the device."""
        return round(seconds * self.rate)

    def close(self) -> None:
        """Fade out and give the device back; harmless when that was done."""
        self._keeper.close()

    def _number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def _spare(self, bar: Samples, track: str) -> Region:
        bar_clip = make_clip(bar, self.rate, name="")
        number = self._post.clip(bar_clip, bar, (id(bar_clip.samples), True))
        return Region(self._number(), number, track, NOW, len(bar), loop=True, fallback=True)

    def _moment(self, at: str, when: float | None) -> tuple[int, float]:
        """Return the frame of a moment, and the frames of its quantum; NOW where it is at once."""
        now = self.now() if when is None else when
        soonest = self.stat(HostStat.RENDERED) / self.rate + _MARGIN
        quantised = at in ("beat", "bar")
        wait = self.transport.seconds_until(at, max(now, soonest) if quantised else now)
        if not quantised and wait == 0.0:
            return (NOW, 0.0) if when is None else (max(0, round(when * self.rate)), 0.0)
        moment = (max(now, soonest) if quantised else now) + wait
        beat = 60.0 / self.transport.bpm * (self.transport.beats if at == "bar" else 1)
        return round(moment * self.rate), beat * self.rate

    def _mixture(self, chain: list[Region], frame: int, clip: Clip | None) -> Clip:
        first = max(0, frame - self.to_frames(LOOKBACK_SECONDS))
        written = self.stat(HostStat.RENDERED)
        past = self._keeper.host.output.read(first, written, written)
        ends = [region.finish for region in chain if region.finish is not None]
        loops = [p.start + -(-(written - p.start) // p.length) * p.length for p in chain if p.loop]
        last = max(ends or loops, default=written)
        rest = render(chain, self._post.all_samples(), written, max(0, last - written))
        samples = resample(np.concatenate([past, rest]), self.rate, SAMPLE_RATE)
        at = max(0, written - len(past)) / self.rate
        bpm = clip.info.bpm if clip else 0.0
        bar = self.transport.bars_at(at) % 1.0 if bpm else 0.0
        return make_clip(samples, SAMPLE_RATE, name="current", bpm=bpm, bar_offset=bar)
