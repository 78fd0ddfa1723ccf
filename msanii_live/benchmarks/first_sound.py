"""`msanii-live bench first-sound`: how soon a clip is heard, and how soon its file is there."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msanii_live.dsp.heap import return_memory
from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.job import Finished, Job
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.library.library import Library
from msanii_live.playback.factory import open_player
from msanii_live.playback.timebase import Timebase
from msanii_live.protocol.commands import Generate
from msanii_live.timing.transport import Transport

_TIMEOUT = 600.0  # s that a job may take

# Engine, seconds, steps (None for the engine's own number), and style.
CASES: Sequence[tuple[str, float, int | None, str]] = (
    ("mel-flow", 6.0, 1, "house"),
    ("mel-flow", 6.0, 4, "house"),
    ("mel-flow", 6.0, None, "house"),
    ("mel-flow", 30.0, 4, "house"),
    ("composer", 6.0, None, "piano"),
    ("composer", 30.0, None, "piano"),
    ("composer", 6.0, None, "house"),
    ("composer", 30.0, None, "house"),
)


@dataclass(frozen=True)
class Waits:
    """How long one job took, s: until its first frame was heard, and until its file was there."""

    to_sound: float
    to_file: float


class _Ends:
    """A listener that waits for the ends of jobs."""

    def __init__(self) -> None:
        self.ended_at: dict[Job, float] = {}
        self._changed = threading.Condition()

    def progressed(self, job: Job) -> None:
        """Ignore it."""

    def ended(self, job: Job) -> None:
        """Note when a job ended."""
        with self._changed:
            self.ended_at[job] = time.monotonic()
            self._changed.notify_all()

    def made(self, job: Job, name: str, path: Path) -> None:
        """Ignore it."""

    def warned(self, job: Job, text: str) -> None:
        """Ignore it."""

    def wait(self, job: Job) -> float:
        """Return when a job ended, s of the monotonic clock."""
        with self._changed:
            self._changed.wait_for(lambda: job in self.ended_at, _TIMEOUT)
        return self.ended_at[job]


@contextmanager
def running_jobs(audio: str) -> Iterator[tuple[Services, Scheduler, _Ends]]:
    """Run jobs in this process, with a player and a folder of its own."""
    return_memory()  # as a server does, so that the memory of tensors is reused as there
    timebase, ends = Timebase(), _Ends()
    transport = Transport(clock=timebase.now)
    player, _ = open_player(audio, transport, timebase)
    with tempfile.TemporaryDirectory() as folder:
        registry = EngineRegistry("cpu", "composer")
        services = Services(registry, Library(Path(folder)), player, transport)
        scheduler = Scheduler(services, ends)
        scheduler.start()
        try:
            yield services, scheduler, ends
        finally:
            scheduler.close()
            player.close()


def measure_waits(
    services: Services, scheduler: Scheduler, ends: _Ends, command: Generate
) -> Waits:
    """Carry a command out, and return how long its sound and its file took.

    Raises: RuntimeError: the job failed.
    """
    player = services.player
    asked, began = player.now(), time.monotonic()
    job = scheduler.submit(command, "bench", "", "first-sound")
    region = None
    while region is None and time.monotonic() - began < _TIMEOUT:
        region = next((r for r in player.regions() if r.track == "first-sound"), None)
        if job in ends.ended_at and not isinstance(job.outcome, Finished):
            raise RuntimeError(f"the job ended with {job.outcome}")
        time.sleep(0.002)
    assert region is not None
    waits = Waits(region.start / player.rate - asked, ends.wait(job) - began)
    player.stop("first-sound")
    while player.regions():
        time.sleep(0.01)
    return waits


def report_first_sound(runs: int, audio: str) -> int:
    """Measure each case, and print the table. Returns the status."""
    print("| clip | first frame heard, least | median | file there, least | median |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with running_jobs(audio) as (services, scheduler, ends):
        for engine, seconds, steps, style in CASES:
            command = Generate(
                engine=engine, seconds=seconds, steps=steps, style=style, play=1, seed=1
            )
            measure_waits(services, scheduler, ends, command)  # loads, and learns the speed
            waits = [measure_waits(services, scheduler, ends, command) for _ in range(runs)]
            name = f"{engine}, {style}, {seconds:g} s" + (f", steps {steps}" if steps else "")
            columns = [
                f"{1000 * kind(values):.0f} ms"
                for values in ([w.to_sound for w in waits], [w.to_file for w in waits])
                for kind in (min, statistics.median)
            ]
            print(f"| {name} | {' | '.join(columns)} |", flush=True)
    return 0
