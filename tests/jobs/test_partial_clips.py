"""Check that whoever listens to a job gets its clip as far as it is made."""

import threading

import numpy as np
import pytest

from msanii_live.engines.spans import NoReceiver, SpanPlan
from msanii_live.engines.tones import Tones
from msanii_live.errors import Cancelled
from msanii_live.jobs.executor import InProcessExecutor
from msanii_live.jobs.job import Finished
from msanii_live.jobs.partial_clips import REMEMBERED, PartialClip, PartialClips
from msanii_live.jobs.runner import _receiver
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import Inputs, Task
from msanii_live.protocol.commands import Generate
from tests.jobs.test_early_sound import SpanEngine
from tests.jobs.test_early_sound import engine as engine
from tests.jobs.test_scheduler import Listener
from tests.jobs.test_scheduler import listener as listener
from tests.jobs.test_scheduler import scheduler as scheduler
from tests.jobs.test_scheduler import services as services
from tests.playback.fakes import wait_until

PLAN = SpanPlan(4, 1_000, (2, 2))
SPAN = np.zeros((2, 2), np.float32)


def test_a_listener_has_the_clip_span_by_span(
    services: Services, scheduler: Scheduler, listener: Listener, engine: SpanEngine
) -> None:
    scheduler.start()
    job = scheduler.submit(Generate(), "us", "", "new")
    clip = scheduler.partials.get(job.number)
    assert clip is scheduler.partials.get(None)
    assert clip is not None
    assert clip.name == "new"
    news = threading.Semaphore(0)
    stop = clip.listen(news.release)
    engine.may_go_on.release(1)
    wait_until(lambda: len(clip.progress.spans) == 1)
    assert not clip.progress.is_ended
    engine.may_go_on.release(3)
    assert isinstance(listener.wait(job), Finished)
    progress = clip.progress
    assert progress.is_ended
    assert progress.failure == ""
    assert np.array_equal(np.concatenate(progress.spans), services.library.get("new").samples)
    assert news.acquire(timeout=0)
    stop()
    assert clip.progress.spans == ()  # its file has them


def test_a_job_that_is_cancelled_ends_the_clip(
    scheduler: Scheduler, listener: Listener, engine: SpanEngine
) -> None:
    scheduler.start()
    job = scheduler.submit(Generate(), "us", "", "new")
    clip = scheduler.partials.get(job.number)
    assert clip is not None
    engine.may_go_on.release(1)
    wait_until(lambda: len(clip.progress.spans) == 1)
    scheduler.cancel([job])
    assert isinstance(listener.wait(job), Cancelled)
    assert clip.progress.failure == "it was cancelled"


def test_several_clips_and_effects_are_not_handed_over(services: Services) -> None:
    class InWorkers(InProcessExecutor):
        workers = 2

    def takes(command: Generate, executor: InProcessExecutor | None = None) -> bool:
        task = Task(command, 1, Inputs(services), partial=clip)
        return not isinstance(
            _receiver(task, command, Tones(), executor or InProcessExecutor()), NoReceiver
        )

    clip = PartialClip("new")
    assert takes(Generate())
    assert not takes(Generate(count=2))
    assert not takes(Generate(space=0.5))
    assert not takes(Generate(), InWorkers())  # each span would be sent besides the clip
    clip.listen(lambda: None)
    assert takes(Generate(), InWorkers())


def test_a_clip_that_is_begun_anew_has_none_of_the_old_spans() -> None:
    clip = PartialClip("new")
    clip.begin(PLAN)
    clip.take(SPAN)
    assert (clip.progress.attempt, len(clip.progress.spans)) == (1, 1)
    clip.begin(PLAN)
    assert (clip.progress.attempt, len(clip.progress.spans)) == (2, 0)


@pytest.mark.parametrize("excess", [0, 5])
def test_only_the_last_jobs_that_ended_are_remembered(excess: int) -> None:
    clips = PartialClips()
    running = clips.add(0, "runs")
    for number in range(1, REMEMBERED + excess + 1):
        clips.add(number, f"c{number}").end()
    newest = clips.add(1_000, "new")
    assert clips.get(0) is running
    assert clips.get(None) is newest
    assert (clips.get(1) is None) == bool(excess)
    assert clips.get(REMEMBERED + excess) is not None
    assert clips.get(77_777) is None
