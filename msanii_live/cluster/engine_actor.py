"""A worker: a process with engines of its own, which carries out one call at a time."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import sys
import threading
from functools import cache
from typing import Any

from msanii_live import __version__
from msanii_live.audio import Clip
from msanii_live.cluster.calls import (
    CallEnd,
    CallNews,
    ContextPlace,
    EngineCall,
    EngineSetup,
    Failure,
    Made,
    SourceRequest,
    WorkerFacts,
)
from msanii_live.cluster.groups import in_group
from msanii_live.cluster.kept_clips import KeptClips, clip_bytes
from msanii_live.cluster.running_call import RunningCall
from msanii_live.dsp.heap import return_memory
from msanii_live.dsp.thread_limit import limit_threads
from msanii_live.engines.base import Context, has_loras
from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.spans import NoReceiver
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.failures import to_command_error
from msanii_live.notes import Score

GROUPS = {"job": 1, "control": 6}  # threads of a worker: its call, and questions meanwhile
REMEMBERED = 64  # numbers of calls that were cancelled before they began


class EngineActor:
    """Engines, and what is known of the call that they carry out.

    Ray runs `run` and `manage` on one thread, and the other methods on others meanwhile.
    """

    def __init__(self, setup: EngineSetup, hub: Any = None) -> None:
        """Make the registry; engines are made and loaded when they are first needed.

        hub: Ray's handle of the `NewsHub` that progress, warnings and requests are told to.
        """
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        limit_threads(setup.threads)
        return_memory()
        self._registry = EngineRegistry(
            setup.device, setup.default, setup.vocoder, setup.compiled, setup.precision,
            setup.trust_remote_code, setup.offload, setup.cuda_graphs,
        )  # fmt: skip
        self._changed = threading.Condition()
        self._call: RunningCall | None = None
        self._cancelled: list[int] = []
        self._ended = 0  # number of the last call that has ended
        self._kept: KeptClips[Clip] = KeptClips()
        self._hub = hub
        if hub is not None:
            threading.Thread(target=self._tell, name="news", daemon=True).start()

    @in_group("job", returns=2)
    def run(self, call: EngineCall, *clips: Clip) -> tuple[CallEnd, Made | None]:
        """Carry a call out; an error is a value, so that only a lost process raises.

        clips: the first of the call's sources, which the worker did not have. Returns how it ended,
        and what it made: two things of Ray, so that the small one is there before the large one.
        """
        with self._changed:
            for (_, key), clip in zip(call.sources, clips, strict=False):
                self._kept.add(key, clip, clip_bytes(clip))
            known = {name: self._kept.get(key) for name, key in call.sources}
            running = RunningCall(call.number, self._changed, known, call.news_interval)
            self._call, running.is_cancelled = running, call.number in self._cancelled
            self._changed.notify_all()
        precision, failure = "", None
        made: Made | None = None
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
            failure = Failure.of(error)
        except Exception as error:
            failure = Failure.of(to_command_error(error, f"call {call.number}"))
        facts = self.facts()
        with self._changed:
            self._call, self._ended = None, call.number
            self._changed.notify_all()
            return CallEnd(failure, precision, running.last_news(), facts), made

    @in_group("control")
    def news(self, number: int) -> CallNews | None:
        """Return what is known of a call, None once it has ended.

        It is asked seldom: whether this process answers, and for what the hub may have lost.
        """
        with self._changed:
            running = self._call
            if number <= self._ended:
                return None
            return running.state() if running and running.number == number else CallNews(0, 0)

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
                self._call.answer(request, found)

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
        registry, gpu = self._registry, os.environ.get("CUDA_VISIBLE_DEVICES", "")
        return WorkerFacts(
            host=socket.gethostname(),
            pid=os.getpid(),
            device=likely_device(registry.device, gpu, sys.platform),
            gpu=gpu,
            loaded=tuple(name for name in registry.names() if registry.state(name) == "loaded"),
            memory_mb=registry.memory_mb(),
            python=platform.python_version(),
            version=__version__,
        )

    def _tell(self) -> None:
        """Tell the hub what is new, each `news_interval`; requests and warnings at once."""
        while True:
            with self._changed:
                while True:
                    running = self._call
                    pause = None if running is None else running.until_news()
                    if running is not None and pause is not None and pause <= 0:
                        break
                    self._changed.wait(pause)
                number, news = running.number, running.news()
            with contextlib.suppress(Exception):  # Ray starts it again; `news` is asked as well
                self._hub.tell.remote(number, news)

    def _context(self, call: EngineCall, running: RunningCall) -> Context:
        return Context(
            clip=cache(running.ask_clip),
            progress=running.advance,
            warn=running.warn,
            tempo=call.tempo,
            beats=call.beats,
            seed=call.seed,
            score=cache(running.ask_score),
            skip_normalization=call.skip_normalization,
            spans=running if call.wants_spans else NoReceiver(),
        )


def likely_device(device: str, gpu: str, system: str) -> str:
    """Return where the models of a worker run, also before PyTorch is loaded and knows.

    device: as the registry says, "auto" before. gpu: those that Ray gave the process, "" for none.
    system: as Python names it.

    >>> likely_device("auto", "0", "linux"), likely_device("auto", "", "linux")
    ('cuda', 'cpu')
    >>> likely_device("auto", "", "darwin"), likely_device("cpu", "0", "linux")
    ('mps', 'cpu')
    """
    if device != "auto":
        return device
    return "cuda" if gpu else "mps" if system == "darwin" else "cpu"
