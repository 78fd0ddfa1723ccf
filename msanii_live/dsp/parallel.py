"""Independent pieces of work at the same time, each on one CPU thread.

The operations of a vocoder take a millisecond or less. Two threads that share each of them wait for
each other after each, which takes longer than one thread alone as soon as another program is on the
cores. Two threads with a piece each wait once, at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache, partial
from queue import SimpleQueue
from typing import Generic, TypeVar

import torch

R = TypeVar("R")
Report = Callable[[], None]
Relay = Callable[[Report], Report]
"""Takes a report and returns one that a piece of work may call from any thread."""

MAX_WORKERS = 5  # as many as there are parts
_one_lockstep = threading.Lock()


class _Stopped(Exception):
    """The end of a piece of work, because the report of another one raised."""


def run_in_parallel(pieces: Sequence[Callable[[Relay], R]], device: torch.device) -> list[R]:
    """Return the results of independent pieces of work, in their order.

    On a CPU they run at the same time, each on its share of the threads; elsewhere one by one. The
    results do not depend on how many run at once, up to rounding. Reports that a piece has relayed
    are called by the thread that called this function; an exception from one ends all pieces.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads < 2 or len(pieces) < 2:
        return [piece(lambda report: report) for piece in pieces]
    return _Run(pieces).results(_pool(threads))


def run_in_lockstep(pieces: Sequence[Iterator[None]]) -> None:
    """Run pieces of work that need what the others have made, on a CPU.

    Each yields where it must wait until all have come as far; all yield equally often. They run at
    the same time where each can have a thread, and by turns elsewhere.
    Raises: what a piece raises.
    """
    if not 1 < len(pieces) <= min(torch.get_num_threads(), MAX_WORKERS):
        for _ in zip(*pieces, strict=True):
            pass
        return
    meeting = threading.Barrier(len(pieces))
    # Two such runs at once could each hold a thread that the other waits for.
    with _one_lockstep:
        run_in_parallel([partial(_walk, piece, meeting) for piece in pieces], torch.device("cpu"))


def _walk(piece: Iterator[None], meeting: threading.Barrier, relay: Relay) -> None:
    try:
        for _ in piece:
            meeting.wait()
    except threading.BrokenBarrierError:  # another piece raised, which is reported
        pass
    except BaseException:
        meeting.abort()
        raise


def run_parts(parts: Mapping[str, Callable[[Relay], R]], device: torch.device) -> dict[str, R]:
    """Return the results of pieces of work by name; see `run_in_parallel`."""
    return dict(zip(parts, run_in_parallel(list(parts.values()), device), strict=True))


def is_split_by_channel(mel: torch.Tensor) -> bool:
    """Return whether the channels of a mel are worth a thread each."""
    return len(mel) > 1 and mel.device.type == "cpu" and torch.get_num_threads() > 1


def each_channel(work: Callable[[slice, Relay], torch.Tensor], mel: torch.Tensor) -> torch.Tensor:
    """Return what work makes of each channel, (channels, frames), all at the same time."""
    pieces = [partial(work, slice(number, number + 1)) for number in range(len(mel))]
    return torch.cat(run_in_parallel(pieces, mel.device))


class _Run(Generic[R]):
    """Pieces of work that run in other threads, and the reports that they make."""

    def __init__(self, pieces: Sequence[Callable[[Relay], R]]) -> None:
        self._pieces = pieces
        self._reports: SimpleQueue[Report | None] = SimpleQueue()  # None: a piece has ended
        self._stopped = threading.Event()
        # torch keeps both for each thread.
        self._is_inference = torch.is_inference_mode_enabled()
        self._has_gradients = torch.is_grad_enabled()

    def results(self, pool: ThreadPoolExecutor) -> list[R]:
        """Run all pieces; return what they return. Raises: what a report or a piece raises."""
        futures = [pool.submit(copy_context().run, self._run, piece) for piece in self._pieces]
        running = len(futures)
        try:
            while running:
                report = self._reports.get()
                if report is None:
                    running -= 1
                else:
                    report()
        finally:
            self._stopped.set()
            while running:
                running -= self._reports.get() is None
        return [future.result() for future in futures]

    def _run(self, piece: Callable[[Relay], R]) -> R:
        try:
            with (
                torch.inference_mode(self._is_inference),
                torch.set_grad_enabled(self._has_gradients),
            ):
                return piece(self._relay)
        finally:
            self._reports.put(None)

    def _relay(self, report: Report) -> Report:
        def relayed() -> None:
            if self._stopped.is_set():
                raise _Stopped
            self._reports.put(report)

        return relayed


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return as many threads as pieces run at once, each with its share of torch's threads."""
    workers = min(threads, MAX_WORKERS)
    started = threading.Barrier(workers + 1)
    pool = ThreadPoolExecutor(workers, "piece")
    for _ in range(workers):
        pool.submit(_take_share, threads // workers, started)
    started.wait()
    torch.set_num_threads(threads)  # for this thread, and for those that begin later
    return pool


def _take_share(threads: int, started: threading.Barrier) -> None:
    torch.get_num_threads()  # torch sets a thread's number when it is first asked, over ours
    torch.set_num_threads(threads)
    started.wait()
