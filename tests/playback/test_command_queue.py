"""Check that no command is lost between hosts, and that clips are sent once and unloaded."""

import threading

import numpy as np
import pytest

from msanii_live.audio import Clip
from msanii_live.playback.command_queue import CommandQueue
from msanii_live.playback.commands import (
    NOW,
    LoadClip,
    RestoreRegions,
    StartRegion,
    StopTrack,
    UnloadClip,
)
from msanii_live.playback.mixer import Region
from tests.library.clips import noise
from tests.playback import fakes
from tests.playback.fakes import FakeHost, report


def load(queue: CommandQueue, clip: Clip) -> Region:
    number = queue.load(clip, clip.samples, id(clip.samples))
    return Region(number, number, clip.info.name, NOW, len(clip.samples))


def test_commands_are_numbered_in_the_order_they_are_sent() -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    for track in ("a", "b", "c"):
        queue.send(StopTrack(track, NOW, 0))
    assert [(each.number, each.command.track) for each in host.sent] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
    ]


def test_a_clip_is_sent_once_however_often_it_is_played() -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    clip = noise("a")
    first, again, other = load(queue, clip), load(queue, clip), load(queue, noise("b"))
    assert first.clip == again.clip != other.clip
    assert [each.clip for each in host.commands(LoadClip)] == [first.clip, other.clip]
    assert queue.clip(first.clip) is clip
    assert queue.clip(99) is None
    assert queue.samples(first.clip) is clip.samples
    assert set(queue.all_samples()) == {first.clip, other.clip}


def test_a_report_ends_the_wait_for_acknowledgement() -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    queue.send(StopTrack("a", NOW, 0))
    queue.send(StopTrack("b", NOW, 0))
    done = threading.Event()

    def wait() -> None:
        queue.wait_for_acknowledgement(fakes.TIMEOUT)
        done.set()

    thread = fakes.run_in_thread(wait)
    queue.acknowledge(host, report(1))
    assert not done.wait(0.05)
    queue.acknowledge(host, report(2))
    assert done.wait(fakes.TIMEOUT)
    thread.join(fakes.TIMEOUT)


def test_a_later_command_does_not_prolong_the_wait() -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    queue.send(StopTrack("a", NOW, 0))
    queue.acknowledge(host, report(1))
    queue.wait_for_acknowledgement(0.0)  # nothing is pending
    queue.send(StopTrack("b", NOW, 0))
    queue.wait_for_acknowledgement(0.01)  # the host says nothing: the timeout ends it


def test_another_host_gets_clips_regions_and_pending_commands_and_nothing_done() -> None:
    old, new = FakeHost(), FakeHost()
    queue = CommandQueue(old)
    playing, waiting = load(queue, noise("a")), load(queue, noise("b"))
    queue.send(StartRegion(playing))
    queue.acknowledge(old, report(1, playing))
    queue.send(StartRegion(waiting))
    queue.replay_to(new, old.rate)
    assert [each.clip for each in new.commands(LoadClip)] == [playing.clip, waiting.clip]
    assert new.commands(RestoreRegions) == [RestoreRegions((playing,))]
    assert [(each.number, each.command) for each in new.sent if each.number] == [
        (2, StartRegion(waiting))
    ]
    queue.send(StopTrack(None, NOW, 0))
    assert new.sent[-1].number == 3
    assert len(old.sent) == 4  # nothing more


def test_a_host_that_was_replaced_is_not_listened_to() -> None:
    old, new = FakeHost(), FakeHost()
    queue = CommandQueue(old)
    region = load(queue, noise("a"))
    queue.replay_to(new, old.rate)
    queue.acknowledge(old, report(9, region))
    assert queue.regions == ()
    queue.acknowledge(new, report(0, region))
    assert queue.regions == (region,)


def test_at_another_rate_clips_and_regions_keep_their_place_in_time() -> None:
    old, new = FakeHost(44_100), FakeHost(48_000)
    queue = CommandQueue(old)
    clip = noise("a", 44_100)
    number = queue.load(clip, clip.samples, "a")
    queue.acknowledge(old, report(0, Region(1, number, "a", 88_200, 44_100, fade_in=441)))
    queue.replay_to(new, old.rate)
    (restored,) = new.commands(RestoreRegions)
    (region,) = restored.regions
    assert (region.start, region.length, region.fade_in) == (96_000, 48_000, 480)
    (loaded,) = new.commands(LoadClip)
    assert loaded.samples.shape == (48_000, 2)
    assert loaded.samples.dtype == np.float32


@pytest.mark.parametrize(("name", "is_kept"), [("a", True), ("", False)])
def test_a_clip_without_a_name_is_unloaded_once_it_was_played(name: str, is_kept: bool) -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    region = load(queue, noise(name))
    queue.send(StartRegion(region))
    queue.acknowledge(host, report(0))
    assert not host.commands(UnloadClip)  # its command is pending
    queue.acknowledge(host, report(1, region))
    assert not host.commands(UnloadClip)  # it plays
    queue.acknowledge(host, report(1))
    assert host.commands(UnloadClip) == ([] if is_kept else [UnloadClip(region.clip)])
    assert (queue.clip(region.clip) is not None) is is_kept


def test_a_clip_that_was_never_played_is_kept() -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    region = load(queue, noise(""))
    queue.acknowledge(host, report(0))
    assert queue.clip(region.clip) is not None


def test_of_clips_of_one_name_only_the_newest_is_kept_for_another_play() -> None:
    host = FakeHost()
    queue = CommandQueue(host)
    old = load(queue, noise("a"))
    queue.send(StartRegion(old))
    queue.acknowledge(host, report(1, old))
    new = load(queue, noise("a"))
    queue.send(StartRegion(new))
    queue.acknowledge(host, report(2, old, new))
    assert not host.commands(UnloadClip)  # both play
    queue.acknowledge(host, report(2))
    assert host.commands(UnloadClip) == [UnloadClip(old.clip)]
