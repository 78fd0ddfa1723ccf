"""Check that a clip sounds before it is whole, and what happens if it never will be."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
import soundfile

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.engines.base import Context
from msanii_live.engines.spans import HandedSpans, SpanPlan, span_edges
from msanii_live.engines.tones import RATE, Tones
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.early_sound import EarlySound, sounds_early
from msanii_live.jobs.job import Failed, Finished
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.jobs.span_rates import SpanRates, TypicalWaits, kind_of
from msanii_live.protocol.commands import Generate, Inpaint, Outpaint, Render
from tests.jobs.test_scheduler import Listener
from tests.jobs.test_scheduler import listener as listener
from tests.jobs.test_scheduler import scheduler as scheduler
from tests.jobs.test_scheduler import services as services
from tests.playback.fakes import sine_clip, wait_for_regions, wait_for_tracks, wait_until

SPAN = RATE // 4


@dataclass
class SpanEngine:
    """What Tones.run is replaced by: a clip in four spans, each after a permission."""

    may_go_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fails: bool = False
    span: int = SPAN

    def run(self, engine: Tones, command: Generate, context: Context) -> Clip:
        span = self.span
        wave = np.random.default_rng(context.seed).normal(0, 0.1, (4 * span, 2))
        handed = HandedSpans(context.spans, SpanPlan(4 * span, RATE, (span,) * 4))
        for number in range(4):
            while not self.may_go_on.acquire(timeout=0.01):
                context.progress(number, 4)
            if self.fails and number == 3:
                raise CommandError(Code.EENGINE, "it broke")
            handed.add(wave[number * span : (number + 1) * span].astype(np.float32))
        return make_clip(handed.whole(), RATE, seed=context.seed)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpanEngine]:
    it = SpanEngine()
    monkeypatch.setattr(Tones, "run", lambda own, command, context: it.run(own, command, context))
    yield it
    it.may_go_on.release(100)


def fast(scheduler: Scheduler) -> None:
    """Let the scheduler expect spans of a second to be there in a millisecond."""
    for number in (1, 2):
        scheduler._rates.add(kind_of(Generate(), "tones"), number, 1_000.0)


def heard(services: Services, track: str = "new") -> tuple[int, Samples]:
    """Return the start of a track's one region, and what is heard from there until it is over."""
    wait_for_regions(services.player, lambda regions: any(r.track == track for r in regions))
    (region,) = [r for r in services.player.regions() if r.track == track]
    wait_for_regions(services.player, lambda regions: not any(r.track == track for r in regions))
    end = region.start + region.length
    return region.start, services.player.read_history("output", region.start, end)


def test_the_sound_begins_before_the_clip_is_whole_and_is_the_file_bit_for_bit(
    services: Services, scheduler: Scheduler, listener: Listener, engine: SpanEngine
) -> None:
    fast(scheduler)
    scheduler.start()
    job = scheduler.submit(Generate(play=1), "us", "", "new")
    engine.may_go_on.release(1)
    wait_for_tracks(services.player, "new")
    assert not listener.ends
    engine.may_go_on.release(3)
    outcome = listener.wait(job)
    assert isinstance(outcome, Finished)
    _, out = heard(services)
    written, _ = soundfile.read(outcome.path, dtype="float32", always_2d=True)
    assert np.array_equal(services.library.get("new").samples, written)
    silent = np.flatnonzero((out[882:] != written[882:]).any(1))
    if len(silent):  # a busy machine: it waited for a span, and stayed in time
        assert not out[882 + silent[0] + 220 : 882 + silent[-1] - 220].any()
    assert len(listener.ends) == 1
    to_sound, to_file = scheduler.waits.get()["tones"]
    assert to_sound is not None
    assert 0 < to_sound < to_file


def test_what_is_too_slow_begins_once_it_will_be_in_time(
    services: Services, scheduler: Scheduler, listener: Listener, engine: SpanEngine
) -> None:
    scheduler._rates.add(kind_of(Generate(), "tones"), 1, 0.1)  # a tenth of real time
    scheduler._rates.add(kind_of(Generate(), "tones"), 2, 0.1)
    scheduler.start()
    job = scheduler.submit(Generate(play=1), "us", "", "new")
    engine.may_go_on.release(2)
    wait_until(lambda: job.handle.task.early._number == 2)
    assert job.handle.task.early.started is None
    engine.may_go_on.release(2)
    assert isinstance(listener.wait(job), Finished)
    _, out = heard(services)
    assert np.array_equal(out[882:], services.library.get("new").samples[882:])


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_a_job_that_ends_without_its_clip_fades_out_and_the_loop_goes_on(
    services: Services, scheduler: Scheduler, listener: Listener, engine: SpanEngine,
    is_cancelled: bool,
) -> None:  # fmt: skip
    loop = services.player.play(sine_clip("new", 0.3), loop=True)
    wait_for_tracks(services.player, "new")
    fast(scheduler)
    engine.fails, engine.span = True, 15 * RATE  # it lasts longer than the test may take
    scheduler.start()
    job = scheduler.submit(Generate(play=1), "us", "", "new")
    engine.may_go_on.release(1)
    wait_for_regions(services.player, lambda regions: any(r.length == 60 * RATE for r in regions))
    if is_cancelled:
        scheduler.cancel([job])
    else:
        engine.may_go_on.release(3)
    outcome = listener.wait(job)
    assert isinstance(outcome, Cancelled if is_cancelled else Failed)
    wait_for_regions(services.player, lambda regions: [r.loop for r in regions] == [True])
    (again,) = services.player.regions()
    assert again.number > loop
    assert again.end is None
    assert listener.ends == [job]
    assert "new" not in services.library


def test_a_job_without_play_sounds_not(
    services: Services, scheduler: Scheduler, listener: Listener, engine: SpanEngine
) -> None:
    fast(scheduler)
    scheduler.start()
    job = scheduler.submit(Generate(), "us", "", "new")
    engine.may_go_on.release(4)
    assert isinstance(listener.wait(job), Finished)
    assert services.player.regions() == ()
    assert scheduler.waits.get()["tones"][0] is None


def test_it_starts_as_soon_as_no_later_span_can_be_late(services: Services) -> None:
    rates = SpanRates()
    plan = SpanPlan(7 * RATE, RATE, (RATE, 2 * RATE, 4 * RATE))
    wave = np.zeros((7 * RATE, 2), np.float32)

    def spans_needed(second: float, third: float) -> int:
        rates._rates.clear()
        rates.add(kind_of(Generate(), "any"), 1, second)
        rates.add(kind_of(Generate(), "any"), 2, third)
        early = EarlySound(services.player, rates, Generate(play=1), "new")
        early.engine = "any"
        early.begin(plan)
        rates.add = lambda *_: None  # type: ignore[method-assign]
        for number, end in enumerate((RATE, 3 * RATE, 7 * RATE)):
            early.take(wave[:end])
            if early.started is not None:
                early.abandon()
                del rates.add
                return number + 1
        raise AssertionError("it never started")

    assert spans_needed(4.0, 4.0) == 1  # there after 0.75 s and 2.25 s, needed after 1 s and 3 s
    assert spans_needed(2.0, 4.0) == 2  # the second is there after 1.5 s
    assert spans_needed(2.0, 1.0) == 3


def test_only_a_single_clip_from_its_start_on_sounds_early() -> None:
    assert sounds_early(Generate(play=1))
    assert sounds_early(Render(midi="a", play=1))
    assert sounds_early(Inpaint(src="a", start=1.0, end=2.0, play=1))
    assert not sounds_early(Generate())
    assert not sounds_early(Generate(play=1, count=2))
    assert sounds_early(Outpaint(src="a", play=1, keep=1))
    assert not sounds_early(Outpaint(src="a", play=1, keep=0))
    assert not sounds_early(Outpaint(src="a", play=1, keep=1, side="left"))
    assert not sounds_early(Outpaint(src="current", play=1, keep=1))


def test_typical_waits_are_medians() -> None:
    waits = TypicalWaits()
    for to_file in (1.0, 9.0, 2.0):
        waits.add("a", None, to_file)
    waits.add("b", 0.1, 0.4)
    assert waits.get() == {"a": (None, 2.0), "b": (0.1, 0.4)}


def test_spans_are_short_first_and_end_where_parts_end() -> None:
    edges = span_edges([5 * RATE, 30 * RATE], RATE)
    assert [edge / RATE for edge in edges] == [1, 5, 13, 21, 30]
    assert span_edges([RATE // 2], RATE) == [RATE // 2]
