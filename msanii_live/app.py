"""Wire the parts together; start the server and end it. The only place that knows them all."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msanii_live.config import Config
from msanii_live.engines.registry import Shelf
from msanii_live.errors import MsaniiError
from msanii_live.jobs.work import Workshop
from msanii_live.monitor import web
from msanii_live.monitor.feed import Feed
from msanii_live.monitor.view import Surroundings, View
from msanii_live.osc.answers import value
from msanii_live.osc.dispatch import Dispatcher
from msanii_live.osc.doors import Doors
from msanii_live.osc.intake import Intake
from msanii_live.osc.query_web import QueryServer
from msanii_live.player.clock import Timebase
from msanii_live.player.folder import Library
from msanii_live.player.lock import FolderLock
from msanii_live.player.midi_in import MidiIn
from msanii_live.player.opening import open_player
from msanii_live.player.takes import Takes
from msanii_live.player.transport import Transport
from msanii_live.protocol.forms import table
from msanii_live.protocol.replies import Outgoing

if TYPE_CHECKING:
    from msanii_live.osc.announce import Announcement

log = logging.getLogger("msanii_live")

LAST_WORDS = 0.2  # seconds left for the replies of jobs that shutdown cancelled


class Server:
    """Hold the running parts."""

    def __init__(self, config: Config, stop: Callable[[], None]) -> None:
        self.config = config
        self.state = "starting"
        timebase = Timebase()
        transport = Transport(clock=timebase.now)
        shelf = Shelf(
            config.device, config.engine, config.vocoder, config.compile == "on", config.precision
        )
        shelf.check_default()
        self.lock = FolderLock(config.folder_path)
        library = Library(config.folder_path, keep_bytes=round(config.keep_gb * 10**9))
        midi, takes = MidiIn(config.midi_in, timebase.now), Takes()
        midi.listen(takes.hear, takes.unplugged)
        player, notice = open_player(config.audio, transport, timebase)
        if notice:
            log.warning("%s", notice)
        self.workshop = Workshop(shelf, library, player, transport, takes, midi)
        self.dispatcher = Dispatcher(self.workshop, stop, lambda: self.state, lambda: self.doors)
        self.view = View(self.workshop, self.dispatcher.scheduler, self._surroundings())
        self.feed = Feed(self.view)
        self.doors: Doors
        self.query: QueryServer
        self.announcement: Announcement | None = None
        self.monitor: web.Monitor

    async def open(self) -> None:
        """Bind the ports and start the worker.

        Raises: PortInUse; OSError: the address is none of this machine.
        """
        try:
            await self._bind()
        except BaseException:
            self.workshop.player.close()
            self.workshop.midi.close()
            raise
        self.dispatcher.scheduler.start()

    async def _bind(self) -> None:
        config = self.config
        networks = [ipaddress.ip_network(text, strict=False) for text in config.allow]
        dispatcher = self.dispatcher
        intake = Intake(dispatcher.receive, dispatcher.noticed, dispatcher.gone)
        self.doors = await Doors.open(config.bind, config.port, intake, allow=networks)
        everywhere = ipaddress.ip_address(self.doors.address[0]).is_unspecified
        value_of = partial(value, dispatcher)
        self.query = QueryServer(lambda: self.doors, value_of, networks, everywhere, self.feed.join)
        dispatcher.watch = self._watch
        try:
            front = [self.query.front]
            self.monitor = await web.start(config.bind, config.http_port, self.view, table(), front)
        except BaseException:
            self.doors.close()
            raise
        if config.is_announced:
            from msanii_live.osc.announce import announce  # costs 50 ms, and few want it

            self.announcement = await announce(*self.doors.address, self.monitor.port)

    def _watch(self, message: Outgoing) -> None:
        self.query.watch(message)
        self.view.hear(message)

    def _surroundings(self) -> Surroundings:
        dispatcher = self.dispatcher
        return Surroundings(
            state=lambda: self.state,
            osc=lambda: "{}:{}".format(*self.doors.address),
            folder=self.config.folder_path,
            counters=dispatcher.all_counters,
            time_source=dispatcher.sounding.conductor.describe,
            stream_runs=lambda: dispatcher.sounding.stream.runs,
            stream_midi=lambda: dispatcher.sounding.stream.midi,
            log=dispatcher.journal,
        )

    async def warm_up(self) -> None:
        """Load the default engine and run it once, on the worker's thread.

        Raises: CommandError: EENGINE.
        """
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def warm() -> None:
            try:
                engine = self.workshop.shelf.get()
                engine.load()
                engine.warm()
            except BaseException as error:
                loop.call_soon_threadsafe(_settle, ready, error)
            else:
                loop.call_soon_threadsafe(_settle, ready, None)

        self.dispatcher.scheduler.errand(warm)
        await ready
        self.state = "idle"

    def ready_line(self) -> str:
        """Return the line that says where to reach the server."""
        osc = "{}:{}".format(*self.doors.address)
        return f"ready osc={osc} http={self.monitor.host}:{self.monitor.port}"

    async def close(self) -> bool:
        """End everything; True if the worker ended in time."""
        self.state = "stopping"
        await asyncio.to_thread(self.dispatcher.sounding.close)
        ended = await asyncio.to_thread(self.dispatcher.scheduler.close)
        await asyncio.sleep(LAST_WORDS)
        self.dispatcher.close()
        if self.announcement is not None:
            await self.announcement.close()
        self.query.close()
        await self.feed.close()
        await self.monitor.stop()
        self.doors.close()
        self.workshop.midi.close()
        self.workshop.player.close()
        self.lock.release()
        return ended


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


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
    await asyncio.wait({warming, stopping}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if warming.done():
            warming.result()
            print(server.ready_line(), flush=True)
            log.info("warm after %.1f s; clips go to %s", time.monotonic() - started, config.folder)
            await stopping
            log.info("stopping")
    finally:
        ended = await server.close()
        for task in (warming, stopping):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
    return ended


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


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
        sys.stdout.flush()
        os._exit(0)
    return 0
