"""Check what sounds when: that no order, however late, makes a click or a gap."""

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


class JobTracker:
    """Render block by block as a host does, with orders in between."""

    def __init__(self, clips: dict[int, Samples]) -> None:
        self.timeline = Timeline()
        self.clips = clips
        self.blocks: list[Samples] = []
        self.position = 0

    def render_ahead(self, frames: int) -> None:
        for _ in range(frames // BLOCK):
            self.blocks.append(render(self.timeline.regions, self.clips, self.position, BLOCK))
            self.position += BLOCK
            self.timeline.prune(self.position)

    def heard(self) -> Samples:
        return np.concatenate(self.blocks)


def region(
    number: int, clip: int, desk: JobTracker, track: str = "a", start: int = NOW, **more
) -> Region:
    return Region(number, clip, track, start, len(desk.clips[clip]), **more)


def test_a_start_that_is_late_waits_for_its_next_quantum() -> None:
    desk = JobTracker({1: tone(500)})
    desk.render_ahead(1_024)
    for start, quantum, found in [
        (NOW, 0.0, 1_024),
        (2_000, 300.0, 2_000),
        (900, 100.5, 1_101),
        (900, 0.0, 1_024),
    ]:
        desk.timeline.regions = ()
        desk.timeline.start(StartRegion(region(1, 1, desk, start=start), quantum), desk.position)
        assert desk.timeline.regions[0].start == found


def test_the_same_deck_is_faded_over_and_others_go_on() -> None:
    desk = JobTracker({1: tone(50_000), 2: tone(50_000, 330.0)})
    desk.timeline.start(StartRegion(region(1, 1, desk)), 0)
    desk.timeline.start(StartRegion(region(2, 2, desk, "b")), 0)
    desk.render_ahead(2_048)
    desk.timeline.start(StartRegion(region(3, 1, desk, fade_in=882)), desk.position)
    ends = {p.number: p.end for p in desk.timeline.regions}
    assert ends == {1: 2_048 + 882, 2: None, 3: None}
    desk.timeline.stop(StopTrack(None, NOW, 0), desk.position)
    assert [p.number for p in desk.timeline.regions] == [1, 2]  # 3 had not begun
    assert all(p.finish <= desk.position + 882 for p in desk.timeline.regions if p.finish)


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
    desk = JobTracker(clips)
    desk.timeline.start(StartRegion(region(1, 1, desk)), 0)
    fallback = Region(2, 3, "stream", NOW, bar, loop=True, fallback=True)
    desk.timeline.start_after(StartAfter(None, 1, fallback=fallback), 0)
    desk.render_ahead(12_800 if late else 6_400)
    desk.timeline.start_after(
        StartAfter(region(3, 2, desk, ""), 1, overlap=600, must_follow=True), desk.position
    )
    desk.render_ahead(12_800)
    heard = desk.heard()
    if late:
        joined = 10_000 + bar
        assert np.array_equal(heard[:10_000], wave[:10_000])
        assert np.array_equal(heard[10_000 : joined - 600], wave[10_000 - bar : 10_000 - 600])
        assert np.array_equal(heard[joined - 600 : 24_000], wave[9_400:20_000])
    else:
        assert np.array_equal(heard[:19_200], wave[:19_200])
    assert not desk.timeline.take_rejected()


def test_a_loop_is_gone_on_from_at_the_end_of_its_turn() -> None:
    wave = tone(9_000)
    desk = JobTracker({1: wave[:3_000], 2: wave[3_000:]})
    desk.timeline.start(StartRegion(region(1, 1, desk, loop=True, gain=0.5)), 0)
    desk.render_ahead(3_840)
    desk.timeline.start_after(StartAfter(region(2, 2, desk), 1), desk.position)
    desk.render_ahead(3_840)
    expected = 0.5 * np.concatenate([wave[:3_000], wave[:3_000], wave[3_000:4_680]])
    assert np.array_equal(desk.heard(), expected)
    assert not any(p.loop for p in desk.timeline.regions)


def test_what_cannot_be_joined_is_refused_or_starts_at_once() -> None:
    desk = JobTracker({1: tone(5_000)})
    desk.render_ahead(1_280)
    desk.timeline.start_after(StartAfter(region(9, 1, desk), 7, must_follow=True), desk.position)
    assert desk.timeline.take_rejected() == (9,)
    assert not desk.timeline.regions
    desk.timeline.start_after(StartAfter(region(10, 1, desk), 7, overlap=100), desk.position)
    (joined,) = desk.timeline.regions
    assert (joined.start, joined.skip, joined.length) == (1_280, 100, 4_900)
    assert joined.fade_in >= DECLICK


def test_two_that_go_on_from_the_same_come_one_after_the_other() -> None:
    wave = tone(12_300)
    desk = JobTracker({1: wave[:6_400], 2: wave[5_900:], 3: tone(2_205), 4: tone(6_400, 330.0)})
    desk.timeline.start(StartRegion(region(1, 1, desk)), 0)
    fallback = region(2, 3, desk, "stream", loop=True, fallback=True)
    desk.timeline.start_after(StartAfter(None, 1, fallback=fallback), 0)
    desk.timeline.start_after(StartAfter(region(3, 2, desk, "b"), 1, overlap=500), 0)
    desk.timeline.start_after(
        StartAfter(
            region(4, 4, desk, "stream", fade_out=DECLICK), 1, overlap=500, must_follow=True
        ),
        0,
    )
    assert last_in_chain(desk.timeline.regions, 1) == 4
    desk.render_ahead(25_600)
    heard = desk.heard()
    assert np.array_equal(heard[:12_000], wave[:12_000])
    assert largest_step(heard) < 1.5 * largest_step(desk.clips[4])
    # The spare that the first join displaced sounds at the end of the last.
    assert np.abs(heard[-2_000:]).max() > 0.4


def test_a_stop_across_a_seam_fades_both_sides() -> None:
    wave = tone(20_000)
    desk = JobTracker({1: wave[:6_000], 2: wave[6_000:]})
    desk.timeline.start(StartRegion(region(1, 1, desk)), 0)
    desk.timeline.start_after(StartAfter(region(2, 2, desk), 1), 0)
    desk.render_ahead(5_120)
    desk.timeline.stop(StopTrack(None, NOW, 4_410), desk.position)
    desk.render_ahead(6_400)
    heard = desk.heard()
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
def test_no_order_makes_a_step_beyond_those_of_the_clips(acts) -> None:
    desk = JobTracker(CLIPS)
    most = 0
    for number, (act, which, ahead, fade, gain, blocks) in enumerate(acts, 1):
        start = NOW if ahead < 300 else desk.position + ahead
        which = 0 if act == "loop" else which
        if act in ("play", "loop"):
            placed = region(
                number, which, desk, str(which), start, gain=gain, fade_in=max(fade, DECLICK),
                fade_out=DECLICK if act == "play" else 0, loop=act == "loop",
            )  # fmt: skip
            desk.timeline.start(StartRegion(placed, 500.0), desk.position)
        else:
            track = str(which) if act == "stop" else None
            desk.timeline.stop(StopTrack(track, start, fade), desk.position)
        most = max(most, len(desk.timeline.regions))
        desk.render_ahead(blocks * BLOCK)
    desk.render_ahead(12_800)
    heard = desk.heard()
    assert np.abs(heard).max() <= 1.0
    # A fade of 5 ms adds, at most, the slope of a quarter sine over 220 frames.
    each = STEEPEST + 0.3 * np.pi / 2 / DECLICK
    assert largest_step(heard) <= most * each + 1e-6


def test_a_fade_that_a_later_one_overtakes_changes_nothing_before_it() -> None:
    desk = JobTracker(CLIPS)
    for number, (wait, ahead, fade) in enumerate(
        [(768, 0, 220), (256, 300, 477), (0, 300, 220)], 1
    ):
        start = desk.position + ahead
        command = StartRegion(
            region(number, 0, desk, start=start, fade_in=fade, fade_out=DECLICK), 0
        )
        desk.timeline.start(command, desk.position)
        desk.render_ahead(wait)
    desk.render_ahead(6_400)
    assert largest_step(desk.heard()) < 3 * STEEPEST


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
