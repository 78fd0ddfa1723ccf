"""The handlers of the commands about jobs."""

from dataclasses import dataclass

from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import Generate
from msanii_live.server.handlers.jobs import JobHandlers
from tests.server.fakes import run


@dataclass
class Job:
    number: int
    token: str
    fraction: float
    command: object = Generate()


class Scheduler:
    """A queue of two jobs."""

    def __init__(self, wire=None):
        self.cancelled = []
        self.sent_before = None

    def jobs(self):
        return [Job(4, "a", 0.5), Job(5, "b", 0.0)]

    def cancel(self, jobs):
        self.cancelled += [job.number for job in jobs]


class Tracker:
    """The jobs by token; "none" names no job."""

    def select(self, which, host):
        if which == "none":
            raise CommandError(Code.ERANGE, "no job none runs or waits")
        return [Job(4, "a", 0.5)] if which != "all" else [Job(4, "a", 0.5), Job(5, "b", 0.0)]


def test_jobs_are_listed_in_order():
    async def test(bench):
        bench.send("/msanii/job/list", "id", "l")
        assert [(m.address, m.args) for _, m in bench.wire.sent] == [
            ("/msanii/job/entry", ("l", 4, 0, "a", "/msanii/generate", 0.5)),
            ("/msanii/job/entry", ("l", 5, 1, "b", "/msanii/generate", 0.0)),
            ("/msanii/done", ("/msanii/job/list", "l", -1)),
        ]

    run(test, JobHandlers(Scheduler(), Tracker()).table())


def test_cancel_is_answered_before_the_jobs_end():
    scheduler = Scheduler()

    async def test(bench):
        scheduler.cancel = lambda jobs: scheduler.cancelled.append(
            ([job.number for job in jobs], len(bench.wire.sent))
        )
        bench.send("/msanii/job/cancel", "a")
        bench.send("/msanii/job/cancel", "all")
        bench.send("/msanii/job/cancel", "none")
        assert scheduler.cancelled == [([4], 1), ([4, 5], 2)]
        assert bench.wire.addresses() == ["/msanii/done", "/msanii/done", "/msanii/fail"]
        assert bench.wire.failures()[0][3] == "ERANGE"

    run(test, JobHandlers(scheduler, Tracker()).table())
