"""A worker: a process with engines of its own, which carries out one call at a time."""

from __future__ import annotations

import os
import platform
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import TypeVar

from msanii_live import __version__
from msanii_live.audio import Clip
from msanii_live.cluster.calls import (
    CLIP,
    SCORE,
    CallEnd,
    CallNews,
    ContextPlace,
    EngineCall,
    EngineSetup,
    Failure,
    SourceRequest,
    WorkerFacts,
)
from msanii_live.cluster.kept_clips import KeptClips, clip_bytes
from msanii_live.dsp.heap import return_memory
from msanii_live.dsp.thread_limit import limit_threads
from msanii_live.engines.base import Context, has_loras
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.failures import to_command_error
from msanii_live.notes import Score

NEWS_INTERVAL = 0.1  # s: at most ten reports a second
GROUPS = {"job": 1, "control": 6}  # threads of a worker: its call, and questions meanwhile
REMEMBERED = 64  # numbers of calls that were cancelled before they began


F = TypeVar("F", bound=Callable[..., object])


def in_group(name: str) -> Callable[[F], F]:
    """Mark a method as `ray.method(concurrency_group=name)` does, without Ray."""

    def mark(method: F) -> F:
        method.__ray_concurrency_group__ = name  # type: ignore[attr-defined]
        return method

    return mark


class EngineActor:
    """Engines, and what is known of the call that they carry out.

    Ray runs `run` and `manage` on one thread, and the other methods on others meanwhile.
    """

    def __init__(self, setup: EngineSetup) -> None:
        """Make the registry; engines are made and loaded when they are first needed."""
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        limit_threads(setup.threads)
        return_memory()
        self._registry = EngineRegistry(
            setup.device, setup.default, setup.vocoder, setup.compiled, setup.precision,
            setup.trust_remote_code, setup.offload, setup.cuda_graphs,
        )  # fmt: skip
        self._changed = threading.Condition()
        self._call: _RunningCall | None = None
        self._cancelled: list[int] = []
        self._ended = 0  # number of the last call that has ended
        self._kept: KeptClips[Clip] = KeptClips()

    @in_group("job")
    def run(self, call: EngineCall, *clips: Clip) -> CallEnd:
        """Carry a call out; an error is a value, so that only a lost process raises.

        clips: the first of the call's sources, which the worker did not have.
        """
        with self._changed:
            for (_, key), clip in zip(call.sources, clips, strict=False):
                self._kept.add(key, clip, clip_bytes(clip))
            known = {name: self._kept.get(key) for name, key in call.sources}
            running = _RunningCall(call.number, self._changed, known)
            self._call, running.is_cancelled = running, call.number in self._cancelled
            self._changed.notify_all()
        precision = ""
        try:
            engine = self._registry.get(call.engine)
            if call.loras is not None and has_loras(engine) and engine.loras() != call.loras:
                engine.set_loras(call.loras)
            context = self._context(call, running)
            args = (context if isinstance(arg, ContextPlace) else arg for arg in call.args)
            made = getattr(engine, call.method)(*args)
            made = tuple(made) if isinstance(made, list) else made
            precision = engine.precision
        except (CommandError, Cancelled) as error:
            made = Failure.of(error)
        except Exception as error:
            made = Failure.of(to_command_error(error, f"call {call.number}"))
        facts = self.facts()
        with self._changed:
            self._call, self._ended = None, call.number
            self._changed.notify_all()
            return CallEnd(made, precision, running.news(), facts)

    @in_group("control")
    def news(self, number: int, wait: float) -> CallNews | None:
        """Wait for something new of a call, at most ten times a second; None once it has ended.

        wait: s, after which it returns what is known.
        """
        until = time.monotonic() + wait
        with self._changed:
            while (left := until - time.monotonic()) > 0:
                running = self._call
                if number <= self._ended:
                    return None
                if running is not None and running.number == number:
                    pause = running.until_news()
                    if pause is not None and pause <= 0:
                        break
                    left = left if pause is None else min(left, pause)
                self._changed.wait(left)
            running = self._call
            return running.news() if running and running.number == number else CallNews(0, 0)

    @in_group("control")
    def give(
        self, number: int, request: SourceRequest, key: str, value: Clip | Score | Failure | None
    ) -> None:
        """Take the source that a call asked for. value: None for a clip that is kept by `key`."""
        with self._changed:
            if isinstance(value, Clip):
                self._kept.add(key, value, clip_bytes(value))
            found = self._kept.get(key) if value is None else value
            if self._call is not None and self._call.number == number:
                self._call.take(request, found)

    @in_group("control")
    def cancel(self, number: int) -> None:
        """End a call at its next step, also one that has not begun."""
        with self._changed:
            self._cancelled = [*self._cancelled[-REMEMBERED:], number]
            if self._call is not None and self._call.number == number:
                self._call.is_cancelled = True
            self._changed.notify_all()

    @in_group("job")
    def manage(self, engine: str, action: str) -> Failure | None:
        """Load and warm an engine, or free it. action: load or free."""
        try:
            it = self._registry.get(engine)
            if action == "free":
                it.free()
            else:
                it.load()
                it.warm()
        except CommandError as error:
            return Failure.of(error)
        except Exception as error:
            return Failure.of(to_command_error(error, f"{action} {engine}"))
        return None

    @in_group("job")
    def use_loras(self, engine: str, loras: dict[str, object]) -> Failure | None:
        """Use exactly these LoRAs of an engine: see `LoraEngine`."""
        try:
            self._registry.get(engine).set_loras(loras)  # type: ignore[attr-defined]
        except CommandError as error:
            return Failure.of(error)
        except Exception as error:
            return Failure.of(to_command_error(error, f"LoRAs of {engine}"))
        return None

    @in_group("control")
    def facts(self) -> WorkerFacts:
        """Return what the worker is."""
        registry = self._registry
        return WorkerFacts(
            host=socket.gethostname(),
            pid=os.getpid(),
            device=registry.device,
            gpu=os.environ.get("CUDA_VISIBLE_DEVICES", ""),
            loaded=tuple(name for name in registry.names() if registry.state(name) == "loaded"),
            memory_mb=registry.memory_mb(),
            python=platform.python_version(),
            version=__version__,
        )

    def _context(self, call: EngineCall, running: _RunningCall) -> Context:
        return Context(
            clip=cache(running.ask_clip),
            progress=running.advance,
            warn=running.warn,
            tempo=call.tempo,
            beats=call.beats,
            seed=call.seed,
            score=cache(running.ask_score),
            skip_normalization=call.skip_normalization,
        )


class _RunningCall:
    """A call that is carried out. Its engine's thread writes to it, others read and answer."""

    def __init__(
        self, number: int, changed: threading.Condition, known: Mapping[str, Clip | None]
    ) -> None:
        """Begin. known: sources; None for one that the server thinks is kept."""
        self.number = number
        self._known = known
        self.is_cancelled = False
        self._changed = changed
        self._step = self._steps = 0
        self._warnings: list[str] = []
        self._request: SourceRequest | None = None
        self._is_asked = False  # the request was told
        self._answer: Clip | Score | Failure | None = None
        self._is_answered = False
        self._is_stepped = False  # since the last news
        self._told = 0.0

    # -- for the engine --------------------------------------------------------------------------

    def advance(self, step: int, steps: int) -> None:
        """Note progress. Raises: Cancelled."""
        with self._changed:
            if self.is_cancelled:
                raise Cancelled(step)
            self._step, self._steps, self._is_stepped = step, steps, True
            self._changed.notify_all()

    def warn(self, text: str) -> None:
        """Have a warning told."""
        with self._changed:
            self._warnings.append(text)
            self._changed.notify_all()

    def ask_clip(self, name: str) -> Clip:
        """Ask the server for a clip and wait for it. Raises: CommandError; Cancelled."""
        clip = self._known.get(name) or self._ask(CLIP, name)
        assert isinstance(clip, Clip)
        return clip

    def ask_score(self, name: str) -> Score:
        """Ask the server for notes and wait for them. Raises: CommandError; Cancelled."""
        score = self._ask(SCORE, name)
        assert isinstance(score, Score)
        return score

    def _ask(self, kind: str, name: str) -> Clip | Score:
        request = SourceRequest(kind, name, has_lost=kind == CLIP and name in self._known)
        while True:
            with self._changed:
                self._request, self._is_asked, self._is_answered = request, False, False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._is_answered or self.is_cancelled)
                self._request = None
                if not self._is_answered:
                    raise Cancelled(self._step)
                answer, self._answer = self._answer, None
            if isinstance(answer, Failure):
                raise answer.error()
            if answer is not None:
                return answer
            request = replace(request, has_lost=True)

    # -- for the server; the lock is held --------------------------------------------------------

    def until_news(self) -> float | None:
        """Return the seconds until something may be told, None if nothing is new."""
        if self._warnings or (self._request and not self._is_asked):
            return 0.0
        return self._told + NEWS_INTERVAL - time.monotonic() if self._is_stepped else None

    def news(self) -> CallNews:
        """Return what is new, which is told by this."""
        request = None if self._is_asked else self._request
        told = CallNews(self._step, self._steps, tuple(self._warnings), request)
        self._warnings, self._is_stepped, self._told = [], False, time.monotonic()
        self._is_asked = self._is_asked or request is not None
        return told

    def take(self, request: SourceRequest, answer: Clip | Score | Failure | None) -> None:
        """Take the answer to a request."""
        if self._request == request:
            self._answer, self._is_answered = answer, True
            self._changed.notify_all()
