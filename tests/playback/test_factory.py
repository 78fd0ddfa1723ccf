"""Check which player the configuration gets, on a machine with or without a device."""

import pytest

from msanii_live.errors import Code, ConfigError
from msanii_live.playback import factory, host_proxy
from msanii_live.playback.factory import open_player
from msanii_live.playback.sinks import AudioDeviceError
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from tests.library.clips import refusal


@pytest.fixture
def no_device(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let every device fail to open; return the devices that were asked for."""
    asked: list[object] = []

    def fail(on_event: object, origin: int, device: object, capture: bool) -> None:
        asked.append((device, capture))
        raise AudioDeviceError("it cannot be opened")

    monkeypatch.setattr(factory, "ProcessHost", fail)
    devices = [
        {"name": "Speakers", "max_output_channels": 2},
        {"name": "Microphone", "max_output_channels": 0},
    ]
    monkeypatch.setattr(factory, "list_devices", lambda: (devices, 0))
    return asked


def opened(name: str, capture: bool = True) -> tuple[str, str | None]:
    timebase = Timebase()
    player, notice = open_player(name, Transport(clock=timebase.now), timebase, capture=capture)
    player.close()
    assert player.lacks_device is (notice is not None)
    assert not player.has_device
    return player.description, notice


def test_none_is_silent_without_a_notice(no_device: list[object]) -> None:
    assert opened("none") == ("none", None)
    assert no_device == []


def test_default_without_a_device_is_silent_with_a_notice(no_device: list[object]) -> None:
    description, notice = opened("default")
    assert description == "none"
    assert notice == "it cannot be opened; clips go to the folder only"
    assert no_device == [(None, True)]


@pytest.mark.parametrize(("name", "device"), [("3", 3), ("USB", "USB")])
def test_a_named_device_that_fails_is_an_error_that_lists_the_outputs(
    no_device: list[object], name: str, device: object
) -> None:
    with pytest.raises(ConfigError, match=r"it cannot be opened; output devices are: Speakers$"):
        opened(name, capture=False)
    assert no_device == [(device, False)]


def test_a_machine_without_portaudio_says_how_to_get_it(
    no_device: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise AudioDeviceError("PortAudio is missing: apt-get install libportaudio2")

    monkeypatch.setattr(factory, "list_devices", fail)
    with pytest.raises(ConfigError, match="apt-get install"):
        opened("USB")


def test_the_real_devices_are_asked_in_a_process_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with pytest.raises(ConfigError, match=r"output device|PortAudio"):
        opened("No such device")


def test_default_is_never_an_error_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    description, notice = opened("default")
    if notice is None:
        assert description != "none"
    else:
        assert notice.endswith("clips go to the folder only")


def test_no_clip_is_played_that_shared_memory_has_no_room_for() -> None:
    with refusal(Code.EOOM):
        host_proxy._check_shared_memory(2**60)
