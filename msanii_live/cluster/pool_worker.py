"""What the server knows of one worker."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from msanii_live.cluster.calls import WorkerFacts


@dataclass
class PoolWorker:
    """A worker of one slot. facts: None until it first answered, and while it is lost.

    sent: keys of the clips that it has got. question: what was asked of it last, while it is open,
    at the time `asked`. told: when it was last heard of. is_busy: it has a task. lost: when it was
    last seen to be lost; 0 while it is there. Times are seconds of the monotonic clock.
    """

    number: int
    actor: Any = None
    facts: WorkerFacts | None = None
    sent: set[str] = field(default_factory=set)
    question: Future[Any] | None = None
    asked: float = 0.0
    told: float = 0.0
    is_busy: bool = False
    lost: float = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether it answers."""
        return self.facts is not None
