"""Check the players without a sound card: by the clock, and with a made-up PortAudio."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.errors import CommandError, ConfigError
from msanii_live.player.device import DevicePlayer
from msanii_live.player.player import Player, open_player
from msanii_live.player.silent import SilentPlayer
from msanii_live.player.transport import Transport


class Clock:
    """Tell the time that a test sets."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def clip(name: str, seconds: float = 1.0, rate: int = 44_100, level: float = 0.25) -> Clip:
    return make_clip(np.full((round(seconds * rate), 2), level, dtype=np.float32), rate, name=name)


def play(player: Player, what: Clip, at: str = "none", *, loop: bool = False) -> None:
    player.play(what, at=at, loop=loop, gain_db=0.0, fade=0.02)


def sounding(player: Player) -> str | None:
    current = player.current()
    return current.info.name if current else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def silent(clock: Clock) -> SilentPlayer:
    return SilentPlayer(Transport(clock=clock))


def test_the_silent_player_keeps_time(silent: SilentPlayer, clock: Clock) -> None:
    silent.start()
    assert sounding(silent) is None
    play(silent, clip("a"))
    assert sounding(silent) == "a"
    clock.time = 0.5
    play(silent, clip("b"), "bar")  # at 2 s
    assert sounding(silent) == "a"
    clock.time = 1.5
    assert sounding(silent) is None
    clock.time = 2.5
    assert sounding(silent) == "b"
    clock.time = 3.5
    assert sounding(silent) is None
    assert (silent.xruns, silent.latency) == (0, 0.0)


def test_stop_ends_loops_and_what_is_yet_to_start(silent: SilentPlayer, clock: Clock) -> None:
    play(silent, clip("loop"), loop=True)
    play(silent, clip("late"), "8")
    clock.time = 3.1
    assert sounding(silent) == "loop"
    silent.stop("late", at="none", fade=0.02)
    silent.stop("loop", at="bar", fade=0.1)  # at 4 s
    silent.stop("unknown", at="none", fade=0.0)
    clock.time = 4.05
    assert sounding(silent) == "loop"
    clock.time = 4.2
    assert sounding(silent) is None
    play(silent, clip("loop"), loop=True)
    silent.stop(None, at="none", fade=0.0)
    assert sounding(silent) is None
    silent.close()


def test_the_latest_start_is_current(silent: SilentPlayer, clock: Clock) -> None:
    play(silent, clip("long", 9.0))
    clock.time = 1.0
    play(silent, clip("short", 1.0))
    assert sounding(silent) == "short"
    clock.time = 2.5
    assert sounding(silent) == "long"


def test_a_wrong_moment_is_refused(silent: SilentPlayer) -> None:
    with pytest.raises(CommandError):
        play(silent, clip("a"), "noon")


class FakeStream:
    """Stand in for an output stream; `turn` is what PortAudio's thread would do."""

    latency = 0.05
    active = False
    fails = False

    def __init__(
        self,
        *,
        device: object,
        samplerate: int,
        channels: int,
        dtype: str,
        latency: str,
        callback: Callable[[Samples, int, object, Any], None],
    ) -> None:
        self.channels = channels
        self._callback = callback

    def start(self) -> None:
        if self.fails:
            raise RuntimeError("busy")
        self.active = True

    def close(self) -> None:
        self.active = False

    def turn(self, frames: int, *, underflow: bool = False) -> Samples:
        out = np.full((frames, self.channels), 9, dtype=np.float32)
        self._callback(out, frames, None, SimpleNamespace(output_underflow=underflow))
        return out


def fake_portaudio(monkeypatch: pytest.MonkeyPatch, rate: int = 44_100, channels: int = 8) -> None:
    module = ModuleType("sounddevice")
    found = {"name": "Desk", "default_samplerate": float(rate), "max_output_channels": channels}

    def query_devices(device: object = "all", kind: str | None = None) -> object:
        if device == "all":
            return [found, {**found, "name": "Mic", "max_output_channels": 0}]
        if device in (None, 0, "Desk"):
            return found
        raise ValueError(f"No output device matching {device!r}")

    vars(module).update(
        query_devices=query_devices, OutputStream=FakeStream, PortAudioError=RuntimeError
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def open_device(transport: Transport) -> tuple[DevicePlayer, FakeStream]:
    player, notice = open_player("default", transport)
    assert isinstance(player, DevicePlayer)
    assert notice is None
    stream = player._stream
    assert isinstance(stream, FakeStream)
    assert stream.active
    return player, stream


def test_the_device_gets_the_mix(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    fake_portaudio(monkeypatch)
    player, stream = open_device(Transport(clock=clock))
    assert not stream.turn(441).any()
    play(player, clip("a", 0.1))
    heard = np.concatenate([stream.turn(441) for _ in range(14)])
    whole = np.flatnonzero(heard[:, 0] == np.float32(0.25))
    # 0.1 s, of which 20 ms fade in; nothing is cut off its start.
    assert len(whole) == 4_410 - 882
    assert heard.max() <= 0.25
    assert heard[whole[0] - 441, 0] == pytest.approx(0.25 * 0.707, abs=1e-3)
    assert sounding(player) is None
    assert not player._timeline.voices
    stream.turn(441, underflow=True)
    assert player.xruns == 1
    assert player.latency == pytest.approx(0.07)
    assert player.description == "Desk, 44100 Hz"
    player.close()


def test_quantised_starts_are_exact_whatever_the_jitter(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    fake_portaudio(monkeypatch, channels=1)
    player, stream = open_device(Transport(clock=clock))
    jitter = np.random.default_rng(1).uniform(0, 0.002, 400)
    parts = []
    for block in range(400):
        clock.time = block * 0.01 + jitter[block]
        parts.append(stream.turn(441))
        if block in (50, 250):
            player.play(clip(f"c{block}", 0.1), at="bar", loop=False, gain_db=0.0, fade=0.0)
    heard = np.concatenate(parts)
    assert heard.shape == (176_400, 1)
    starts = np.flatnonzero(np.diff(heard[:, 0]) > 0.2) + 1
    # Late by the mean of the jitter, 1 ms, and both alike: the bars are 2 s apart.
    assert starts[0] == pytest.approx(88_200, abs=80)
    assert starts[1] - starts[0] == pytest.approx(88_200, abs=10)


def test_other_sample_rates_are_met(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    fake_portaudio(monkeypatch, rate=48_000)
    player, stream = open_device(Transport(clock=clock))
    player.play(clip("a", 0.5), at="none", loop=False, gain_db=-6.0, fade=0.0)
    heard = stream.turn(48_000)[:, 0]
    assert np.count_nonzero(np.abs(heard) > 0.01) == pytest.approx(24_000, abs=10)
    assert heard[12_000] == pytest.approx(0.25 * 10 ** (-6 / 20), abs=1e-3)


def test_a_second_stop_during_a_long_fade_does_not_jump(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    fake_portaudio(monkeypatch)
    player, stream = open_device(Transport(clock=clock))
    player.play(clip("a", 9.0), at="none", loop=True, gain_db=0.0, fade=0.0)
    parts = [stream.turn(44_100)]
    player.stop("a", at="none", fade=4.0)
    parts += [stream.turn(441) for _ in range(400)]
    player.stop(None, at="none", fade=0.02)
    parts += [stream.turn(441) for _ in range(10)]
    heard = np.concatenate(parts)[:, 0]
    assert np.abs(np.diff(heard[1:])).max() < 0.002
    assert heard[-1] == 0.0


def test_the_same_clip_again_fades_over(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    fake_portaudio(monkeypatch)
    player, stream = open_device(Transport(clock=clock))
    play(player, clip("a", 9.0))
    play(player, clip("b", 9.0))
    for _ in range(10):
        stream.turn(441)
    clock.time = 0.1
    play(player, clip("a", 9.0))
    assert len(player._timeline.voices) == 3
    heard = np.concatenate([stream.turn(441) for _ in range(10)])
    assert sounding(player) == "a"
    assert len(player._timeline.voices) == 2
    assert heard.max() < 0.25 * (1 + 2**0.5) + 1e-3


def test_an_unknown_device_is_an_error_that_lists_them(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_portaudio(monkeypatch)
    with pytest.raises(ConfigError, match=r"output devices are: Desk$"):
        open_player("Nope", Transport())
    assert isinstance(open_player("Desk", Transport())[0], DevicePlayer)


def test_a_device_that_does_not_start_is_silence_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_portaudio(monkeypatch)
    monkeypatch.setattr(FakeStream, "fails", True)
    player, notice = open_player("default", Transport())
    assert isinstance(player, SilentPlayer)
    assert notice
    assert "busy" in notice
    with pytest.raises(ConfigError, match="busy"):
        open_player("Desk", Transport())


def test_without_portaudio_the_notice_has_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPortAudio:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPortAudio(), *sys.meta_path])
    player, notice = open_player("default", Transport())
    assert isinstance(player, SilentPlayer)
    assert notice
    assert "apt-get install libportaudio2; clips go to the folder only" in notice
    with pytest.raises(ConfigError, match="libportaudio2"):
        open_player("Desk", Transport())


def test_default_is_never_an_error_here() -> None:
    player, notice = open_player("default", Transport())
    player.close()
    assert isinstance(player, DevicePlayer) or (notice and "clips go to the folder only" in notice)


def test_none_is_silent_without_a_notice() -> None:
    player, notice = open_player("none", Transport())
    assert isinstance(player, SilentPlayer)
    assert notice is None
    assert player.description == "none"
