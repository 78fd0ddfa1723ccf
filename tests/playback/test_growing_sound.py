"""Check the sound of a clip that is made while it plays, with the silent player."""

import numpy as np

from msanii_live.audio import Clip, make_clip
from msanii_live.playback.growing_sound import GrowingSound
from msanii_live.playback.player import Player
from tests.library.clips import noise
from tests.playback.fakes import sine_clip, wait_for_regions, wait_for_tracks

RATE = 44_100


def heard(player: Player, start: int, frames: int) -> np.ndarray:
    wait_for_regions(player, lambda regions: not any(r.track == "new" for r in regions))
    return player.read_history("output", start, start + frames)


def begun(player: Player, clip: Clip, first: int) -> GrowingSound:
    sound = player.grow(clip.info.name, len(clip.samples), RATE)
    sound.add(clip.samples[:first])
    sound.start("none", is_loop=False)
    wait_for_tracks(player, clip.info.name)
    return sound


def test_the_samples_played_are_those_of_the_clip(player: Player) -> None:
    clip = noise("new", 30_870)
    sound = begun(player, clip, 22_050)
    (region,) = player.regions()
    sound.add(clip.samples[22_050:], is_last=True)
    assert sound.finish(clip)
    assert player.now_playing().clip is clip
    out = heard(player, region.start, region.length)
    assert np.array_equal(out[882:], clip.samples[882:])
    # The start is what `play` gives: the same fade of the same samples.
    again = player.play(clip)
    wait_for_tracks(player, "new")
    (second,) = player.regions()
    assert (second.number, second.clip) == (again, region.clip)  # its samples are not sent again
    assert np.array_equal(heard(player, second.start, region.length), out)


def test_a_clip_of_another_rate_is_resampled_as_a_whole(player: Player) -> None:
    wave = sine_clip("new", 0.5, 48_000)
    frames = round(len(wave.samples) * RATE / 48_000)
    sound = player.grow("new", len(wave.samples), 48_000)
    for first in range(0, 24_000, 4_000):
        sound.add(wave.samples[first : first + 4_000], is_last=first == 20_000)
    sound.start("none", is_loop=False)
    wait_for_tracks(player, "new")
    (region,) = player.regions()
    assert region.length == frames
    assert sound.finish(wave)
    out = heard(player, region.start, frames)
    right = sine_clip("new", 0.5, RATE).samples
    assert np.abs(out[2_000:-500] - right[2_000:-500]).max() < 1e-3


def test_what_comes_to_nothing_fades_out_and_gives_its_memory_back(player: Player) -> None:
    clip = make_clip(np.full((441_000, 2), 0.5, np.float32), RATE, name="new")
    sound = begun(player, clip, 200_000)
    (region,) = player.regions()
    sound.abandon()
    wait_for_tracks(player)
    out = player.read_history("output", region.start, region.start + 200_000)
    last = int(np.flatnonzero(out.any(1))[-1])
    assert last < 190_000
    assert np.abs(np.diff(out[: last + 2], axis=0)).max() < 0.01  # no click
    assert not player._queue.all_samples()


def test_the_loop_that_a_failed_clip_replaced_plays_on_in_time(player: Player) -> None:
    old = sine_clip("new", 0.4)
    player.play(old, loop=True)
    wait_for_tracks(player, "new")
    (loop,) = player.regions()
    clip = noise("new", 441_000)
    sound = player.grow("new", len(clip.samples), RATE)
    sound.add(clip.samples[:200_000])
    sound.start("none", is_loop=False)
    wait_for_regions(player, lambda regions: any(r.length == 441_000 for r in regions))
    sound.abandon()
    wait_for_regions(
        player,
        lambda regions: [r.loop for r in regions] == [True] and regions[0].start > loop.start,
    )
    (again,) = player.regions()
    assert (again.start - loop.start) % loop.length == 0
    assert again.end is None
    player.stop("new")
    wait_for_tracks(player)


def test_what_was_stopped_meanwhile_stays_silent(player: Player) -> None:
    clip = noise("new", 44_100)
    sound = begun(player, clip, 22_050)
    player.stop("new")
    wait_for_tracks(player)
    sound.add(clip.samples[22_050:], is_last=True)
    assert sound.finish(clip)
    sound.abandon()
    assert player.regions() == ()


def test_a_clip_that_never_started_leaves_nothing(player: Player) -> None:
    clip = noise("new", 44_100)
    sound = player.grow("new", 44_100, RATE)
    sound.add(clip.samples)
    assert not sound.finish(clip)
    assert not player._queue.all_samples()
