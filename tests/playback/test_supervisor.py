"""Check that a host that fails or hangs is replaced, and that the next one knows everything."""

import queue
from collections.abc import Iterator

import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.playback import supervisor as module
from msanii_live.playback.commands import HostEvent, HostFailed, LoadClip, RestoreRegions
from msanii_live.playback.host_proxy import HostProxy, SilentHost
from msanii_live.playback.mixer import Region
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.sinks import AudioDeviceError
from msanii_live.playback.supervisor import Supervisor
from msanii_live.playback.timebase import Timebase
from tests.library.clips import noise
from tests.playback.fakes import TIMEOUT, FakeHost, OnEvent, report


class Device:
    """A device that a test can unplug; it counts the hosts opened on it."""

    def __init__(self) -> None:
        self.refusal: Exception | None = None
        self.hosts: list[FakeHost] = []
        self.on_event: OnEvent | None = None

    def open(self, on_event: OnEvent, origin: int) -> HostProxy:
        if self.refusal is not None:
            raise self.refusal
        self.on_event = on_event
        self.hosts.append(FakeHost())
        return self.hosts[-1]

    def report(self, host: HostProxy, event: HostEvent) -> None:
        assert self.on_event is not None
        self.on_event(host, event)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setattr(module, "_RETRY_DELAYS", (0.01,))
    return Device()


@pytest.fixture
def supervisor(device: Device) -> Iterator[Supervisor]:
    it = Supervisor(Timebase(), device.open, "")
    yield it
    it.close()


@pytest.fixture
def warnings(supervisor: Supervisor) -> "queue.Queue[str]":
    texts: queue.Queue[str] = queue.Queue()
    supervisor.on_warning = texts.put
    return texts


def test_a_device_that_does_not_open_at_the_start_is_an_error(device: Device) -> None:
    device.refusal = AudioDeviceError("no such device")
    with pytest.raises(AudioDeviceError, match="no such device"):
        Supervisor(Timebase(), device.open, "")


def test_without_a_device_it_plays_silently_and_says_why() -> None:
    it = Supervisor(Timebase(), None, "the reason")
    assert isinstance(it.host, SilentHost)
    assert it.host.description == "the reason"
    it.close()
    it.close()


def test_a_host_that_fails_is_replaced_by_one_that_knows_everything(
    device: Device, supervisor: Supervisor, warnings: "queue.Queue[str]"
) -> None:
    first = device.hosts[0]
    clip = noise("a")
    region = Region(1, supervisor.queue.load(clip, clip.samples, "a"), "a", 0, 2_000)
    device.report(first, report(0, region))
    device.report(first, HostFailed("it was unplugged"))
    assert "it was unplugged" in warnings.get(timeout=TIMEOUT)
    assert warnings.get(timeout=TIMEOUT) == "sound is back: fake"
    assert first.closed
    second = device.hosts[1]
    assert supervisor.host is second
    assert len(second.commands(LoadClip)) == 1
    assert second.commands(RestoreRegions) == [RestoreRegions((region,))]


def test_a_host_that_hangs_is_replaced(
    device: Device, supervisor: Supervisor, warnings: "queue.Queue[str]"
) -> None:
    device.hosts[0].hanging = True
    assert "hangs" in warnings.get(timeout=TIMEOUT)
    assert warnings.get(timeout=TIMEOUT) == "sound is back: fake"
    assert device.hosts[0].closed


@pytest.mark.parametrize(
    "refusal",
    [
        AudioDeviceError("still unplugged"),
        OSError("still unplugged"),
        CommandError(Code.EOOM, "still unplugged"),
    ],
)
def test_a_silent_host_stands_in_until_the_device_is_back(
    device: Device,
    supervisor: Supervisor,
    warnings: "queue.Queue[str]",
    refusal: Exception,
) -> None:
    installed: queue.Queue[HostProxy] = queue.Queue()
    install = supervisor._install

    def observe(host: HostProxy) -> None:
        install(host)
        installed.put(host)

    supervisor._install = observe  # type: ignore[method-assign]
    device.refusal = refusal
    device.report(device.hosts[0], HostFailed("gone"))
    standing_in = installed.get(timeout=TIMEOUT)
    assert isinstance(standing_in, SilentHost)
    assert "still unplugged" in supervisor.host.description
    warnings.get(timeout=TIMEOUT)
    assert warnings.empty()
    device.refusal = None
    assert warnings.get(timeout=TIMEOUT) == "sound is back: fake"
    assert supervisor.host is device.hosts[1]
    assert not standing_in._thread.is_alive()


def test_counts_go_on_over_hosts(
    device: Device, supervisor: Supervisor, warnings: "queue.Queue[str]"
) -> None:
    device.hosts[0].stats[HostStat.UNDERRUNS] = 5
    device.hosts[0].stats[HostStat.LOST_FRAMES] = 900
    assert supervisor.total(HostStat.UNDERRUNS) == 5
    device.report(device.hosts[0], HostFailed("gone"))
    for _ in range(2):
        warnings.get(timeout=TIMEOUT)
    device.hosts[1].stats[HostStat.UNDERRUNS] = 2
    assert supervisor.total(HostStat.UNDERRUNS) == 7
    assert supervisor.total(HostStat.LOST_FRAMES) == 900
    assert supervisor.stat(HostStat.UNDERRUNS) == 2


def test_the_end_of_a_retired_host_is_no_second_failure(
    device: Device, supervisor: Supervisor, warnings: "queue.Queue[str]"
) -> None:
    first = device.hosts[0]
    device.report(first, HostFailed("gone"))
    for _ in range(2):
        warnings.get(timeout=TIMEOUT)
    device.report(first, HostFailed("the audio host has ended"))
    with pytest.raises(queue.Empty):
        warnings.get(timeout=0.3)
    assert len(device.hosts) == 2


def test_closing_ends_the_search_for_a_device(
    device: Device, supervisor: Supervisor, warnings: "queue.Queue[str]"
) -> None:
    device.refusal = AudioDeviceError("unplugged")
    device.report(device.hosts[0], HostFailed("gone"))
    warnings.get(timeout=TIMEOUT)
    supervisor.close()
    device.refusal = None
    with pytest.raises(queue.Empty):
        warnings.get(timeout=0.2)
