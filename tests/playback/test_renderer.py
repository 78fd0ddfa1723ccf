"""Check the renderer with a sink that a test drives: what is rendered, reported and counted."""

import time

import numpy as np

from msanii_live.playback.commands import (
    NOW,
    HostCommand,
    HostReport,
    LoadClip,
    NumberedCommand,
    QuitHost,
    RestoreRegions,
    SetLevel,
    StartAfter,
    StartRegion,
    StopTrack,
    UnloadClip,
)
from msanii_live.playback.level import OutputLevel
from msanii_live.playback.mixer import Region
from msanii_live.playback.renderer import Renderer
from msanii_live.playback.shared_state import HostStat, RingBuffer
from tests.playback.fakes import FakeSink
from tests.playback.test_mixer import tone


class Bench:
    """A renderer on a fake sink, with a clip 1 of 10,000 frames, and everything it reports."""

    def __init__(self, sink: FakeSink) -> None:
        self.sink = sink
        self.stats = np.zeros(len(HostStat), np.int64)
        self.output = RingBuffer(np.zeros((100_000, 2), np.float32))
        self.captured = RingBuffer(np.zeros((100_000, 2), np.float32))
        self.reports: list[HostReport] = []
        self.renderer = Renderer(sink, self.stats, self.output, self.captured, self.reports.append)
        self.wave = tone(10_000)
        self.numbers = 0
        self.execute(LoadClip(1, self.wave))

    def open(self) -> int:
        """Start the sink; return the position of its first frame."""
        import time

        self.renderer.open(time.monotonic_ns())
        return int(self.stats[HostStat.RENDERED]) - len(self.sink.frames)

    def execute(self, command: HostCommand) -> None:
        self.numbers += 1
        self.renderer.execute(NumberedCommand(self.numbers, command))

    def play(self, frames: int, step: int = 512) -> None:
        for _ in range(0, frames, step):
            self.sink.take(step)
            self.renderer.render_ahead()


def test_it_fills_the_ring_and_keeps_it_full() -> None:
    bench = Bench(FakeSink(ring=4_096))
    first = bench.open()
    assert bench.sink.starts == 1
    assert len(bench.sink.frames) == 4_096
    bench.play(1_024)
    assert len(bench.sink.frames) == 4_096 + 1_024
    assert bench.stats[HostStat.RENDERED] == first + 5_120
    assert bench.stats[HostStat.RING_FRAMES] == 4_096
    assert bench.stats[HostStat.RATE] == 44_100
    assert bench.stats[HostStat.BLOCK_FRAMES] == 128
    assert bench.stats[HostStat.MIN_FILL] == 4_096 - 512
    assert bench.stats[HostStat.HEARTBEAT] > 0


def test_a_region_is_played_bit_for_bit_and_can_be_read_back() -> None:
    bench = Bench(FakeSink())
    first = bench.open()
    start = int(bench.stats[HostStat.RENDERED])
    bench.execute(StartRegion(Region(1, 1, "a", NOW, 10_000)))
    assert bench.reports[-1].done == bench.numbers
    assert bench.reports[-1].regions[0].start == start
    bench.play(12_000)
    frames = bench.sink.frames
    assert np.array_equal(frames[start - first :][:10_000], bench.wave)
    assert not frames[: start - first].any()
    rendered = int(bench.stats[HostStat.RENDERED])
    assert np.array_equal(bench.output.read(start, start + 10_000, rendered), bench.wave)


def test_the_level_of_all_moves_to_the_frame_and_is_heard_in_what_is_kept() -> None:
    bench = Bench(FakeSink())
    first = bench.open()
    start = int(bench.stats[HostStat.RENDERED])
    bench.execute(StartRegion(Region(1, 1, "a", NOW, 10_000)))
    bench.execute(SetLevel(-90.0, 2_000, "ease"))
    bench.play(6_000)
    gains = OutputLevel().moved_to(-90.0, start, 2_000, "ease").gains_at(start, 5_000)
    heard = bench.sink.frames[start - first :][:5_000]
    assert np.array_equal(heard, np.clip(bench.wave[:5_000] * gains, -1, 1))
    assert not heard[2_000:].any()
    rendered = int(bench.stats[HostStat.RENDERED])
    assert np.array_equal(bench.output.read(start, start + 5_000, rendered), heard)


def test_a_region_that_is_over_is_reported_once_it_was_taken() -> None:
    bench = Bench(FakeSink(ring=4_096))
    bench.open()
    bench.execute(StartRegion(Region(1, 1, "a", NOW, 1_024)))
    bench.play(4_096)  # it is rendered, and still in the ring
    assert [len(each.regions) for each in bench.reports] == [1]
    bench.play(1_024)
    assert [len(each.regions) for each in bench.reports] == [1, 0]


def test_a_command_for_a_clip_that_was_never_loaded_is_ignored() -> None:
    bench = Bench(FakeSink())
    bench.open()
    bench.execute(StartRegion(Region(1, 7, "a", NOW, 100)))
    bench.execute(StartAfter(Region(2, 1, "a", NOW, 100), 1, fallback=Region(3, 7, "a", NOW, 9)))
    assert bench.reports == []


def test_a_clip_that_plays_is_not_unloaded() -> None:
    bench = Bench(FakeSink())
    first = bench.open()
    start = int(bench.stats[HostStat.RENDERED])
    bench.execute(StartRegion(Region(1, 1, "a", NOW, 10_000)))
    bench.execute(UnloadClip(1))
    bench.play(12_000)
    assert np.array_equal(bench.sink.frames[start - first :][:10_000], bench.wave)
    bench.play(4_096)
    bench.execute(UnloadClip(1))
    bench.reports.clear()
    bench.execute(StartRegion(Region(2, 1, "a", NOW, 10_000)))
    assert bench.reports == []  # the clip is gone


def test_a_region_without_anything_to_follow_is_rejected() -> None:
    bench = Bench(FakeSink())
    bench.open()
    bench.execute(StartAfter(Region(5, 1, "a", NOW, 100), 4, must_follow=True))
    assert bench.reports[-1].rejected == (5,)
    bench.execute(StopTrack(None, NOW, 0))
    assert bench.reports[-1].rejected == ()


def test_after_an_underrun_the_lost_frames_are_skipped_and_counted() -> None:
    bench = Bench(FakeSink(ring=4_096))
    bench.open()
    bench.execute(StartRegion(Region(1, 1, "a", NOW, 10_000)))
    before = int(bench.stats[HostStat.RENDERED])
    clock = bench.renderer._clock
    assert clock is not None
    clock.origin -= 10**9  # a second has passed in which nothing was rendered
    bench.sink.take(4_096)
    bench.sink.underrun = True
    bench.renderer.render_ahead()
    assert bench.stats[HostStat.UNDERRUNS] == 1
    lost = int(bench.stats[HostStat.LOST_FRAMES])
    assert lost > 30_000
    assert bench.stats[HostStat.RENDERED] == before + lost + 4_096
    assert bench.sink.starts == 2


def test_restored_regions_fade_in_from_a_gap() -> None:
    bench = Bench(FakeSink(ring=4_096))
    first = bench.open()
    start = int(bench.stats[HostStat.RENDERED])
    bench.execute(RestoreRegions((Region(1, 1, "a", start - 5_000, 10_000),)))
    bench.play(4_096)
    heard = bench.sink.frames[start - first :][:4_000]
    assert np.abs(heard[0]).max() < 0.01
    assert np.array_equal(heard[441:], bench.wave[5_441:9_000])
    quieter = np.abs(heard[:441]) <= np.abs(bench.wave[5_000:5_441])
    assert quieter.all()


def test_it_is_known_when_the_input_came_in() -> None:
    bench = Bench(FakeSink())
    bench.sink.input_latency = 3_000_000  # ns
    bench.open()
    assert bench.stats[HostStat.INPUT_ORIGIN_NS] == 0
    bench.sink.input = tone(700)
    before = time.monotonic_ns()
    bench.renderer.render_ahead()
    after = time.monotonic_ns()
    seen = int(bench.stats[HostStat.INPUT_ORIGIN_NS]) + 700 * 1_000_000_000 // 44_100 + 3_000_000
    assert before - 2 <= seen <= after + 2, "the last frame had just come in"


def test_input_is_kept_and_lost_blocks_are_counted() -> None:
    bench = Bench(FakeSink())
    bench.open()
    bench.sink.input = tone(700)
    bench.sink.lost_blocks = 3
    bench.renderer.render_ahead()
    assert bench.stats[HostStat.CAPTURED] == 700
    assert bench.stats[HostStat.UNDERFLOWS] == 3
    assert np.array_equal(bench.captured.read(0, 700, 700), tone(700))


def test_it_ends_once_the_fade_out_was_taken() -> None:
    bench = Bench(FakeSink(ring=4_096))
    bench.open()
    bench.execute(StartRegion(Region(1, 1, "a", NOW, 10_000)))
    bench.play(1_024)
    bench.execute(QuitHost())
    assert not bench.renderer.has_ended
    bench.play(4_096 + 1_024)
    assert bench.renderer.has_ended
    assert not bench.sink.frames[-100:].any()
    bench.renderer.close()
    assert bench.sink.closed


def test_without_regions_it_ends_as_soon_as_the_ring_was_taken() -> None:
    bench = Bench(FakeSink(ring=4_096))
    bench.open()
    bench.execute(QuitHost())
    bench.play(4_096)
    assert bench.renderer.has_ended


def test_a_short_ring_is_looked_after_more_often() -> None:
    assert Bench(FakeSink(ring=1_024)).renderer.pause < 0.002
    assert Bench(FakeSink(ring=16_384)).renderer.pause == 0.005
    assert Bench(FakeSink(ring=0)).renderer.pause == 0.02
