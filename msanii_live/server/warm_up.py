"""Engines made ready on the worker's thread: the default one at start, that of audio when idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError

from msanii_live.engines.builtin import AUDIO_ENGINE
from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.scheduler import Scheduler

log = logging.getLogger("msanii_live")

QUIET = 1.0  # s without a job before the engine of audio is touched, so that no first command waits
FIRST_RUN = 3.0  # s of a first run after which a second one, to be timed, is not waited for
MEMORY = 1 << 30  # bytes that must be free for it


async def warm_default(registry: EngineRegistry, scheduler: Scheduler) -> None:
    """Load the default engine and run it twice; the second run tells how fast jobs will be.

    The first run also loads libraries and chooses kernels, which took five times as long. An
    engine that is slow anyway runs once. Raises: CommandError: EENGINE.
    """

    def warm() -> None:
        engine = registry.get()
        engine.load()
        seconds = _timed(engine.warm)
        if seconds < FIRST_RUN:
            seconds = _timed(engine.warm)
        scheduler.worker.durations.set_warm_up(seconds)

    await _on_worker(scheduler, warm)


async def warm_audio_engine(registry: EngineRegistry, scheduler: Scheduler) -> None:
    """Load and run the engine that gets source clips without notes, if the default needs notes.

    On a machine with little memory it is loaded when it is needed instead.
    """
    if not registry.get().capabilities.needs_source_notes:
        return
    import psutil

    if psutil.virtual_memory().available < MEMORY:
        log.info("memory is scarce: %s is loaded when it is needed", AUDIO_ENGINE)
        return
    try:
        await _until_idle(scheduler)
        await _on_worker(scheduler, lambda: registry.get(AUDIO_ENGINE).load())
        await _until_idle(scheduler)
        await _on_worker(scheduler, lambda: registry.get(AUDIO_ENGINE).warm())
    except Exception as error:  # it is not needed yet, and its first command says what is wrong
        log.warning("%s cannot be made ready: %s", AUDIO_ENGINE, error)
    else:
        log.info("%s is ready for sounds without notes", AUDIO_ENGINE)


def _timed(call: Callable[[], None]) -> float:
    """Call something, and return how long it lasted, s."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


async def _until_idle(scheduler: Scheduler) -> None:
    """Wait until no job has been there for QUIET seconds, as far as two looks can tell."""
    looks = 0
    while looks < 2:
        looks = 0 if scheduler.worker.tasks() else looks + 1
        if looks < 2:
            await asyncio.sleep(QUIET)


async def _on_worker(scheduler: Scheduler, call: Callable[[], None]) -> None:
    """Call something between jobs, and wait for its end. Raises: what it raises."""
    ended: Future[None] = Future()

    def called() -> None:
        try:
            call()
            ended.set_result(None)
        except BaseException as error:
            with contextlib.suppress(InvalidStateError):  # nobody waits any more
                ended.set_exception(error)

    scheduler.run_between_jobs(called)
    await asyncio.wrap_future(ended)
