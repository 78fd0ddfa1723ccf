"""Several clips of one command: one job, one end, a clip for each seed."""

from dataclasses import replace

import numpy as np

from msanii_live.engines.base import standalone_context
from msanii_live.engines.tones import Tones
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.jobs.batch import progress_of_part
from msanii_live.jobs.job import Finished
from msanii_live.protocol.commands import Generate, Outpaint
from tests.jobs.test_scheduler import listener as listener
from tests.jobs.test_scheduler import scheduler as scheduler
from tests.jobs.test_scheduler import services as services
from tests.library.clips import refusal


def several(count, **args):
    return Generate(seconds=0.5, count=count, **args)


def test_each_clip_is_that_of_its_seed(scheduler, listener, services):
    scheduler.start()
    outcome = listener.wait(scheduler.submit(several(3, seed=5), "", "", "mine"))
    assert isinstance(outcome, Finished)
    assert outcome.info.name == "mine-1"
    assert [name for name, _ in listener.clips] == ["mine-1", "mine-2", "mine-3"]
    assert all(path.is_file() for _, path in listener.clips)
    for number in range(3):
        clip = services.library.get(f"mine-{number + 1}")
        assert clip.info.seed == 5 + number
        assert clip.info.command.get("count", 1) == 1
        alone = scheduler.submit(Generate(seconds=0.5, seed=5 + number), "", "", "alone")
        listener.wait(alone)
        np.testing.assert_array_equal(clip.samples, services.library.get("alone").samples)
    assert listener.progress[0] == (0, 12)
    assert len(listener.ends) == 4


def test_a_command_for_a_clip_to_come_waits_for_it(scheduler, listener):
    first = scheduler.submit(several(2), "", "", "pair")
    assert scheduler.is_pending("pair-2")
    assert not scheduler.is_pending("pair-3")
    one = scheduler.submit(several(1), "", "", "one")
    assert scheduler.eta(first) > scheduler.eta(one) - scheduler.eta(first)
    second = scheduler.submit(Outpaint(src="pair-2", seconds=0.5, count=2), "", "", "more")
    scheduler.start()
    assert listener.wait(second).info.parents == ("pair-2",)


def test_progress_goes_on_from_one_clip_to_the_next():
    told = []
    context = replace(standalone_context(), progress=lambda *at: told.append(at))
    for number in range(2):
        for step in range(3):
            progress_of_part(context, number, [0, 1])(step, 2)
    assert told == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]


def test_a_job_of_several_is_cancelled_as_one(scheduler, listener, services, monkeypatch):
    own = Tones.run

    def run(engine, command, context):
        clip = own(engine, command, context)
        scheduler.cancel(scheduler.jobs())
        return clip

    monkeypatch.setattr(Tones, "run", run)
    scheduler.start()
    job = scheduler.submit(several(3), "", "", "gone")
    assert isinstance(listener.wait(job), Cancelled)
    assert listener.clips == []
    assert "gone-1" not in services.library


def test_an_engine_that_can_makes_all_in_one_pass(scheduler, listener, monkeypatch):
    batches = []

    def run_batch(engine, command, context, seeds):
        batches.append(list(seeds))
        return [engine.run(command, context) for _ in seeds]

    monkeypatch.setattr(Tones, "run_batch", run_batch, raising=False)
    scheduler.start()
    listener.wait(scheduler.submit(several(4, seed=2**31 - 2), "", "", "all"))
    assert batches == [[2**31 - 2, 2**31 - 1, 0, 1]]


def test_the_clips_before_a_full_disk_are_kept(scheduler, listener, services, monkeypatch):
    own, made = services.library.add, []

    def add(clip, *others):
        if len(made) == 1:
            raise CommandError(Code.EPATH, "the disk is full")
        made.append(clip.info.name)
        return own(clip, *others)

    monkeypatch.setattr(services.library, "add", add)
    scheduler.start()
    outcome = listener.wait(scheduler.submit(several(2), "", "", "half"))
    assert outcome.code == Code.EPATH
    assert "half-1" in services.library
    with refusal(Code.ENOCLIP):
        services.library.get("half-2")
