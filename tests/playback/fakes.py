"""Hosts and sinks without a device, and ways to wait for a player."""

import threading
import time
from collections.abc import Callable

import numpy as np

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.playback.commands import HostCommand, HostEvent, HostReport, NumberedCommand
from msanii_live.playback.host_proxy import HostProxy, SilentHost
from msanii_live.playback.mixer import Region
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat, RingBuffer

TIMEOUT = 10.0  # s

OnEvent = Callable[[HostProxy, HostEvent], None]


def sine_clip(name: str, seconds: float = 1.0, rate: int = 44_100, level: float = 0.25) -> Clip:
    wave = level * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 220 / rate)
    return make_clip(np.repeat(wave[:, None], 2, axis=1).astype(np.float32), rate, name=name)


def wait_until(condition: Callable[[], object], seconds: float = TIMEOUT) -> None:
    """Poll a condition that has no event to wait for, such as what a server has done."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def wait_for_regions(player: Player, condition: Callable[[tuple[Region, ...]], object]) -> None:
    """Wait until the host reports regions that meet a condition."""
    changed = player._queue._acknowledged
    with changed:
        assert changed.wait_for(lambda: condition(player.regions()), TIMEOUT), player.regions()


def tracks(player: Player) -> list[str]:
    return [region.track for region in player.regions()]


def wait_for_tracks(player: Player, *names: str) -> None:
    wait_for_regions(player, lambda regions: [r.track for r in regions] == list(names))


class FakeHost:
    """A host that records its commands and reports only when a test says so."""

    description = "fake"
    inputs = 0
    pid = 0

    def __init__(self, rate: int = 44_100) -> None:
        self.rate = rate
        self.stats = np.zeros(len(HostStat), np.int64)
        self.output = RingBuffer(np.zeros((100, 2), np.float32))
        self.captured = RingBuffer(np.zeros((100, 2), np.float32))
        self.sent: list[NumberedCommand] = []
        self.hanging = False
        self.closed = False

    def send(self, numbered: NumberedCommand) -> None:
        self.sent.append(numbered)

    def is_hanging(self) -> bool:
        return self.hanging

    def close(self) -> None:
        self.closed = True

    def commands(self, *kinds: type[HostCommand]) -> list[HostCommand]:
        return [each.command for each in self.sent if isinstance(each.command, kinds)]


class FailingHost(SilentHost):
    """A silent host whose device a test can take away with `fail`."""

    def __init__(self, on_event: OnEvent, origin: int) -> None:
        super().__init__(on_event, origin, "a device")
        self.report = lambda event: on_event(self, event)


class FakeSink:
    """A sink that a test drives: it has a ring, takes frames by `take`, and counts nothing else."""

    description = "fake sink"
    rate = 44_100
    block = 128
    inputs = 2
    latency = input_latency = 0

    def __init__(self, ring: int = 4_096) -> None:
        self.ring = ring
        self.written: list[Samples] = []
        self.taken = 0
        self.starts = 0
        self.underrun = False
        self.closed = False
        self.input: Samples | None = None
        self.lost_blocks = 0

    @property
    def frames(self) -> Samples:
        return np.concatenate([np.zeros((0, 2), np.float32), *self.written])

    def take(self, frames: int) -> None:
        self.taken += frames

    def start(self) -> None:
        self.starts += 1

    def writable(self, position: int, now: int) -> int:
        return self.ring - (len(self.frames) - self.taken)

    def write(self, block: Samples) -> None:
        self.written.append(block.copy())

    def consumed(self, position: int, now: int) -> int:
        return position - (len(self.frames) - self.taken)

    def has_underrun(self, now: int) -> bool:
        underrun, self.underrun = self.underrun, False
        return underrun

    def read_input(self) -> Samples | None:
        block, self.input = self.input, None
        return block

    def underflows(self) -> int:
        return self.lost_blocks

    def close(self) -> None:
        self.closed = True


def report(done: int, *regions: Region, position: int = 0) -> HostReport:
    return HostReport(done, position, regions)


def run_in_thread(call: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread
