"""The queue of commands to an audio host: numbered, kept until acknowledged, then forgotten."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.audio.resampling import resample
from msanii_live.playback.commands import (
    ExtendClip,
    HostCommand,
    HostReport,
    LoadClip,
    NumberedCommand,
    RestoreRegions,
    ResumeRegion,
    SetLevel,
    StartAfter,
    StartRegion,
    UnloadClip,
)
from msanii_live.playback.host_proxy import HostProxy
from msanii_live.playback.mixer import Region

_IDLE_BYTES = 64 * 2**20  # of loaded clips that no region uses; kept so that they start at once


@dataclass
class _LoadedClip:
    clip: Clip
    samples: Samples
    key: Hashable
    used: bool = False  # a region has used it; until then a command may be about to
    ready: int | None = None  # frames that are there of a clip that grows; None means all

    @property
    def name(self) -> str:
        """The clip's name, "" for one that has none."""
        return self.clip.info.name


class CommandQueue:
    """A queue of commands to the host in charge, and a record of the clips and regions it has.

    If the host is replaced, `replay_to` brings the next one to the same state. Every method may be
    called from any thread. on_change: called on the host's thread after each of its reports.
    """

    def __init__(self, host: HostProxy) -> None:
        """Start with a host that has received nothing."""
        self.regions: tuple[Region, ...] = ()
        self.on_change: Callable[[], object] = lambda: None
        self._host = host
        self._lock = threading.RLock()
        self._acknowledged = threading.Condition(self._lock)
        self._last_number = 0
        self._pending: dict[int, HostCommand] = {}
        self._loaded: OrderedDict[int, _LoadedClip] = OrderedDict()
        self._clip_numbers: dict[Hashable, int] = {}
        self._next_clip = 1
        self._level = 0.0  # dB, of the whole output

    def load(self, clip: Clip, samples: Samples, key: Hashable, ready: int | None = None) -> int:
        """Return the number of a clip's samples; send them first if the host lacks them.

        samples: float32 (frames, 2), at the host's rate. key: equal for equal samples. ready:
        frames that are there of a clip that grows, whose samples `extend` fills in.
        Raises: CommandError: EOOM, shared memory is full.
        """
        with self._lock:
            number = self._clip_numbers.get(key)
            if number is None:
                number, self._next_clip = self._next_clip, self._next_clip + 1
                self._send_unnumbered(LoadClip(number, samples, ready))
                self._clip_numbers[key] = number
                self._loaded[number] = _LoadedClip(clip, samples, key, ready=ready)
            self._loaded.move_to_end(number)
            return number

    def extend(self, number: int, samples: Samples) -> bool:
        """Add samples to a clip that grows; return False if the host needs it no more.

        samples: float32 (frames, 2), at the host's rate.
        """
        with self._lock:
            loaded = self._loaded.get(number)
            if loaded is None or loaded.ready is None:  # unused, or the device's rate has changed
                return False
            first, loaded.ready = loaded.ready, loaded.ready + len(samples)
            loaded.samples[first : loaded.ready] = samples
            self._send_unnumbered(ExtendClip(number, loaded.ready, samples))
            return True

    def complete(self, number: int, clip: Clip, key: Hashable) -> bool:
        """Note that a clip has all its samples; return False if `extend` could not add them.

        clip, key: as of `load`, of the whole clip. A clip that the host needs no more has them.
        """
        with self._lock:
            loaded = self._loaded.get(number)
            if loaded is None:
                return True
            if loaded.ready is None:
                return False
            self._clip_numbers.pop(loaded.key, None)
            self._clip_numbers[key] = number
            loaded.clip, loaded.key, loaded.ready = clip, key, None
            self._send_unnumbered(ExtendClip(number, len(loaded.samples), None))
            return True

    def discard(self, number: int) -> None:
        """Let go of a clip that grows once no region uses it."""
        with self._lock:
            if number in self._loaded:
                self._loaded[number].used = True
                self._unload_unused()

    def clip(self, number: int) -> Clip | None:
        """Return the clip with a number, None if it is not loaded."""
        loaded = self._loaded.get(number)
        return loaded.clip if loaded else None

    def samples(self, number: int) -> Samples:
        """Return the samples with a number: float32 (frames, 2), at the host's rate."""
        return self._loaded[number].samples

    def all_samples(self) -> dict[int, Samples]:
        """Return the samples of all loaded clips, by number."""
        with self._lock:
            return {number: loaded.samples for number, loaded in self._loaded.items()}

    def send(self, command: HostCommand) -> None:
        """Send a command; if this host fails before it acknowledges, the next host gets it."""
        with self._lock:
            self._last_number += 1
            self._pending[self._last_number] = command
            if isinstance(command, SetLevel):
                self._level = command.level
            self._host.send(NumberedCommand(self._last_number, command))

    @property
    def is_acknowledged(self) -> bool:
        """Whether the host has executed and reported every command sent so far."""
        return not self._pending

    def wait_for_acknowledgement(self, timeout: float) -> None:
        """Wait until the host has executed every command sent so far. timeout: seconds."""
        with self._acknowledged:
            last = self._last_number
            self._acknowledged.wait_for(lambda: all(n > last for n in self._pending), timeout)

    def acknowledge(self, host: HostProxy, report: HostReport) -> None:
        """Store what a host reports; ignore a host that is no longer in charge."""
        with self._lock:
            if host is not self._host:
                return
            self.regions = report.regions
            for number in [n for n in self._pending if n <= report.done]:
                del self._pending[number]
            self._unload_unused()
            self._acknowledged.notify_all()
        self.on_change()

    def replay_to(self, host: HostProxy, old_rate: int) -> None:
        """Bring a new host to the state of the last one, and send all pending commands to it.

        old_rate: frames per second of the last host; at another rate everything is resampled.
        Raises: CommandError: EOOM, shared memory is full.
        """
        with self._lock:
            self._host = host
            if host.rate != old_rate:
                self._change_rate(old_rate, host.rate)
            for number, loaded in self._loaded.items():
                self._send_unnumbered(LoadClip(number, loaded.samples, loaded.ready))
            self._send_unnumbered(SetLevel(self._level))
            self._send_unnumbered(RestoreRegions(self.regions))
            for number, command in self._pending.items():
                host.send(NumberedCommand(number, command))

    def _send_unnumbered(self, command: HostCommand) -> None:
        self._host.send(NumberedCommand(0, command))

    def _change_rate(self, old: int, new: int) -> None:
        for loaded in self._loaded.values():
            loaded.samples = as_stereo(resample(loaded.samples, old, new))
            loaded.ready = None
        self.regions = tuple(self._limit_length(r.scaled(new / old)) for r in self.regions)

    def _limit_length(self, region: Region) -> Region:
        available = len(self._loaded[region.clip].samples) - region.skip
        return replace(region, length=min(region.length, available))

    def _unload_unused(self) -> None:
        needed = {region.clip for region in self.regions}
        for command in self._pending.values():
            if isinstance(command, StartRegion | StartAfter | ResumeRegion):
                regions = (command.region, getattr(command, "fallback", None))
                needed |= {region.clip for region in regions if region}
        for number in needed & self._loaded.keys():
            self._loaded[number].used = True
        idle = [n for n, loaded in self._loaded.items() if loaded.used and n not in needed]
        size = sum(self._loaded[n].samples.nbytes for n in idle)
        newest = {each.name: id(each.clip.samples) for each in self._loaded.values()}
        for number in idle:
            loaded = self._loaded[number]
            # Neither a clip without a name, such as a chunk of the stream, nor one whose name
            # another clip has now is played again.
            is_outdated = not loaded.name or newest[loaded.name] != id(loaded.clip.samples)
            if size > _IDLE_BYTES or is_outdated:
                del self._loaded[number], self._clip_numbers[loaded.key]
                size -= loaded.samples.nbytes
                self._send_unnumbered(UnloadClip(number))
