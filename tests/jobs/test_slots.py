"""Check that a slot takes its next task while the clip of the one before comes in."""

import threading

from msanii_live.jobs.task import SlotLost
from msanii_live.jobs.worker import Worker
from tests.jobs.test_worker import CLIP, task


class Fetcher:
    """An engine in another process: each task leaves its slot, and then waits for its clip."""

    def __init__(self, losses: int = 0) -> None:
        self.losses = losses
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.ran: list[tuple[int, int]] = []

    def __call__(self, task, handle):
        self.ran.append((task.seed, handle.slot))
        handle.leave_slot()
        handle.leave_slot()  # again, which changes nothing
        self.begun.release()
        assert self.may_end.acquire(timeout=20)
        if len(self.ran) <= self.losses:
            raise SlotLost("its machine is gone")
        return CLIP

    def wait_begun(self, count: int) -> None:
        for _ in range(count):
            assert self.begun.acquire(timeout=20)


def test_the_next_task_begins_while_a_clip_comes_in_and_the_third_waits():
    fetcher = Fetcher()
    worker = Worker(fetcher, reports_apart=True)
    handles = [worker.submit(task(seed)) for seed in range(3)]
    worker.start()
    fetcher.wait_begun(2)
    assert worker.running() == []
    assert not handles[2].started  # of each slot, two clips are in memory at most
    fetcher.may_end.release(3)
    assert [handle.result(20) for handle in handles] == [CLIP] * 3
    assert worker.close()


def test_a_clip_that_is_lost_on_its_way_is_made_again_on_another_slot():
    fetcher = Fetcher(losses=1)
    worker = Worker(fetcher, slots=2, reports_apart=True)
    ends = []
    handle = worker.submit(task(1), on_done=ends.append)
    worker.start()
    fetcher.may_end.release(2)
    assert handle.result(20) is CLIP
    assert sorted(fetcher.ran) == [(1, 0), (1, 1)]
    assert worker.close()
    assert ends == [handle]


def test_a_task_that_is_cancelled_while_its_clip_comes_in_ends_once():
    fetcher = Fetcher(losses=1)
    worker = Worker(fetcher, reports_apart=True)
    ends = []
    handle = worker.submit(task(1), on_done=ends.append)
    worker.start()
    fetcher.wait_begun(1)
    worker.cancel(handle)
    fetcher.may_end.release()  # it is lost as well: a cancelled task does not run again
    assert handle.done.wait(20)
    assert worker.close()
    assert ends == [handle]
    assert len(fetcher.ran) == 1
