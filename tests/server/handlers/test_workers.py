"""The list of workers, as clients and the page see it."""

from dataclasses import dataclass, field

from msanii_live.jobs.executor import EngineProcess
from msanii_live.jobs.job import Job
from msanii_live.jobs.task import Task, TaskHandle
from msanii_live.protocol.commands import Generate
from msanii_live.server.handlers.workers import WorkerHandlers
from msanii_live.server.workers import WorkerView
from tests.server.fakes import run

THERE = EngineProcess(True, ("mel-flow", "composer"), "cuda:1", "box", 12, 800.0)
COMMAND = Generate()


def handle(slot, started=1.0):
    it = TaskHandle(Task(COMMAND, 1, None))
    it.slot, it.started = slot, started
    return it


@dataclass
class Tasks:
    """What runs in the slots. kept_slot: the stream's."""

    tasks: list
    kept_slot: int | None = None

    def running(self):
        return self.tasks


@dataclass
class Queue:
    worker: Tasks
    waiting: list = field(default_factory=list)

    def jobs(self):
        return self.waiting


@dataclass
class Processes:
    """An executor of given processes."""

    all: list
    workers: int = 4

    def processes(self):
        return self.all


def view(workers=4):
    busy, streams = handle(0), handle(3)
    jobs = [
        Job(7, COMMAND, "a", 1, "", "", handle=busy),
        Job(8, COMMAND, "b", 1, "", "", handle=handle(0, started=0.0)),
    ]
    processes = Processes([THERE, THERE, EngineProcess(False), THERE], workers)
    return WorkerView(processes, Queue(Tasks([busy, streams], kept_slot=3), jobs))


def test_each_worker_is_listed_with_its_job_and_what_waits():
    rest = ("mel-flow composer", "cuda:1", "box", 800.0)

    async def test(bench):
        bench.send("/msanii/worker/list", "id", "w")
        assert [m.args for _, m in bench.wire.sent] == [
            ("w", 1, "busy", *rest, 7, 1),
            ("w", 2, "idle", *rest, -1, 1),
            ("w", 3, "lost", "", "", "", 0.0, -1, 1),
            ("w", 4, "stream", *rest, -1, 1),
            ("/msanii/worker/list", "w", -1),
        ]

    run(test, WorkerHandlers(view()).table())


def test_caps_and_the_page_have_a_line_on_each_worker():
    facts = view().facts()
    assert facts[0] == ("workers", "4")
    assert facts[1] == (
        "worker-1",
        "busy with job 7: mel-flow composer on cuda:1, 800 MB, process 12 of box",
    )
    assert facts[3] == ("worker-3", "lost: no process")
    assert [text for _, text in facts[1:]] == list(view().texts())


def test_a_server_without_workers_says_so():
    assert view(workers=0).facts() == [("workers", "0")]
