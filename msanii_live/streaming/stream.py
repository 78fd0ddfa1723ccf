"""The endless stream: started, changed while it runs, and stopped."""

from __future__ import annotations

import threading

from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.listener import StreamListener
from msanii_live.streaming.loop import STOPPED, StreamLoop
from msanii_live.streaming.settings import settle_command, warn_of_instruments
from msanii_live.streaming.state import STREAM_NAME as STREAM_NAME


class Stream:
    """The one stream of a server. Every method may be called from any thread."""

    def __init__(
        self, services: Services, scheduler: Scheduler, params: Params, listener: StreamListener
    ) -> None:
        """Begin with no stream. listener: of every stream that is started without its own."""
        self._services = services
        self._scheduler = scheduler
        self._params = params
        self._listener = listener
        self._loop: StreamLoop | None = None
        self._lock = threading.Lock()
        services.player.set_change_callback(self._wake)
        scheduler.set_end_callback(self._wake)

    @property
    def is_running(self) -> bool:
        """Whether there is a stream."""
        loop = self._loop
        return loop is not None and loop.is_running

    @property
    def command(self) -> StreamStart | None:
        """What was asked for last of the stream that runs; None if there is none."""
        loop = self._loop
        return loop.command if loop is not None and loop.is_running else None

    @property
    def midi_source(self) -> str:
        """The name of the notes that it plays; empty if it plays none, or there is no stream."""
        loop = self._loop
        return loop.command.midi if loop is not None and loop.is_running else ""

    def start(self, command: StreamStart, listener: StreamListener | None = None) -> None:
        """Begin a stream, or change the settings of the one that runs.

        A stream that runs begins anew only if the command names another source than `current`.
        listener: of this stream, in place of the one given to `Stream`.
        Raises: CommandError: the source or the notes cannot be played; a stream that runs goes on
        as before.
        """
        listener = listener or self._listener
        with self._lock:
            loop = self._loop
            if loop is not None:
                loop.check_player()
            if loop is not None and loop.is_running and command.src == "current":
                loop.change(command, listener)
            else:
                new = StreamLoop(
                    self._services,
                    self._scheduler,
                    self._params,
                    listener,
                    settle_command(command, StreamStart()),
                )
                if loop is not None:
                    loop.end("another stream was started")
                new.begin()
                self._loop = new
                new.wake()  # the player may have changed before this loop was heard of
                loop = new
            if warning := warn_of_instruments(command, loop.command):
                listener.warn(warning)
            if command.mix is not None:
                self._params.set("stream.mix", command.mix)
            if command.target:
                self._params.set(
                    "stream.target", "" if command.target == "none" else command.target
                )

    def stop(self, at: str = "none", fade: float = 0.02, when: float | None = None) -> None:
        """End the stream with a fade; none is no error. at, fade, when: as `Player.stop`.

        Raises: CommandError: ERANGE, `at` is illegal.
        """
        self._services.player.stop(STREAM_NAME, at=at, fade=fade, when=when)
        self._end(STOPPED)

    def close(self) -> None:
        """Make no more chunks; those that are ready sound."""
        self._end("the server is shutting down")

    def _end(self, reason: str) -> None:
        with self._lock:
            if self._loop is not None:
                self._loop.end(reason)
            self._loop = None

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            loop.wake()
