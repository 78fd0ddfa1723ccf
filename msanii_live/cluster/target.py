"""Where the workers of a server run, and how many there are to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerTarget:
    """What `--workers` names.

    address: of a cluster that others may use, ray://HOST:PORT; "" for a head of the server's own.
    number: of workers; None for one a GPU.
    """

    address: str
    number: int | None

    @classmethod
    def parse(cls, text: str) -> WorkerTarget:
        """Return what a checked option names.

        >>> WorkerTarget.parse("auto"), WorkerTarget.parse("2")
        (WorkerTarget(address='', number=None), WorkerTarget(address='', number=2))
        >>> WorkerTarget.parse("ray://box:10001/3")
        WorkerTarget(address='ray://box:10001', number=3)
        """
        if text.startswith("ray://"):
            host, _, number = text.removeprefix("ray://").partition("/")
            return cls(f"ray://{host}", int(number) if number else None)
        return cls("", int(text) if text.isdigit() else None)

    @property
    def words(self) -> str:
        """What is done first, and how long that takes.

        >>> WorkerTarget("", 2).words
        'starting Ray on this machine, which takes 10 to 20 s'
        """
        if self.address:
            return f"connecting to the Ray cluster at {self.address}"
        return "starting Ray on this machine, which takes 10 to 20 s"

    @property
    def is_growing(self) -> bool:
        """Whether the server takes what machines add later."""
        return bool(self.address) and self.number is None


def worker_count(total: Mapping[str, float], free: Mapping[str, float], own: int) -> int:
    """Return how many workers a server can have: one a GPU, or one a node where there is no GPU.

    What other servers use is not counted, so that several share a cluster.

    total, free: resources of the cluster, as Ray names them. own: workers that the server has,
    whose share is not free. Returns 1 at least.

    >>> worker_count({"GPU": 4}, {"GPU": 4}, 0), worker_count({"GPU": 4}, {"GPU": 1}, 2)
    (4, 3)
    >>> worker_count({"node:10.0.0.1": 1, "node:10.0.0.2": 1, "CPU": 8}, {"CPU": 7}, 1)
    2
    """
    gpus = total.get("GPU", 0)
    if gpus:
        return max(1, own + int(free.get("GPU", 0)))
    nodes = sum(n for name, n in total.items() if name.startswith("node:") and "_" not in name)
    return max(1, min(round(nodes), own + int(free.get("CPU", 0))))


def gpu_share(gpus: float, workers: int) -> float:
    """Return how much of a GPU each of some workers gets: one, a part if they share, or none.

    >>> gpu_share(4, 4), gpu_share(1, 2), gpu_share(0, 2), gpu_share(8, 2)
    (1.0, 0.5, 0.0, 1.0)
    """
    return min(1.0, gpus / workers)
