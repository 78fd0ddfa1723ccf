"""Orders on their way to a host: numbered, kept until acknowledged, sent again to the next."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.library.audio_files import resample
from msanii_live.playback.commands import Drop, Join, Load, Numbered, Order, Restore, Start, Table
from msanii_live.playback.host_proxy import HostProxy
from msanii_live.playback.mixer import Region

_SPARE_BYTES = 64 * 2**20  # of clips that do not sound, kept so that they start at once


@dataclass
class _Loaded:
    clip: Clip
    samples: Samples
    key: Hashable
    used: bool = False  # it was part of something: before that it may be about to be


class Post:
    """Know what the host has and has been told. Every method may be called from any thread."""

    def __init__(self, host: HostProxy) -> None:
        """Begin with a host that was told nothing."""
        self.regions: tuple[Region, ...] = ()
        self._host = host
        self._lock = threading.RLock()
        self._heard = threading.Condition(self._lock)
        self._sent = 0
        self._waiting: dict[int, Order] = {}
        self._loaded: OrderedDict[int, _Loaded] = OrderedDict()
        self._numbers: dict[Hashable, int] = {}
        self._next_clip = 1

    def clip(self, clip: Clip, samples: Samples, key: Hashable) -> int:
        """Return the number of a clip's samples, sent to the host if they were not.

        samples: float32 (frames, 2), at the host's rate. key: the same for the same samples.
        Raises: CommandError: EOOM.
        """
        with self._lock:
            number = self._numbers.get(key)
            if number is None:
                number, self._next_clip = self._next_clip, self._next_clip + 1
                self._host.send(Numbered(self._sent, Load(number, samples)))
                self._numbers[key] = number
                self._loaded[number] = _Loaded(clip, samples, key)
            self._loaded.move_to_end(number)
            return number

    def of(self, number: int) -> Clip | None:
        """Return the clip that a number stands for."""
        found = self._loaded.get(number)
        return found.clip if found else None

    def samples(self, number: int) -> Samples:
        """Return the samples that a number stands for."""
        return self._loaded[number].samples

    def all_samples(self) -> dict[int, Samples]:
        """Return all samples by number."""
        with self._lock:
            return {number: loaded.samples for number, loaded in self._loaded.items()}

    def send(self, order: Order) -> None:
        """Have an order carried out, by this host or the next."""
        with self._lock:
            self._sent += 1
            self._waiting[self._sent] = order
            self._host.send(Numbered(self._sent, order))

    def settle(self, timeout: float) -> None:
        """Wait, at most so many seconds, until the host has told the effect of all it was sent."""
        with self._heard:
            last = self._sent
            self._heard.wait_for(lambda: not any(n <= last for n in self._waiting), timeout)

    def hear(self, host: HostProxy, table: Table) -> None:
        """Note what sounds now, unless the host is no longer the one in charge."""
        with self._lock:
            if host is not self._host:
                return
            self.regions = table.regions
            for number in [n for n in self._waiting if n <= table.done]:
                del self._waiting[number]
            self._drop_unused()
            self._heard.notify_all()

    def move_to(self, host: HostProxy, old_rate: int) -> None:
        """Tell another host all that the last one knew, or should have. old_rate: of the last."""
        with self._lock:
            self._host = host
            if host.rate != old_rate:
                self._change_rate(host.rate / old_rate, old_rate, host.rate)
            for number, loaded in self._loaded.items():
                host.send(Numbered(0, Load(number, loaded.samples)))
            host.send(Numbered(0, Restore(self.regions)))
            for number, order in self._waiting.items():
                host.send(Numbered(number, order))

    def _change_rate(self, ratio: float, old: int, new: int) -> None:
        for loaded in self._loaded.values():
            loaded.samples = as_stereo(resample(loaded.samples, old, new))
        self.regions = tuple(self._fitting(region.scaled(ratio)) for region in self.regions)

    def _fitting(self, region: Region) -> Region:
        most = len(self._loaded[region.clip].samples) - region.skip
        return replace(region, length=min(region.length, most))

    def _drop_unused(self) -> None:
        wanted = {region.clip for region in self.regions}
        for order in self._waiting.values():
            if isinstance(order, Start | Join):
                wanted |= {p.clip for p in (order.region, getattr(order, "fallback", None)) if p}
        for number in wanted & self._loaded.keys():
            self._loaded[number].used = True
        idle = [n for n, loaded in self._loaded.items() if loaded.used and n not in wanted]
        size = sum(self._loaded[n].samples.nbytes for n in idle)
        for number in idle:
            # What has no name, such as the stream's chunks, is never asked for again.
            if size > _SPARE_BYTES or not self._loaded[number].clip.info.name:
                loaded = self._loaded.pop(number)
                del self._numbers[loaded.key]
                size -= loaded.samples.nbytes
                self._host.send(Numbered(0, Drop(number)))
