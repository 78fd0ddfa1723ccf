"""Check the loop of the stream by a clock that tests set: when it wakes, what it reports."""

import threading
import time
from dataclasses import replace

import pytest

from msanii_live.benchmarks.streaming import NoJobs, StreamLog, streaming
from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.tones import Tones
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.library.library import Library
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from msanii_live.playback.host_proxy import SilentHost
from msanii_live.playback.mixer import Region
from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.loop import StreamLoop
from msanii_live.streaming.stream import Stream
from msanii_live.timing.transport import Transport
from tests.playback.fakes import wait_until

RATE = 44_100
ORDER = StreamStart(chunk=2.0, ahead=1.0, at="none")


class FakePlayer:
    """A player whose clock stands still, and which places regions only when it is told to."""

    rate = RATE

    def __init__(self) -> None:
        self.time = 100.0
        self.is_acknowledged = True
        self.placed: tuple[Region, ...] = ()
        self._number = 0

    def now(self):
        return self.time

    def now_playing(self):
        return None

    def regions(self):
        return self.placed

    def end_of(self, number):
        return next((r.finish / RATE for r in self.placed if r.number == number), None)

    def play(self, clip, at, track):
        region = self._region(clip.info.frames, round(self.time * RATE))
        self.placed = (region,)
        return region.number

    def loop_after(self, clip, follows, fallback, track):
        self._add_fallback(follows, len(fallback))

    def play_after(self, clip, follows, *, overlap, before, fallback, track, must_follow):
        last = next(r for r in self.placed if r.number == follows)
        start = max(last.finish, round(self.time * RATE)) - overlap
        region = self._region(clip.info.frames, start, follows=follows)
        self.placed = (replace(last, until=start), region)
        self._add_fallback(region.number, len(fallback))
        return region.number

    def _region(self, length, start, **args):
        self._number += 1
        return Region(self._number, 1, "stream", start, length, **args)

    def _add_fallback(self, follows, length):
        last = next(r for r in self.placed if r.number == follows)
        bar = self._region(length, last.finish, follows=follows, loop=True, fallback=True)
        self.placed = (*self.placed, bar)

    def stop_all(self):
        self.placed = tuple(replace(r, end=r.start + 10, fade_out=10) for r in self.placed)


class Bench:
    """A loop without a thread, its player, and what it has reported."""

    def __init__(self, tmp_path, order=ORDER) -> None:
        self.player, self.log, self.params = FakePlayer(), StreamLog(), Params()
        transport = Transport(clock=self.player.now)
        registry = EngineRegistry("cpu", "tones")
        self.services = Services(registry, Library(tmp_path), self.player, transport)
        self.scheduler = Scheduler(self.services, NoJobs())
        self.scheduler.start()
        self.loop = StreamLoop(self.services, self.scheduler, self.params, self.log, order)


@pytest.fixture
def bench(tmp_path):
    it = Bench(tmp_path)
    yield it
    assert it.scheduler.close()


def test_it_begins_from_nothing_and_then_sleeps_until_less_than_the_lead_is_ready(tmp_path):
    bench = Bench(tmp_path, replace(ORDER, chunk=8.0))
    loop, player, log = bench.loop, bench.player, bench.log
    assert loop.advance() == 100.0  # the first clip plays; look again at once
    assert [region.fallback for region in player.placed] == [False, True]
    # 8 s are ready, a chunk is taken to last 1 s: 1.5 of that and 0.3 s, and 1 s ahead.
    due = 108.0 - (1.5 + 0.3 + 1.0)
    for player.time in (100.0, 103.0, due - 0.01):
        assert loop.advance() == pytest.approx(due)
    assert not log.chunks
    player.time = due + 0.001
    assert loop.advance() == player.time
    ((index, start, seconds, took, ahead),) = log.chunks
    assert (index, start) == (0, 8.0)
    assert seconds == pytest.approx(8.0, abs=0.01)
    assert 0 < took < 5
    assert ahead == pytest.approx(108.0 - player.time + seconds, abs=0.1)
    # It was made faster than a chunk was taken to last, so the next one is due later.
    assert 116.0 - 2.8 < loop.advance() < 116.0 - 1.3
    assert bench.scheduler.close()


def test_a_bar_that_is_repeated_is_reported_once_a_chunk(bench, monkeypatch):
    reached_late = threading.Event()

    def slow(self, command, context):
        if bench.late:
            assert reached_late.wait(10)
        return run(self, command, context)

    run, bench.late = Tones.run, False
    monkeypatch.setattr(Tones, "run", slow)
    bench.loop.advance()
    bench.late = True
    thread = threading.Thread(target=lambda: [bench.loop.advance() for _ in range(2)])
    bench.player.time = 101.9
    thread.start()
    assert bench.log.lates == []
    bench.player.time = 102.5
    for _ in range(5):
        bench.loop.wake()
    wait_until(lambda: bench.log.lates)
    bench.loop.wake()
    reached_late.set()
    thread.join(10)
    assert bench.log.lates == [0]
    assert bench.log.chunks[0][0] == 0


def test_a_stop_in_the_player_ends_it_with_a_reason(bench):
    bench.loop.advance()
    bench.player.stop_all()
    assert bench.loop.advance() is None
    bench.loop._run()
    assert bench.log.reasons == ["it was stopped"]
    assert not bench.log.chunks


def test_a_host_that_does_not_answer_is_waited_for(bench):
    bench.loop.advance()
    placed, bench.player.placed = bench.player.placed, ()
    bench.player.is_acknowledged = False
    for _ in range(5):
        assert bench.loop.advance() is None
        bench.player.time += 10.0
    bench.player.time = 100.1
    bench.player.placed, bench.player.is_acknowledged = placed, True
    bench.loop.advance()
    assert bench.log.chunks
    assert not bench.log.reasons


def test_what_is_gone_from_the_player_ends_it(bench):
    bench.loop.advance()
    bench.player.placed = ()
    bench.loop.check_player()
    bench.loop._run()
    assert bench.log.reasons == ["it was stopped"]


def test_a_chunk_that_fails_is_tried_again_half_a_second_later(bench):
    bench.loop.advance()
    bench.params.set("stream.target", "nothing")
    bench.params.set("stream.mix", 1.0)
    bench.player.time = 101.0
    assert bench.loop.advance() == 101.5
    assert bench.loop.advance() == 101.5
    assert len(bench.log.warnings) == 1
    assert "nothing" in bench.log.warnings[0]
    bench.player.time = 101.5
    bench.loop.advance()
    assert len(bench.log.warnings) == 2
    bench.params.set("stream.mix", 0.0)
    bench.player.time = 102.0
    bench.loop.advance()
    assert len(bench.log.chunks) == 1


def test_a_fault_of_the_server_ends_it_with_a_reason(bench, monkeypatch, caplog):
    def fault(*args):
        raise ZeroDivisionError

    monkeypatch.setattr("msanii_live.streaming.loop.next_chunk", fault)
    bench.loop._run()
    assert len(bench.log.reasons) == 1
    assert "log" in bench.log.reasons[0]
    assert "ZeroDivisionError" in caplog.text


def test_the_first_reason_counts_and_is_told_once(bench):
    bench.loop.end("first")
    bench.loop.end("second")
    bench.loop._run()
    assert bench.log.reasons == ["first"]


def test_chunks_that_come_late_are_made_with_fewer_steps(bench, monkeypatch):
    asked = []

    def slow(self, command, context):
        asked.append(command.steps)
        if len(asked) > 1:
            bench.player.time = bench.player.placed[-1].start / RATE + 0.1
            bench.loop.wake()
            time.sleep(0.6)
        return run(self, command, context)

    run = Tones.run
    monkeypatch.setattr(Tones, "run", slow)
    monkeypatch.setattr(bench.loop, "_settings", replace(
        bench.loop._settings, command=replace(ORDER, chunk=1.0)
    ))  # fmt: skip
    bench.params.set("stream.steps", 8)
    bench.loop.advance()
    while len(bench.log.chunks) < 4:
        bench.player.time = bench.loop.advance() or bench.player.time
    assert asked == [8, 8, 4, 2, 2]
    assert len(bench.log.warnings) == 1
    assert "from 8 to 4" in bench.log.warnings[0]


def test_new_notes_begin_at_their_start_and_the_same_notes_go_on(bench, tmp_path):
    for name, pitch in (("one", 60), ("two", 72)):
        score = Score((Note(0.0, 8.0, pitch, 90),), 8.0, bpm=120.0)
        (tmp_path / f"{name}.mid").write_bytes(files.to_midi(score))
    loop, log = bench.loop, bench.log

    def chunks(count):
        until = len(log.chunks) + count
        while len(log.chunks) < until:
            bench.player.time = loop.advance() or bench.player.time
        return loop._state.reader.played_until

    loop.advance()
    assert chunks(1) is None
    loop.change(StreamStart(midi="one", chunk=1.0), log)
    assert loop.command.midi == "one"
    assert chunks(2) == pytest.approx(2.0, abs=0.01)
    loop.change(StreamStart(midi="one", chunk=2.0), log)
    assert chunks(1) == pytest.approx(4.0, abs=0.01)
    loop.change(StreamStart(timbre="harp"), log)  # a setting only
    assert loop.command.midi == "one"
    loop.change(StreamStart(midi="two", chunk=1.0), log)
    assert chunks(1) == pytest.approx(1.0, abs=0.01)
    loop.change(StreamStart(midi="none"), log)
    assert chunks(1) is None
    assert loop._state.gain is None


# -- with a real player --------------------------------------------------------------------------


def test_it_does_not_poll(tmp_path, monkeypatch):
    looks = []
    advance = StreamLoop.advance
    monkeypatch.setattr(StreamLoop, "advance", lambda self: looks.append(1) or advance(self))
    long = StreamStart(chunk=10.0, ahead=1.0, at="none")
    with streaming(tmp_path, "none", "tones", long) as (player, stream, log):
        wait_until(lambda: player.regions())
        time.sleep(0.3)
        before = len(looks)
        time.sleep(1.5)
        assert len(looks) - before <= 2
        assert stream.is_running
        stream.start(StreamStart(chunk=9.0, ahead=12.0))  # a change wakes it
        wait_until(lambda: log.chunks)


def test_every_stream_ends_with_a_reason(tmp_path):
    with streaming(tmp_path, "none", "tones", ORDER) as (player, stream, log):
        wait_until(lambda: log.chunks)
        other = StreamLog()
        wait_until(lambda: player.regions())
        library = stream._services.library
        library.add(player.current_clip().renamed("mine"))
        stream.start(StreamStart(src="mine"), other)
        wait_until(lambda: log.reasons)
        assert log.reasons == ["another stream was started"]
        assert stream.is_running
        stream.stop(fade=0.01)
        wait_until(lambda: other.reasons)
        assert other.reasons == ["it was stopped"]
        assert not stream.is_running
        stream.start(ORDER)
        wait_until(lambda: stream.is_running)
        stream.close()
        wait_until(lambda: len(log.reasons) == 2)
        assert log.reasons[1] == "the server is shutting down"


def test_a_stop_of_all_is_heard_of_at_once(tmp_path):
    long = StreamStart(chunk=20.0, ahead=1.0, at="none")
    with streaming(tmp_path, "none", "tones", long) as (player, stream, log):
        wait_until(lambda: player.regions())
        player.stop(None)
        wait_until(lambda: log.reasons, seconds=1.0)
        assert not stream.is_running


class HangingHost(SilentHost):
    """A host that executes nothing while it hangs."""

    hangs = False

    def __init__(self, on_event, origin):
        super().__init__(on_event, origin, "a device")

    def send(self, numbered):
        if not self.hangs:
            super().send(numbered)

    def is_hanging(self):
        return self.hangs


def test_it_survives_a_host_that_hangs(tmp_path):
    hosts: list[HangingHost] = []

    def open_host(on_event, origin):
        if hosts:
            time.sleep(0.7)  # as long as a process and its device take to open
        hosts.append(HangingHost(on_event, origin))
        return hosts[-1]

    timebase = Timebase()
    player = Player(Transport(clock=timebase.now), timebase, open_host)
    registry = EngineRegistry("cpu", "tones")
    services = Services(registry, Library(tmp_path), player, player.transport)
    scheduler, log = Scheduler(services, NoJobs()), StreamLog()
    scheduler.start()
    stream = Stream(services, scheduler, Params(), log)
    try:
        stream.start(replace(ORDER, chunk=1.0))
        wait_until(lambda: len(log.chunks) == 2)
        hosts[0].hangs = True
        wait_until(lambda: len(hosts) == 2)
        made = len(log.chunks)
        wait_until(lambda: len(log.chunks) >= made + 2)
        assert stream.is_running
        assert not log.reasons
        stream.close()
        wait_until(lambda: log.reasons)
    finally:
        stream.close()
        scheduler.close()
        player.close()
