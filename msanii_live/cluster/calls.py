"""What a server and its workers tell each other; all of it can be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msanii_live.audio import Clip, Samples
from msanii_live.engines.base import OffloadMode
from msanii_live.engines.spans import SpanPlan
from msanii_live.errors import Cancelled, Code, CommandError
from msanii_live.notes import Score

CLIP, SCORE = "clip", "score"  # kinds of sources

Loras = Mapping[str, tuple[Path, float]]
Made = Clip | Score | tuple[Clip, ...]  # what a method of an engine returns


@dataclass(frozen=True)
class ContextPlace:
    """The place of the context among the arguments of an engine's method."""


@dataclass(frozen=True)
class EngineSetup:
    """What the registry of a worker is made with: see `EngineRegistry`.

    threads: of PyTorch on a CPU; 0 leaves the choice to it. version: of the server's package.
    """

    device: str
    default: str
    vocoder: str
    compiled: bool
    precision: str
    trust_remote_code: bool
    offload: OffloadMode
    cuda_graphs: bool
    threads: int
    version: str


@dataclass(frozen=True)
class EngineCall:
    """A method of an engine, to be run by a worker.

    number: of the call, unique in its server. args: with a `ContextPlace` where the context goes.
    tempo, beats, seed, skip_normalization: of the context. loras: those that the engine must use.
    sources: names and keys of clips that the worker has or gets with the call, these first.
    news_interval: s between reports of progress. wants_spans: the clip is heard while it is made.
    """

    number: int
    engine: str
    method: str
    args: tuple[Any, ...]
    tempo: float
    beats: int
    seed: int
    skip_normalization: bool
    loras: Loras | None = None
    sources: tuple[tuple[str, str], ...] = ()
    news_interval: float = 0.1
    wants_spans: bool = False


@dataclass(frozen=True)
class SourceRequest:
    """A source that a worker needs. kind: CLIP or SCORE. has_lost: it does not keep it any more."""

    kind: str
    name: str
    has_lost: bool = False


@dataclass(frozen=True)
class MadeSpan:
    """Samples of a clip that is being made. start: their first frame in the clip."""

    start: int
    samples: Samples


@dataclass(frozen=True)
class CallNews:
    """What is new of a call. warnings: those not told before. request: to be answered, or None.

    plan: of a clip that is handed over while it is made, once it is begun. spans: those of it.
    """

    step: int
    steps: int
    warnings: tuple[str, ...] = ()
    request: SourceRequest | None = None
    plan: SpanPlan | None = None
    spans: tuple[MadeSpan, ...] = ()

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for them."""
        return self.request is not None or self.plan is not None or bool(self.spans)

    def after(self, before: CallNews) -> CallNews:
        """Return these news together with earlier ones that nobody was told."""
        is_begun_anew = self.plan is not None
        return replace(
            self,
            warnings=(*before.warnings, *self.warnings),
            plan=self.plan or before.plan,
            spans=self.spans if is_begun_anew else (*before.spans, *self.spans),
        )


@dataclass(frozen=True)
class Failure:
    """An error that a client can be sent: exceptions of two arguments cannot be pickled."""

    code: str
    text: str
    is_cancelled: bool = False
    step: int = 0

    @classmethod
    def of(cls, error: CommandError | Cancelled) -> Failure:
        """Return an error as a value."""
        if isinstance(error, Cancelled):
            return cls("", "", True, error.step)
        return cls(str(error.code), error.text)

    def error(self) -> CommandError | Cancelled:
        """Return the exception."""
        return (
            Cancelled(self.step) if self.is_cancelled else CommandError(Code(self.code), self.text)
        )


@dataclass(frozen=True)
class CallEnd:
    """How a call ended. failure: None where it made something. news: what was not told.

    facts: of the worker afterwards.
    """

    failure: Failure | None
    precision: str
    news: CallNews
    facts: WorkerFacts


@dataclass(frozen=True)
class WorkerFacts:
    """What a worker is. loaded: engines in memory. gpu: as Ray names it, "" for none."""

    host: str
    pid: int
    device: str
    gpu: str
    loaded: tuple[str, ...]
    memory_mb: float
    python: str
    version: str

    @property
    def place(self) -> str:
        """The device, with the number of its GPU where it has one."""
        return f"{self.device}:{self.gpu}" if self.gpu and self.device == "cuda" else self.device
