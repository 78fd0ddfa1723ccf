"""The server's process: signals, the ready line, and the exit status."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from msanii_live.app import Server
from msanii_live.config import Config
from msanii_live.dsp.heap import return_memory, return_spare_memory
from msanii_live.errors import MsaniiError

log = logging.getLogger("msanii_live")

_SPARE_MEMORY_TIME = 30.0  # s between two times that spare memory goes back to the system


async def _serve(config: Config) -> bool:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    _on_signals(loop, stop.set)
    server = Server(config, stop.set)
    await server.open()
    started = time.monotonic()
    log.info("loading engine %s on %s", config.engine, config.device)
    warming = asyncio.create_task(server.warm_up())
    stopping = asyncio.create_task(stop.wait())
    tasks = [warming, stopping]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    try:
        if warming.done():
            warming.result()
            # Else a full collection of all that was imported stops every thread for 0.1 s at times.
            gc.collect()
            gc.freeze()
            _print_line(server.ready_line())
            request_priority()
            log.info("warm after %.1f s; clips go to %s", time.monotonic() - started, config.folder)
            tasks.append(asyncio.create_task(server.warm_audio_engine()))
            tasks.append(asyncio.create_task(_keep_returning_memory()))
            await stopping
            log.info("stopping")
    finally:
        ended = await server.close()
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
    return ended


async def _keep_returning_memory() -> None:
    """Return spare memory again and again, in a thread: the heaps are locked meanwhile."""
    while True:
        await asyncio.sleep(_SPARE_MEMORY_TIME)
        await asyncio.to_thread(return_spare_memory)


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Stop on Ctrl-C, on SIGTERM, and when the terminal is closed."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            continue  # nohup: the server is to outlive its terminal
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def request_priority() -> None:
    """Request real-time priority for this thread, below the audio host's, so that it answers soon.

    Beside other busy programs a message waited for its turn on a core. Threads and processes that
    are started later do not inherit it. On a single core it could keep the engine waiting.
    """
    with contextlib.suppress(AttributeError, OSError):  # not Linux, or not allowed
        if len(os.sched_getaffinity(0)) > 1:
            lowest = os.sched_param(os.sched_get_priority_min(os.SCHED_RR))
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, lowest)


def _print_line(line: str) -> None:
    """Print a line at once. The server goes on where nobody reads its standard output."""
    try:
        print(line, flush=True)
    except (OSError, ValueError) as error:
        log.warning("standard output is closed (%s): %s", error, line)
        with contextlib.suppress(OSError, ValueError):  # Python would fail on it again at its end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def run(config: Config) -> int:
    """Serve until told to stop.

    Returns the exit status: 0 after a stop, 2 for what the user can mend.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=config.log_level.upper(),
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
    )
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"  # it never reaches out
    return_memory()
    try:
        ended = asyncio.run(_serve(config))
    except MsaniiError as error:
        print(f"msanii-live: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"msanii-live: cannot listen on {config.bind}: {error}", file=sys.stderr)
        return 2
    if not ended or threading.active_count() > 1:
        # The worker is inside a long call into C. All files are whole: leave it.
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it may be closed
            sys.stdout.flush()
        os._exit(0)
    return 0
