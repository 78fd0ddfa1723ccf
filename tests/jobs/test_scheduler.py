"""Check client jobs: bounded, in order, ended exactly once, whoever else uses the worker."""

import threading
from pathlib import Path

import pytest
from mido import Message

from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.tones import Tones
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.job import Failed, Finished, Job, State, waits_for
from msanii_live.jobs.scheduler import QUEUE_LIMIT, SEED_LIMIT, Scheduler
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import Inputs, Task
from msanii_live.library import midi_files
from msanii_live.library.library import Library
from msanii_live.midi import files
from msanii_live.playback.factory import open_player
from msanii_live.playback.timebase import Timebase
from msanii_live.protocol.commands import Generate, Outpaint, Render
from msanii_live.timing.transport import Transport
from tests.library.clips import refusal


class Listener:
    """A listener that waits for the ends of jobs."""

    def __init__(self) -> None:
        self.ends: list[Job] = []
        self.progress: list[tuple[int, int]] = []
        self.warnings: list[str] = []
        self.clips: list[tuple[str, Path]] = []
        self._changed = threading.Condition()

    def progressed(self, job: Job) -> None:
        assert job.state is State.RUNNING
        self.progress.append((job.step, job.steps))

    def ended(self, job: Job) -> None:
        with self._changed:
            self.ends.append(job)
            self._changed.notify_all()

    def made(self, job: Job, name: str, path: Path) -> None:
        self.clips.append((name, path))

    def warned(self, job: Job, text: str) -> None:
        self.warnings.append(text)

    def wait(self, job: Job) -> object:
        with self._changed:
            assert self._changed.wait_for(lambda: job in self.ends, 10)
        return job.outcome


@pytest.fixture
def services(tmp_path):
    timebase = Timebase()
    transport = Transport(clock=timebase.now)
    player, _ = open_player("none", transport, timebase)
    yield Services(EngineRegistry("cpu", "tones"), Library(tmp_path), player, transport)
    player.close()


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def scheduler(services, listener):
    it = Scheduler(services, listener)
    yield it
    assert it.close()


def short(**args: object) -> Generate:
    return Generate(seconds=0.5, **args)


def test_a_job_makes_its_clip_and_ends_once(scheduler, listener, services):
    scheduler.start()
    job = scheduler.submit(short(seed=5), "me", "t", "mine")
    outcome = listener.wait(job)
    assert isinstance(outcome, Finished)
    assert (job.state, job.seed, job.owner, job.token) == (State.DONE, 5, "me", "t")
    assert outcome.path.is_file()
    assert outcome.took > 0
    info = services.library.info("mine")
    assert (info.name, info.engine, info.command["seed"]) == ("mine", "tones", 5)
    assert listener.ends == [job]
    assert listener.progress[0] == (0, 4)
    assert scheduler.jobs() == []


def test_seeds_are_drawn_where_none_is_given(scheduler):
    seeds = {scheduler.submit(short(), "", "", f"c{n}").seed for n in range(20)}
    assert len(seeds) > 15
    assert all(0 <= seed < SEED_LIMIT for seed in seeds)


def test_jobs_wait_in_order_of_priority_up_to_a_limit(scheduler, listener):
    jobs = [scheduler.submit(short(priority=n % 2), "", "", f"c{n}") for n in range(QUEUE_LIMIT)]
    expected = [*jobs[1::2], *jobs[::2]]
    assert scheduler.jobs() == expected
    assert [scheduler.position(job) for job in expected] == list(range(QUEUE_LIMIT))
    assert scheduler.eta(expected[1]) == pytest.approx(2 * scheduler.eta(expected[0]))
    assert scheduler.is_pending("c7")
    assert scheduler.is_pending("last")
    assert not scheduler.is_pending("d7")
    with refusal(Code.EBUSY):
        scheduler.submit(short(), "", "", "one-too-many")
    scheduler.cancel(jobs[:10])
    assert listener.ends == jobs[:10]
    assert all(isinstance(job.outcome, Cancelled) for job in jobs[:10])
    assert scheduler.submit(short(), "", "", "again").state is State.QUEUED
    assert [job.number for job in jobs] == list(range(1, QUEUE_LIMIT + 1))


def test_one_job_finds_the_clip_of_the_job_before_it(scheduler, listener):
    first = scheduler.submit(short(), "", "", "a")
    second = scheduler.submit(Outpaint(src="a", seconds=0.5, keep=1), "", "", "b")
    scheduler.start()
    outcome = listener.wait(second)
    assert isinstance(outcome, Finished)
    assert outcome.info.parents == ("a",)
    assert listener.ends == [first, second]


def test_a_job_that_fails_says_why_and_the_next_one_runs(scheduler, listener, monkeypatch):
    def run(self, command, context):
        if context.seed == 1:
            raise RuntimeError("odd")
        if context.seed == 2:
            raise MemoryError
        return original(self, command, context)

    original = Tones.run
    monkeypatch.setattr(Tones, "run", run)
    scheduler.start()
    odd, full, gone, fine = (
        scheduler.submit(command, "", "", name)
        for name, command in (
            ("odd", short(seed=1)),
            ("full", short(seed=2)),
            ("gone", Outpaint(src="nothing", seed=3)),
            ("fine", short(seed=4)),
        )
    )
    assert isinstance(listener.wait(fine), Finished)
    codes = [job.outcome.code for job in (odd, full, gone) if isinstance(job.outcome, Failed)]
    assert codes == [Code.EINTERNAL, Code.EOOM, Code.ENOCLIP]
    assert "RuntimeError: odd" in odd.outcome.text


def test_a_running_job_is_cancelled_at_its_next_step(scheduler, listener, services):
    scheduler.start()
    job = scheduler.submit(short(steps=1000), "", "", "long")
    until = threading.Event()
    while job.state is State.QUEUED:
        until.wait(0.001)
    scheduler.cancel([job])
    assert isinstance(listener.wait(job), Cancelled)
    assert job.state is State.CANCELLED
    assert "long" not in services.library


def test_a_job_that_names_the_default_engine_is_expected_to_last_as_long(scheduler, listener):
    scheduler.start()
    listener.wait(scheduler.submit(short(), "", "", "unnamed"))
    durations = scheduler.worker.durations
    assert durations.get(short(engine="tones"), 6.0) == durations.get(short(), 6.0)
    assert durations.get(short(engine="rack"), 6.0) != durations.get(short(), 6.0)


def test_tasks_of_other_callers_are_no_jobs_and_go_first_by_priority(scheduler, listener, services):
    job = scheduler.submit(short(priority=100), "", "", "a")
    order = []
    handle = scheduler.worker.submit(
        Task(short(), 1, Inputs(services), priority=101),
        on_done=lambda h: order.append(list(listener.ends)),
    )
    assert scheduler.jobs() == [job]
    assert scheduler.position(job) == 0
    assert scheduler.eta(job) == pytest.approx(2 * scheduler.worker.eta(handle))
    scheduler.start()
    listener.wait(job)
    assert order == [[]]
    assert handle.result().info.name == ""
    assert "a" in services.library
    assert len(services.library) == 1


def test_a_call_between_jobs_runs_on_the_worker(scheduler):
    names = []
    called = threading.Event()
    scheduler.run_between_jobs(
        lambda: (names.append(threading.current_thread().name), called.set())
    )
    scheduler.start()
    assert called.wait(10)
    assert names == ["worker 0"]
    assert scheduler.load_percent() == 0


def test_the_live_take_is_that_of_the_moment_of_the_command(scheduler, listener, services):
    with refusal(Code.ENOCLIP):
        scheduler.submit(Render(midi="take"), "", "", "early")
    now = services.transport.now()
    services.takes.receive(Message("note_on", note=60, velocity=90), now - 1.0)
    services.takes.receive(Message("note_off", note=60), now - 0.5)
    job = scheduler.submit(Render(midi="take", bars=1), "", "", "played")
    services.takes.receive(Message("note_on", note=72, velocity=90), now + 30.0)
    services.takes.receive(Message("note_off", note=72), now + 31.0)
    scheduler.start()
    outcome = listener.wait(job)
    assert isinstance(outcome, Finished)
    written = outcome.info.command["midi"]
    score = files.read(midi_files.find(services.library.folder, str(written)), str(written))
    assert [note.pitch for note in score.notes] == [60]


def test_closing_ends_every_job_and_takes_no_more(services, listener):
    scheduler = Scheduler(services, listener)
    scheduler.start()
    jobs = [scheduler.submit(short(steps=100), "", "", f"c{n}") for n in range(5)]
    assert scheduler.close()
    assert sorted(job.number for job in listener.ends) == [job.number for job in jobs]
    with pytest.raises(CommandError) as caught:
        scheduler.submit(short(), "", "", "late")
    assert caught.value.code is Code.EBUSY


@pytest.mark.parametrize(
    ("later", "is_after"),
    [
        (Outpaint(src="a"), True),
        (Outpaint(src="b"), False),
        (Generate(clip="a"), True),  # the later one is the clip that stays
        (Generate(clip="s"), True),  # the earlier one reads it
        (Outpaint(src="last"), True),
        (Outpaint(src="last", priority=1), False),  # it goes first
        (Outpaint(src="a", priority=1), True),
    ],
)
def test_a_job_waits_for_those_that_read_or_write_its_clips(later, is_after):
    before = Job(1, Outpaint(src="s", clip="a"), "a", 1, "", "")
    assert waits_for(Job(2, later, later.clip or "new", 1, "", ""), before) is is_after
