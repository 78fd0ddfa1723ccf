"""Check the player without a sound card: by a clock that a test sets, and with hosts that fail."""

import time
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

from msanii_live.audio import Clip, make_clip
from msanii_live.errors import CommandError, ConfigError
from msanii_live.playback.commands import HostEvent, HostFailed
from msanii_live.playback.factory import open_player
from msanii_live.playback.host_proxy import HostProxy, SilentHost
from msanii_live.playback.player import Player
from msanii_live.playback.recorder import AudioRecorder
from msanii_live.playback.shared_state import HostStat, RingBuffer, SharedArray
from msanii_live.playback.sinks import AudioDeviceError, _ring_frames
from msanii_live.playback.timebase import ClockEstimator, Timebase
from msanii_live.timing.transport import Transport
from tests.library.clips import noise, refusal


def clip(name: str, seconds: float = 1.0, rate: int = 44_100, level: float = 0.25) -> Clip:
    wave = level * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 220 / rate)
    return make_clip(np.repeat(wave[:, None], 2, axis=1).astype(np.float32), rate, name=name)


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def names(player: Player) -> list[str]:
    return [region.track for region in player.regions()]


@pytest.fixture
def player():
    timebase = Timebase()
    it = Player(Transport(clock=timebase.now), timebase)
    yield it
    it.close()


def test_the_silent_player_keeps_time_and_renders(player: Player) -> None:
    assert player.current_clip() is None
    player.play(clip("a", 0.4), fade=0.0)
    wait_until(lambda: names(player) == ["a"])
    current = player.current_clip()
    assert current is not None
    assert current.info.name == "a"
    (region,) = player.regions()
    wait_until(lambda: player.regions() == ())
    assert player.current_clip() is None
    heard = player.read_history("output", region.start, region.start + region.length)
    assert np.abs(heard - clip("a", 0.4).samples).max() < 0.01 or np.array_equal(
        heard, clip("a", 0.4).samples
    )
    assert (player.xruns, player.lost_frames, player.latency, player.pid) == (0, 0, 0.0, 0)


def test_quantised_starts_lie_on_the_frames_of_their_beats(player: Player) -> None:
    player.transport.set(bpm=123.0)
    for number in range(8):
        player.play(clip(f"c{number}", 9.0), at=("beat", "bar", "3")[number % 3])
    wait_until(lambda: len(names(player)) == 8)
    for region in player.regions():
        if int(region.track[1:]) % 3 == 2:
            continue  # so many beats from now, wherever that is
        beat = player.transport.beats_at(region.start / 44_100)
        per = 4 if int(region.track[1:]) % 3 == 1 else 1
        assert beat / per == pytest.approx(round(beat / per), abs=123 / 60 / 44_100)


def test_a_time_tag_is_met_to_the_frame(player: Player) -> None:
    player.play(clip("a"), when=player.now() + 0.5)
    player.play(clip("b"), when=12.345)
    wait_until(lambda: len(names(player)) == 2)
    assert player.regions()[1].start == round(12.345 * 44_100)
    player.stop("b", when=12.5, fade=0.1)
    wait_until(lambda: player.regions()[1].end is not None)
    assert player.regions()[1].end == round(12.5 * 44_100) + 4_410


def test_stop_ends_loops_and_what_is_yet_to_start(player: Player) -> None:
    player.play(clip("loop"), loop=True)
    player.play(clip("late"), at="8")
    wait_until(lambda: names(player) == ["loop", "late"])
    player.stop("unknown", fade=0.0)
    player.stop("late")
    wait_until(lambda: names(player) == ["loop"])
    player.stop(None, fade=0.0)
    wait_until(lambda: names(player) == [])


def test_several_at_once_are_current_as_their_mix(player: Player) -> None:
    player.play(clip("long", 3.0))
    player.play(noise("short", 88_200))  # no tone: two tones may cancel each other
    wait_until(lambda: len(names(player)) == 2)
    time.sleep(0.1)
    current = player.current_clip()
    assert current is not None
    assert current.info.name == "current"
    assert 2.9 < current.info.seconds < 13
    assert np.abs(current.samples).max() > 0.26


def test_a_wrong_moment_is_refused(player: Player) -> None:
    with pytest.raises(CommandError):
        player.play(clip("a"), at="noon")


def test_a_take_is_what_was_played(player: Player) -> None:
    recorder = AudioRecorder(player)
    recorder.start("one", "output", None, lambda take: None)
    with pytest.raises(CommandError, match="a take is running"):
        recorder.start("two", "output", None, lambda take: None)
    played = noise("noise", 9_000)
    player.play(played, fade=0.0)
    wait_until(lambda: player.regions() == () and player.read_history("output", 0, 10**9).any())
    time.sleep(0.1)
    take = recorder.stop("", "output", None)
    assert take.info.name == "one"
    first = int(np.flatnonzero(take.samples[:, 0])[0])
    assert np.array_equal(take.samples[first : first + 9_000], played.samples)
    behind = recorder.stop("past", "output", 0.2)
    assert behind.info.frames == 8_820
    taken: list[Clip] = []
    recorder.start("short", "output", 0.2, taken.append)
    wait_until(lambda: taken)
    assert (taken[0].info.name, taken[0].info.frames) == ("short", 8_820)
    with pytest.raises(CommandError, match="no audio input"):
        recorder.start("in", "input", None, taken.append)
    with pytest.raises(CommandError, match="no audio input"):
        player.input_clip()


class FailingHost(SilentHost):
    """Be a host whose end a test can bring about."""

    opened: ClassVar[list[HostProxy]] = []

    def __init__(self, on_event: Callable[[HostProxy, HostEvent], None], origin: int) -> None:
        super().__init__(on_event, origin, "a device")
        self.on_event = on_event
        FailingHost.opened.append(self)


def test_another_host_takes_over_what_should_sound() -> None:
    FailingHost.opened = []
    refuse = False

    def open_host(on_event: Callable[[HostProxy, HostEvent], None], origin: int) -> HostProxy:
        if refuse:
            raise AudioDeviceError("it is unplugged")
        return FailingHost(on_event, origin)

    timebase = Timebase()
    player = Player(Transport(clock=timebase.now), timebase, open_host)
    said: list[str] = []
    player.set_warning_callback(said.append)
    player.play(clip("a", 30.0))
    wait_until(lambda: names(player) == ["a"])
    (before,) = player.regions()
    refuse = True
    first = FailingHost.opened[0]
    assert isinstance(first, FailingHost)
    first.on_event(first, HostFailed("gone"))
    wait_until(lambda: "unplugged" in player.description)
    player.play(clip("b", 30.0))  # while there is no device
    wait_until(lambda: names(player) == ["a", "b"])
    refuse = False
    wait_until(lambda: len(FailingHost.opened) == 2)
    wait_until(lambda: player.description == "a device" and len(said) == 2)
    assert player.regions()[0] == before
    player.play(clip("c", 30.0))
    wait_until(lambda: names(player) == ["a", "b", "c"])
    assert player.regions()[2].start > player.regions()[1].start
    assert "gone" in said[0]
    assert "sound is back" in said[1]
    player.close()


def test_a_device_of_another_rate_gets_its_clips_resampled() -> None:
    rates = iter([44_100, 48_000])

    class Rated(SilentHost):
        def __init__(self, on_event: Callable[[HostProxy, HostEvent], None], origin: int) -> None:
            super().__init__(on_event, origin, "device")
            self.rate = next(rates)
            self._renderer._sink.rate = self.rate
            self.stats[HostStat.RATE] = self.rate
            self.on_event = on_event

    timebase = Timebase()
    player = Player(Transport(clock=timebase.now), timebase, Rated)
    player.play(clip("a", 20.0), at="8")
    wait_until(lambda: player.regions())
    (old,) = player.regions()
    host = player._supervisor.host
    assert isinstance(host, Rated)
    host.on_event(host, HostFailed("unplugged"))
    wait_until(lambda: player.regions() != (old,))
    (new,) = player.regions()
    assert new.start == round(old.start * 48_000 / 44_100)
    assert new.length == pytest.approx(960_000, abs=2)
    player.play(clip("b", 1.0))
    wait_until(lambda: len(player.regions()) == 2)
    assert player.regions()[1].length == 48_000
    player.close()


def test_a_recall_keeps_the_last_frames() -> None:
    ring = RingBuffer(np.zeros((20_000, 2), np.float32))
    samples = noise("n", 50_000).samples
    for first in range(0, 50_000, 777):
        ring.write(first, samples[first : first + 777])
    assert np.array_equal(ring.read(45_000, 49_000, 50_000), samples[45_000:49_000])
    assert len(ring.read(0, 60_000, 50_000)) == 20_000 - 8_192
    assert len(ring.read(10, 20, 50_000)) == 0


def test_shared_memory_is_seen_by_whoever_attaches_and_gone_once_closed() -> None:
    ours = SharedArray((100, 2), "float32", shared=True)
    theirs = SharedArray((100, 2), "float32", shared=True, name=ours.name)
    ours.array[7] = 3.0
    assert theirs.array[7, 1] == 3.0
    name = ours.name
    theirs.close()
    ours.close()
    with pytest.raises(FileNotFoundError):
        SharedArray((100, 2), "float32", shared=True, name=name)


def test_the_clock_is_found_from_late_looks_and_follows_a_drift() -> None:
    rng = np.random.default_rng(3)
    truth, rate, drift = 5_000_000_000, 44_100, 1.00005
    clock = ClockEstimator(truth + 90_000_000, rate)
    errors = []
    for look in range(6_000):
        now = truth + look * 5_000_000 + int(rng.integers(0, 4_000_000))
        blocks = int((now - truth) * drift * rate / 1e9 / 1_024)
        assert not clock.observe(now, blocks * 1_024)
        due = now - (now - truth) * drift  # when frame 0 was, by the device's own clock
        errors.append(clock.origin - due)
    assert np.abs(errors[1_000:]).max() < 1_500_000


def test_the_ring_is_long_enough_for_any_block() -> None:
    assert _ring_frames(1_024, 44_100, True) == 4_096
    assert _ring_frames(256, 44_100, True) == 2_048
    assert _ring_frames(256, 44_100, False) == 4_096
    assert _ring_frames(4_096, 96_000, False) == 16_384


def test_none_is_silent_without_a_notice() -> None:
    timebase = Timebase()
    player, notice = open_player("none", Transport(clock=timebase.now), timebase)
    assert (notice, player.description) == (None, "none")
    player.close()


def test_a_device_that_is_not_there_is_an_error_that_says_what_is(monkeypatch) -> None:
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    timebase = Timebase()
    with pytest.raises(ConfigError, match=r"output device|PortAudio"):
        open_player("No such device", Transport(clock=timebase.now), timebase)


def test_default_is_never_an_error(monkeypatch) -> None:
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    timebase = Timebase()
    player, notice = open_player("default", Transport(clock=timebase.now), timebase)
    player.close()
    assert player.pid or (notice and "clips go to the folder only" in notice)


def test_no_clip_is_played_that_shared_memory_has_no_room_for(monkeypatch) -> None:
    from msanii_live.errors import Code
    from msanii_live.playback import host_proxy

    with refusal(Code.EOOM):
        host_proxy._check_shared_memory(2**60)
