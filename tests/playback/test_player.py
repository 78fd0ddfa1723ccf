"""Check the player without a sound card: on the system's clock, and with hosts that fail."""

import queue

import numpy as np
import pytest

from msanii_live.errors import CommandError
from msanii_live.playback.commands import HostFailed
from msanii_live.playback.host_proxy import HostProxy
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.sinks import AudioDeviceError
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from tests.library.clips import noise
from tests.playback.fakes import (
    TIMEOUT,
    FailingHost,
    OnEvent,
    sine_clip,
    tracks,
    wait_for_regions,
    wait_for_tracks,
)


def test_the_silent_player_renders_a_clip_bit_for_bit(player: Player) -> None:
    clip = noise("a", 17_640)
    player.play(clip, fade=0.0)
    wait_for_tracks(player, "a")
    (region,) = player.regions()
    wait_for_tracks(player)
    heard = player.read_history("output", region.start, region.start + region.length)
    assert np.array_equal(heard, clip.samples)
    assert (player.xruns, player.lost_frames, player.latency, player.pid) == (0, 0, 0.0, 0)


def test_gain_is_in_decibels_and_a_fade_in_begins_at_silence(player: Player) -> None:
    clip = noise("a", 17_640)
    player.play(clip, fade=0.05, gain_db=-6.0206)
    wait_for_tracks(player, "a")
    (region,) = player.regions()
    wait_for_tracks(player)
    heard = player.read_history("output", region.start, region.start + region.length)
    assert np.abs(heard[2_205:17_000] - clip.samples[2_205:17_000] / 2).max() < 1e-6
    assert np.abs(heard[:10]).max() < 0.02


@pytest.mark.parametrize(("fade", "is_faded"), [(0.02, True), (0.0, False)])
def test_a_clip_that_ends_abruptly_is_faded_unless_it_is_wanted_bit_for_bit(
    player: Player, fade: float, is_faded: bool
) -> None:
    clip = sine_clip("a", 4_460 / 44_100)  # it ends at the peak of a wave
    player.play(clip, fade=fade)
    wait_for_tracks(player, "a")
    (region,) = player.regions()
    wait_for_tracks(player)
    heard = player.read_history("output", region.start, region.start + region.length)
    assert bool(np.abs(heard[-1]).max() < 0.01) is is_faded
    assert np.array_equal(heard[-230:], clip.samples[-230:]) is not is_faded


def test_the_current_clip_is_the_one_that_plays(player: Player) -> None:
    assert player.current_clip() is None
    clip = sine_clip("a", 0.4)
    number = player.play(clip, fade=0.0)
    playing = player.now_playing()
    assert playing is not None
    assert playing.clip is clip
    assert playing.region == number
    wait_for_tracks(player)
    assert player.current_clip() is None


def test_several_at_once_are_current_as_their_mix(player: Player) -> None:
    player.play(sine_clip("long", 3.0), gain_db=-60.0)
    player.play(noise("short", 88_200), fade=0.0)
    wait_for_tracks(player, "long", "short")
    first = player.regions()[1].start
    current = player.current_clip()
    assert current is not None
    assert current.info.name == "current"
    last = player.regions()[0].start + 3 * 44_100
    assert current.info.frames <= last
    # It ends where the longer one does, so the noise lies at its place before that.
    place = current.info.frames - (last - first)
    heard = current.samples[place : place + 88_200]
    assert np.abs(heard - noise("short", 88_200).samples).max() < 0.001
    assert np.abs(current.samples[place + 88_200 :]).max() < 0.001


def test_quantised_starts_lie_on_the_frames_of_their_beats(player: Player) -> None:
    player.transport.set(bpm=123.0)
    for number in range(8):
        player.play(sine_clip(f"c{number}", 9.0), at=("beat", "bar", "3")[number % 3])
    wait_for_regions(player, lambda regions: len(regions) == 8)
    for region in player.regions():
        if int(region.track[1:]) % 3 == 2:
            continue  # so many beats from now, which is not on a beat
        beat = player.transport.beats_at(region.start / 44_100)
        per = 4 if int(region.track[1:]) % 3 == 1 else 1
        assert beat / per == pytest.approx(round(beat / per), abs=123 / 60 / 44_100)


def test_a_time_tag_is_met_to_the_frame(player: Player) -> None:
    player.play(sine_clip("a"), when=player.now() + 0.5)
    player.play(sine_clip("b"), when=12.345)
    wait_for_tracks(player, "a", "b")
    assert player.regions()[1].start == round(12.345 * 44_100)
    player.stop("b", when=12.5, fade=0.1)
    wait_for_regions(player, lambda regions: regions[1].end is not None)
    assert player.regions()[1].end == round(12.5 * 44_100) + 4_410


def test_stop_ends_loops_and_what_is_yet_to_start(player: Player) -> None:
    player.play(sine_clip("loop"), loop=True)
    player.play(sine_clip("late"), at="8")
    wait_for_tracks(player, "loop", "late")
    player.stop("unknown", fade=0.0)
    player.stop("late")
    wait_for_tracks(player, "loop")
    player.stop(None, fade=0.0)
    wait_for_tracks(player)


def test_a_clip_follows_another_at_the_very_frame(player: Player) -> None:
    whole = noise("whole", 30_000)
    first, second = noise("a", 13_230), noise("b", 13_230)
    number = player.play(first, fade=0.0)
    after = player.play_after(second, number)
    wait_for_regions(player, lambda regions: len(regions) == 2)
    one, two = player.regions()
    assert (two.number, two.follows, two.track) == (after, number, "a")
    assert two.start == one.start + 13_230
    assert player.end_of(number) == (one.start + 13_230) / 44_100
    assert player.end_of(99) is None
    wait_for_tracks(player)
    heard = player.read_history("output", one.start, one.start + 26_000)
    assert np.array_equal(heard[:13_230], first.samples)
    assert np.array_equal(heard[13_230:26_000], second.samples[: 26_000 - 13_230])
    assert whole.info.frames == 30_000


def test_a_bar_loops_after_a_clip_until_another_follows(player: Player) -> None:
    clip, bar = noise("a", 8_820), noise("bar", 4_410)
    number = player.play(clip, fade=0.0)
    player.loop_after(clip, number, bar.samples, "stream")
    wait_for_tracks(player, "stream")  # the clip is over, its last bar goes on
    (fallback,) = player.regions()
    assert (fallback.fallback, fallback.loop, fallback.follows) == (True, True, number)
    current = player.now_playing()
    assert current is not None
    assert current.region == number
    next_number = player.play_after(noise("b", 8_820), number, track="stream", must_follow=True)
    wait_for_regions(player, lambda regions: next_number in [r.number for r in regions])
    joined = next(r for r in player.regions() if r.number == next_number)
    assert (joined.start - fallback.start) % 4_410 == 0


def test_a_wrong_moment_is_refused(player: Player) -> None:
    with pytest.raises(CommandError):
        player.play(sine_clip("a"), at="noon")
    assert player.regions() == ()


def test_there_is_no_input_to_read(player: Player) -> None:
    with pytest.raises(CommandError, match="no audio input"):
        player.input_clip()
    with pytest.raises(CommandError, match="no audio input"):
        player.read_history("input", 0, 1)
    assert player.position("input") == 0


def test_another_host_takes_over_what_should_play() -> None:
    hosts: list[FailingHost] = []
    opened: queue.Queue[FailingHost] = queue.Queue()
    is_unplugged = False

    def open_host(on_event: OnEvent, origin: int) -> HostProxy:
        if is_unplugged:
            raise AudioDeviceError("it is unplugged")
        hosts.append(FailingHost(on_event, origin))
        opened.put(hosts[-1])
        return hosts[-1]

    timebase = Timebase()
    player = Player(Transport(clock=timebase.now), timebase, open_host)
    warnings: queue.Queue[str] = queue.Queue()
    player.set_warning_callback(warnings.put)
    first = opened.get(timeout=TIMEOUT)
    player.play(sine_clip("a", 30.0))
    wait_for_tracks(player, "a")
    (before,) = player.regions()
    is_unplugged = True
    first.report(HostFailed("gone"))
    assert "gone" in warnings.get(timeout=TIMEOUT)
    player.play(sine_clip("b", 30.0))  # while there is no device
    wait_for_tracks(player, "a", "b")
    is_unplugged = False
    opened.get(timeout=TIMEOUT)
    assert "sound is back" in warnings.get(timeout=TIMEOUT)
    assert player.description == "a device"
    assert player.regions()[0] == before
    player.play(sine_clip("c", 30.0))
    wait_for_tracks(player, "a", "b", "c")
    assert player.regions()[2].start > player.regions()[1].start
    player.close()


def test_a_device_of_another_rate_gets_its_clips_resampled() -> None:
    rates = iter([44_100, 48_000])

    class RatedHost(FailingHost):
        def __init__(self, on_event: OnEvent, origin: int) -> None:
            super().__init__(on_event, origin)
            self.rate = next(rates)
            self._renderer._sink.rate = self.rate
            self.stats[HostStat.RATE] = self.rate

    timebase = Timebase()
    player = Player(Transport(clock=timebase.now), timebase, RatedHost)
    player.play(sine_clip("a", 20.0), at="8")
    wait_for_tracks(player, "a")
    (old,) = player.regions()
    host = player._supervisor.host
    assert isinstance(host, RatedHost)
    host.report(HostFailed("unplugged"))
    wait_for_regions(player, lambda regions: regions and regions != (old,))
    (new,) = player.regions()
    assert new.start == round(old.start * 48_000 / 44_100)
    assert new.length == pytest.approx(960_000, abs=2)
    player.play(sine_clip("b", 1.0))
    wait_for_tracks(player, "a", "b")
    assert player.regions()[1].length == 48_000
    assert tracks(player) == ["a", "b"]
    player.close()
