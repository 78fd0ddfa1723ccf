"""Check the timeline: no command, however late, makes a click or a gap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.audio import Samples
from msanii_live.playback.commands import NOW, StartAfter, StartRegion, StopTrack
from msanii_live.playback.crossfade import largest_step, smooth_seam, splice
from msanii_live.playback.mixer import Region, render
from msanii_live.playback.timeline import DECLICK, Timeline, last_in_chain
from tests.playback.test_mixer import tone

BLOCK = 128


class FakeHost:
    """A timeline that is rendered block by block, with commands in between."""

    def __init__(self, clips: dict[int, Samples]) -> None:
        self.timeline = Timeline()
        self.clips = clips
        self.blocks: list[Samples] = []
        self.position = 0

    def render(self, frames: int) -> None:
        for _ in range(frames // BLOCK):
            self.blocks.append(render(self.timeline.regions, self.clips, self.position, BLOCK))
            self.position += BLOCK
            self.timeline.prune(self.position)

    def heard(self) -> Samples:
        return np.concatenate(self.blocks)


def region(
    number: int, clip: int, host: FakeHost, track: str = "a", start: int = NOW, **more
) -> Region:
    return Region(number, clip, track, start, len(host.clips[clip]), **more)


def test_a_start_that_is_late_waits_for_its_next_quantum() -> None:
    host = FakeHost({1: tone(500)})
    host.render(1_024)
    for start, quantum, found in [
        (NOW, 0.0, 1_024),
        (2_000, 300.0, 2_000),
        (900, 100.5, 1_101),
        (900, 0.0, 1_024),
    ]:
        host.timeline.regions = ()
        host.timeline.start(StartRegion(region(1, 1, host, start=start), quantum), host.position)
        assert host.timeline.regions[0].start == found


def test_the_same_track_is_faded_over_and_others_go_on() -> None:
    host = FakeHost({1: tone(50_000), 2: tone(50_000, 330.0)})
    host.timeline.start(StartRegion(region(1, 1, host)), 0)
    host.timeline.start(StartRegion(region(2, 2, host, "b")), 0)
    host.render(2_048)
    host.timeline.start(StartRegion(region(3, 1, host, fade_in=882)), host.position)
    ends = {p.number: p.end for p in host.timeline.regions}
    assert ends == {1: 2_048 + 882, 2: None, 3: None}
    host.timeline.stop(StopTrack(None, NOW, 0), host.position)
    assert [p.number for p in host.timeline.regions] == [1, 2]  # 3 had not begun
    assert all(p.finish <= host.position + 882 for p in host.timeline.regions if p.finish)


def chunk_of(wave: Samples, first: int, last: int, overlap: int) -> Samples:
    return np.ascontiguousarray(wave[first - overlap : last])


@pytest.mark.parametrize("late", [False, True])
def test_chunks_are_joined_without_a_seam(late: bool) -> None:
    wave = tone(30_000)
    bar = 4_000
    clips = {
        1: wave[:10_000],
        2: chunk_of(wave, 10_000, 20_000, 600),
        3: wave[10_000 - bar : 10_000],
    }
    host = FakeHost(clips)
    host.timeline.start(StartRegion(region(1, 1, host)), 0)
    fallback = Region(2, 3, "stream", NOW, bar, loop=True, fallback=True)
    host.timeline.start_after(StartAfter(None, 1, fallback=fallback), 0)
    host.render(12_800 if late else 6_400)
    host.timeline.start_after(
        StartAfter(region(3, 2, host, ""), 1, overlap=600, must_follow=True), host.position
    )
    host.render(12_800)
    heard = host.heard()
    if late:
        joined = 10_000 + bar
        assert np.array_equal(heard[:10_000], wave[:10_000])
        assert np.array_equal(heard[10_000 : joined - 600], wave[10_000 - bar : 10_000 - 600])
        assert np.array_equal(heard[joined - 600 : 24_000], wave[9_400:20_000])
    else:
        assert np.array_equal(heard[:19_200], wave[:19_200])
    assert not host.timeline.take_rejected()


def test_a_loop_is_gone_on_from_at_the_end_of_its_turn() -> None:
    wave = tone(9_000)
    host = FakeHost({1: wave[:3_000], 2: wave[3_000:]})
    host.timeline.start(StartRegion(region(1, 1, host, loop=True, gain=0.5)), 0)
    host.render(3_840)
    host.timeline.start_after(StartAfter(region(2, 2, host), 1), host.position)
    host.render(3_840)
    expected = 0.5 * np.concatenate([wave[:3_000], wave[:3_000], wave[3_000:4_680]])
    assert np.array_equal(host.heard(), expected)
    assert not any(p.loop for p in host.timeline.regions)


def test_what_can_follow_nothing_is_rejected_or_starts_at_once() -> None:
    host = FakeHost({1: tone(5_000)})
    host.render(1_280)
    host.timeline.start_after(StartAfter(region(9, 1, host), 7, must_follow=True), host.position)
    assert host.timeline.take_rejected() == (9,)
    assert not host.timeline.regions
    host.timeline.start_after(StartAfter(region(10, 1, host), 7, overlap=100), host.position)
    (joined,) = host.timeline.regions
    assert (joined.start, joined.skip, joined.length) == (1_280, 100, 4_900)
    assert joined.fade_in >= DECLICK


def test_two_that_go_on_from_the_same_come_one_after_the_other() -> None:
    wave = tone(12_300)
    host = FakeHost({1: wave[:6_400], 2: wave[5_900:], 3: tone(2_205), 4: tone(6_400, 330.0)})
    host.timeline.start(StartRegion(region(1, 1, host)), 0)
    fallback = region(2, 3, host, "stream", loop=True, fallback=True)
    host.timeline.start_after(StartAfter(None, 1, fallback=fallback), 0)
    host.timeline.start_after(StartAfter(region(3, 2, host, "b"), 1, overlap=500), 0)
    host.timeline.start_after(
        StartAfter(
            region(4, 4, host, "stream", fade_out=DECLICK), 1, overlap=500, must_follow=True
        ),
        0,
    )
    assert last_in_chain(host.timeline.regions, 1) == 4
    host.render(25_600)
    heard = host.heard()
    assert np.array_equal(heard[:12_000], wave[:12_000])
    assert largest_step(heard) < 1.5 * largest_step(host.clips[4])
    # The fallback that the first region displaced plays at the end of the last.
    assert np.abs(heard[-2_000:]).max() > 0.4


def test_a_stop_across_a_seam_fades_both_sides() -> None:
    wave = tone(20_000)
    host = FakeHost({1: wave[:6_000], 2: wave[6_000:]})
    host.timeline.start(StartRegion(region(1, 1, host)), 0)
    host.timeline.start_after(StartAfter(region(2, 2, host), 1), 0)
    host.render(5_120)
    host.timeline.stop(StopTrack(None, NOW, 4_410), host.position)
    host.render(6_400)
    heard = host.heard()
    assert largest_step(heard) <= largest_step(wave) * 1.01
    assert not heard[5_120 + 4_410 :].any()
    assert heard[8_000:9_000].any()


ACTS = st.sampled_from(["play", "loop", "stop", "stop all"])
# The first closes as a loop: five whole turns of 100 Hz.
CLIPS = dict(enumerate([tone(2_205, 100.0, 0.3), tone(9_000, 220.0, 0.3), tone(5_000, 331.0, 0.3)]))
STEEPEST = max(largest_step(clip) for clip in CLIPS.values())


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            ACTS,
            st.integers(0, 2),
            st.integers(0, 3_000),
            st.integers(0, 2_000),
            st.floats(0.05, 1.0),
            st.integers(1, 20),
        ),
        max_size=25,
    )
)
def test_no_command_makes_a_step_beyond_those_of_the_clips(acts) -> None:
    host = FakeHost(CLIPS)
    most = 0
    for number, (act, which, ahead, fade, gain, blocks) in enumerate(acts, 1):
        start = NOW if ahead < 300 else host.position + ahead
        which = 0 if act == "loop" else which
        if act in ("play", "loop"):
            placed = region(
                number, which, host, str(which), start, gain=gain, fade_in=max(fade, DECLICK),
                fade_out=DECLICK if act == "play" else 0, loop=act == "loop",
            )  # fmt: skip
            host.timeline.start(StartRegion(placed, 500.0), host.position)
        else:
            track = str(which) if act == "stop" else None
            host.timeline.stop(StopTrack(track, start, fade), host.position)
        most = max(most, len(host.timeline.regions))
        host.render(blocks * BLOCK)
    host.render(12_800)
    heard = host.heard()
    assert np.abs(heard).max() <= 1.0
    # A fade of 5 ms adds, at most, the slope of a quarter sine over 220 frames.
    each = STEEPEST + 0.3 * np.pi / 2 / DECLICK
    assert largest_step(heard) <= most * each + 1e-6


def test_a_fade_that_a_later_one_overtakes_changes_nothing_before_it() -> None:
    host = FakeHost(CLIPS)
    for number, (wait, ahead, fade) in enumerate(
        [(768, 0, 220), (256, 300, 477), (0, 300, 220)], 1
    ):
        start = host.position + ahead
        command = StartRegion(
            region(number, 0, host, start=start, fade_in=fade, fade_out=DECLICK), 0
        )
        host.timeline.start(command, host.position)
        host.render(wait)
    host.render(6_400)
    assert largest_step(host.heard()) < 3 * STEEPEST


def test_a_step_at_a_seam_is_eased_and_a_seamless_one_left() -> None:
    wave = tone(8_000)
    assert np.array_equal(smooth_seam(wave[:4_000], wave[4_000:]), wave[4_000:])
    other = tone(4_000, 523.0)[50:]
    eased = smooth_seam(wave[:4_030], other)
    joined = np.concatenate([wave[:4_030], eased])
    assert largest_step(joined) <= 1.2 * max(largest_step(wave), largest_step(other))
    assert np.array_equal(eased[1_000:], other[1_000:])


@pytest.mark.parametrize("kept", [True, False])
def test_a_continuation_meets_its_source(kept: bool) -> None:
    wave = tone(20_000)
    made = wave if kept else wave[9_000:]
    piece, overlap = splice(wave[:9_000], made, kept=kept)
    assert np.allclose(piece, wave[9_000 - overlap :], atol=1e-6)
    assert (overlap > 0) is kept
