"""Check that a worker runs tasks in order, ends each exactly once, and never at the wrong time."""

import threading
import time

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.durations import step_share
from msanii_live.jobs.load import LoadMeter
from msanii_live.jobs.task import SlotLost, Task
from msanii_live.jobs.worker import Worker
from msanii_live.protocol.commands import Generate

CLIP = make_clip(np.zeros((10, 2), np.float32), 44_100)


def task(seed: int = 0, priority: int = 0, engine: str = "") -> Task:
    return Task(Generate(engine=engine), seed, None, priority)


class Gate:
    """An engine that waits, so that a test decides when a task goes on and how it ends."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)
        self.ran: list[int] = []
        self.threads: dict[int, str] = {}

    def __call__(self, task, handle):
        self.ran.append(task.seed)
        self.threads[task.seed] = threading.current_thread().name
        self.entered.release()
        assert self.leave.acquire(timeout=10)
        handle.advance(1, 2)
        return CLIP

    def wait_entered(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=10)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def worker(gate):
    it = Worker(gate)
    it.start()
    yield it
    gate.leave.release(100)
    assert it.close()


def test_tasks_run_by_priority_and_then_in_order(worker, gate):
    handles = [worker.submit(task(0))]
    gate.wait_entered()
    handles += [worker.submit(task(n, p)) for n, p in ((1, 0), (2, 100), (3, -5), (4, 0), (5, 101))]
    assert [h.task.seed for h in worker.tasks()] == [0, 5, 2, 1, 4, 3]
    gate.leave.release(6)
    for handle in handles:
        assert handle.result(10) is CLIP
    assert gate.ran == [0, 5, 2, 1, 4, 3]


def test_a_waiting_task_is_cancelled_at_once_and_a_running_one_at_its_next_step(worker, gate):
    ends = []
    running = worker.submit(task(0), on_done=lambda h: ends.append(h))
    gate.wait_entered()
    waiting = worker.submit(task(1), on_done=lambda h: ends.append(h))
    worker.cancel(waiting)
    assert ends == [waiting]
    with pytest.raises(Cancelled):
        waiting.result(0)
    worker.cancel(running)
    assert not running.done.is_set()
    gate.leave.release()
    with pytest.raises(Cancelled):
        running.result(10)
    worker.cancel(running)  # what has ended stays as it ended
    after = worker.submit(task(2))
    gate.leave.release()
    after.result(10)
    assert ends == [waiting, running]
    assert gate.ran == [0, 2]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError(Code.ENOCLIP, "gone"), Code.ENOCLIP),
        (MemoryError(), Code.EOOM),
        (RuntimeError("cannot allocate 9 GiB"), Code.EOOM),
        (ValueError("odd"), Code.EINTERNAL),
    ],
)
def test_whatever_an_engine_raises_is_the_result_and_the_worker_goes_on(error, code):
    def run(task, handle):
        if task.seed:
            raise error
        return CLIP

    worker = Worker(run)
    worker.start()
    failed = worker.submit(task(1))
    with pytest.raises(CommandError) as caught:
        failed.result(10)
    assert caught.value.code is code
    assert worker.submit(task(0)).result(10) is CLIP
    assert worker.close()


def test_a_callback_that_fails_ends_neither_task_nor_worker(worker, gate):
    def fail(handle):
        raise RuntimeError("a listener's fault")

    gate.leave.release(2)
    assert worker.submit(task(1), on_done=fail).result(10) is CLIP
    assert worker.submit(task(2)).result(10) is CLIP


def test_the_end_is_reported_before_the_next_task_begins(worker, gate):
    order = []
    gate.leave.release(2)
    worker.submit(task(1), on_done=lambda h: order.append(list(gate.ran)))
    worker.submit(task(2), on_done=lambda h: order.append(list(gate.ran))).result(10)
    assert order[0] == [1]


def test_progress_is_reported_at_most_ten_times_a_second():
    def run(task, handle):
        for step in range(400):
            handle.advance(step, 400)
            time.sleep(0.001)
        return CLIP

    reports = []
    worker = Worker(run)
    worker.start()
    began = time.monotonic()
    handle = worker.submit(task(), on_progress=lambda h: reports.append(h.step))
    handle.result(10)
    took = time.monotonic() - began
    assert worker.close()
    assert 2 <= len(reports) <= 10 * took + 1
    assert reports == sorted(reports)
    assert handle.step == 399
    assert handle.fraction == 399 / 400


def test_a_call_between_tasks_runs_before_the_next_task_and_beside_none(worker, gate):
    seen = []
    worker.submit(task(1))
    gate.wait_entered()
    last = worker.submit(task(2))
    called = threading.Event()
    worker.run_between_tasks(lambda: (seen.append(list(gate.ran)), called.set()))
    worker.run_between_tasks(lambda: 1 / 0)  # a call that fails ends nothing
    assert not called.is_set()
    gate.leave.release(2)
    last.result(10)
    assert seen == [[1]]


def test_slots_run_at_the_same_time_and_a_call_waits_for_all_of_them(gate):
    worker = Worker(gate, slots=2)
    worker.start()
    first, second = worker.submit(task(1)), worker.submit(task(2))
    gate.wait_entered(2)
    called = threading.Event()
    worker.run_between_tasks(called.set)
    third = worker.submit(task(3))
    assert {h.task.seed for h in worker.tasks()[:2]} == {1, 2}
    gate.leave.release()
    while not (first.done.is_set() or second.done.is_set()):
        first.done.wait(0.01)
    assert not called.is_set()
    assert gate.ran == [1, 2] or gate.ran == [2, 1]
    gate.leave.release(2)
    third.result(10)
    assert called.is_set()
    assert worker.close()


def test_a_task_goes_to_the_idle_slot_that_ran_its_engine_last(gate):
    worker = Worker(gate, slots=2)
    worker.start()
    pair = [worker.submit(task(1, engine="a")), worker.submit(task(2, engine="b"))]
    gate.wait_entered(2)
    gate.leave.release(2)
    for handle in pair:
        handle.result(10)
    for seed, engine in ((3, "b"), (4, "a"), (5, "a"), (6, "b")):
        _wait_idle(worker)
        handle = worker.submit(task(seed, engine=engine))
        gate.leave.release()
        handle.result(10)
        assert gate.threads[seed] == gate.threads[{"a": 1, "b": 2}[engine]]
    assert worker.close()


def _wait_idle(worker: Worker) -> None:
    until = time.monotonic() + 10
    while not all(slot.is_idle for slot in worker._slots):
        assert time.monotonic() < until
        time.sleep(0.001)


def test_closing_ends_every_task_and_takes_no_more(gate):
    worker = Worker(gate)
    worker.start()
    ends = []
    for n in range(3):
        worker.submit(task(n), on_done=lambda h: ends.append(h.task.seed))
    gate.wait_entered()
    gate.leave.release(3)
    assert worker.close()
    assert sorted(ends) == [0, 1, 2]
    with pytest.raises(CommandError) as caught:
        worker.submit(task())
    assert caught.value.code is Code.EBUSY


def test_a_task_that_never_reports_does_not_hold_up_the_shutdown(gate):
    worker = Worker(gate)
    worker.start()
    handle = worker.submit(task())
    gate.wait_entered()
    assert not worker.close(timeout=0.05)
    gate.leave.release()
    with pytest.raises(Cancelled):
        handle.result(10)
    with pytest.raises(TimeoutError):
        type(handle)(task()).result(0)


def test_load_is_the_share_of_the_last_ten_seconds():
    meter = LoadMeter(slots=1)
    meter.add(100.0, 102.0)
    assert meter.percent(102.0, []) == pytest.approx(20)
    assert meter.percent(111.0, []) == pytest.approx(10)
    assert meter.percent(111.0, [106.0]) == pytest.approx(60)
    assert meter.percent(200.0, [100.0]) == 100
    assert LoadMeter(slots=2).percent(105.0, [100.0]) == pytest.approx(25)


def test_the_eta_counts_the_tasks_ahead_and_the_steps_left(worker, gate):
    running = worker.submit(task(1))
    gate.wait_entered()
    waiting = worker.submit(task(2))
    whole = worker.eta(running)
    assert whole > 0
    assert worker.eta(waiting) == pytest.approx(2 * whole)
    running.advance(4, 4)
    assert worker.eta(waiting) == pytest.approx((2 - step_share(4)) * whole)
    assert worker.load_percent() > 0
    gate.leave.release(2)
    waiting.result(10)
    assert worker.eta(running) == 0.0


def test_idle_memory_is_given_back_once_after_a_while():
    called, freed = [], threading.Event()

    def on_idle():
        called.append(len(worker.tasks()))
        freed.set()

    worker = Worker(lambda task, handle: CLIP, idle_seconds=0.05, on_idle=on_idle)
    worker.start()
    assert not freed.wait(0.3)  # it never worked, so there is nothing to give back
    for times in (1, 2):
        worker.submit(task()).result(10)
        assert freed.wait(10)
        freed.clear()
        assert called == [0] * times
    assert worker.close()


class Loser:
    """An engine whose slot is lost as often as a test says."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.slots: list[int] = []

    def __call__(self, task, handle):
        self.slots.append(handle.slot)
        if len(self.slots) <= self.losses:
            raise SlotLost("killed")
        return CLIP


def test_a_task_whose_slot_is_lost_runs_again_on_another_and_ends_once():
    loser = Loser(losses=1)
    worker = Worker(loser, slots=2)
    ends = []
    handle = worker.submit(task(), on_done=ends.append)
    worker.start()
    assert handle.result(10) is CLIP
    assert sorted(loser.slots) == [0, 1]
    assert worker.close()
    assert ends == [handle]


def test_a_task_whose_slots_are_lost_twice_fails():
    loser = Loser(losses=5)
    worker = Worker(loser, slots=2)
    handle = worker.submit(task())
    worker.start()
    with pytest.raises(CommandError) as caught:
        handle.result(10)
    assert caught.value.code is Code.EENGINE
    assert len(loser.slots) == 2
    assert worker.close()


def test_a_slot_that_is_not_usable_takes_no_task_while_another_is():
    loser = Loser(losses=0)
    worker = Worker(loser, slots=2)
    worker.set_usable(0, False)
    worker.start()
    for seed in range(3):
        worker.submit(task(seed)).result(10)
    assert loser.slots == [1, 1, 1]
    worker.set_usable(1, False)  # where none is usable, all take tasks
    worker.submit(task()).result(10)
    assert worker.close()


def test_a_stream_keeps_a_slot_until_it_gives_it_back(gate):
    worker = Worker(gate, slots=2)
    worker.start()
    chunk = Task(Generate(), 1, None, keeps_slot=True)
    first = worker.submit(chunk)
    gate.wait_entered()
    gate.leave.release()
    first.result(10)
    others = [worker.submit(task(seed)) for seed in (2, 3)]
    gate.wait_entered()  # one of the two: the other slot is the stream's
    second = worker.submit(chunk)
    gate.wait_entered()
    assert second.slot == first.slot
    assert others[0].slot != first.slot
    assert gate.ran == [1, 2, 1]
    worker.release_slot()
    gate.leave.release(3)
    for handle in (second, *others):
        handle.result(10)
    assert worker.close()


def test_a_clip_is_reported_while_its_slot_goes_on(gate):
    told, may_end = [], threading.Event()

    def on_done(handle):
        assert may_end.wait(10)
        told.append(handle.task.seed)

    worker = Worker(gate, reports_apart=True)
    worker.start()
    first, _ = (worker.submit(task(seed), on_done=on_done) for seed in (1, 2))
    third = worker.submit(task(3), after=[first])
    worker.submit(task(4))
    gate.leave.release(2)
    gate.wait_entered(3)  # the fourth began, though nobody was told of the first
    assert told == []
    assert not third.started  # it waits until its clip is written
    may_end.set()
    gate.leave.release(2)
    third.clips(10)
    assert worker.close()
    assert told == [1, 2]
    assert gate.ran == [1, 2, 4, 3]


def test_slots_are_added_and_take_tasks_once_they_are_usable(gate):
    worker = Worker(gate)
    worker.start()
    worker.submit(task(1))
    gate.wait_entered()
    handle = worker.submit(task(2))
    worker.add_slots(1)
    worker.set_usable(1, True)
    gate.wait_entered()
    assert handle.slot == 1
    gate.leave.release(2)
    assert worker.close()
