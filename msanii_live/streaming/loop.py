"""The loop that keeps a stream going: it owns time, lead and fallback.

Each chunk is sent to the audio host with a fallback, the last bar as a loop. Whatever holds the
server or the engine up, the host repeats that bar, in time, until the next chunk is there.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import replace

from msanii_live.audio import Clip
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import Task, TaskHandle
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.accompanied_source import LOOK_AHEAD
from msanii_live.streaming.first_clip import find_source
from msanii_live.streaming.listener import StreamListener
from msanii_live.streaming.phrases import ChunkTiming
from msanii_live.streaming.placement import find_placement
from msanii_live.streaming.request_builder import RequestBuilder
from msanii_live.streaming.settings import StreamSettings, settle_command
from msanii_live.streaming.state import STREAM_NAME, StreamState
from msanii_live.streaming.step import next_chunk
from msanii_live.streaming.stream_tasks import StreamTasks

log = logging.getLogger("msanii_live.stream")

STOPPED = "it was stopped"  # the reason for the end, wherever it was stopped
_RETRY = 0.5  # s until a chunk that failed is tried again; the last bar is repeated meanwhile
_PLACING = 0.15  # s before its start by which a first chunk must be made
_SMOOTHING = 0.3  # weight of the newest chunk in the time that chunks take


class StreamLoop:
    """One stream, from its start to its end.

    Its thread sleeps until a deadline or an event: the player has changed, a task or a job has
    ended, the settings were changed, the stream was ended. `begin`, `change`, `check_player`,
    `end` and `wake` may be called from any thread, the rest only by the stream's own.
    """

    def __init__(
        self,
        services: Services,
        scheduler: Scheduler,
        params: Params,
        listener: StreamListener,
        command: StreamStart,
    ) -> None:
        """Prepare what a settled command asks for.

        Raises: CommandError: as `StreamSettings.from_command`.
        """
        self._services = services
        self._player = services.player
        self._scheduler = scheduler
        self._worker = scheduler.worker
        self._requests = RequestBuilder(services, params)
        self._tasks = StreamTasks(services, self._wait_for, lambda text: self._listener.warn(text))
        self._listener = listener
        self._settings = StreamSettings.from_command(command, services)
        self._last_reader = self._settings.reader  # of the notes of the last chunk
        self._state = StreamState()
        self._awaited = ""  # the source, until it is there: a job may still be making it
        self._region = 0  # number of the region that the next chunk follows
        self._took = 1.0  # s that a chunk takes to make, smoothed
        self._late_index = -1  # the last chunk that was reported as late
        self._retry_at = -math.inf  # s of the timeline
        self._warned: set[str] = set()  # what tasks have warned of
        self._reason = ""
        self._reason_lock = threading.Lock()
        self._changed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether the stream goes on."""
        return self._thread.is_alive() and not self._reason

    @property
    def command(self) -> StreamStart:
        """What was asked for last."""
        return self._settings.command

    def begin(self) -> None:
        """Find what to continue, make its last bar the fallback, and start the thread.

        A clip that a job is still making is waited for.
        Raises: CommandError: the source cannot be played.
        """
        source = self.command.src
        if self.command.accompany:
            self._player.recent_input(LOOK_AHEAD)  # raises if there is none
            source = "current"
        is_heard = source == "current" and not self.command.accompany
        now_playing = self._player.now_playing() if is_heard else None
        if now_playing is not None:
            self._adopt(now_playing.clip, now_playing.region)
        elif source != "current":
            self._awaited = source
            self._find_source()
        self._warn_left_out()
        self._thread.start()

    def change(self, command: StreamStart, listener: StreamListener) -> None:
        """Follow another command from the next chunk on.

        Raises: CommandError: as `StreamSettings.changed`; nothing has changed then.
        """
        settled = settle_command(command, self.command)
        has_notes = bool(command.midi)
        self._settings = self._settings.changed(settled, self._services, has_notes)
        self._listener = listener
        if has_notes:
            self._warn_left_out()
        self.wake()

    def end(self, reason: str) -> None:
        """Make no more chunks. reason: told to the listener, unless the stream has ended before."""
        with self._reason_lock:
            self._reason = self._reason or reason
        self.wake()

    def wake(self) -> None:
        """Have the loop look again at what is due."""
        self._changed.set()

    def check_player(self) -> None:
        """End the stream if it was stopped in the player."""
        if not self._state.is_empty and find_placement(self._player, self._region).is_stopped:
            self.end(STOPPED)

    def advance(self) -> float | None:
        """Do what is due now; return the second of the timeline at which to look again.

        None: when an event wakes the loop.
        """
        self.check_player()
        now, settings = self._player.now(), self._settings
        if now < self._retry_at:
            return self._retry_at
        if self._awaited:
            return self._look_for_source()
        if self._state.is_empty:
            return self._attempt(settings, None)
        placement = find_placement(self._player, self._region)
        if self._reason or placement.is_pending:
            return None
        late, end = self._report_late(), placement.end(self._player)
        due = settings.due_at(self._state_for(settings), self._timing(settings.command, end))
        if due <= now:
            return self._attempt(settings, end)
        return due if late is None else min(due, late)

    def _run(self) -> None:
        reason = "a fault of the server, see its log"
        try:
            while not self._reason:
                self._sleep_until(self.advance())
            reason = self._reason
        except Exception:
            log.exception("the stream has ended")
        finally:
            self.end(reason)
            self._worker.release_slot()
            self._listener.ended(reason)

    def _sleep_until(self, second: float | None) -> None:
        """Sleep until a second of the timeline, or until something changes."""
        timeout = None if second is None else max(0.001, second - self._player.now())
        self._changed.wait(timeout)
        self._changed.clear()

    def _attempt(self, settings: StreamSettings, end: float | None) -> float:
        """Make a chunk; return when to look again. end: of the stream, None before it began."""
        try:
            if end is None:
                self._open(settings)
            else:
                self._continue(settings, end)
        except CommandError as error:
            if not (settings.command.accompany and error.text in self._warned):
                self._listener.warn(error.text)
            self._warned.add(error.text)
            self._retry_at = self._player.now() + _RETRY
        except Cancelled:  # by a client, or because the stream has ended
            pass
        return max(self._player.now(), self._retry_at)

    # -- chunks ----------------------------------------------------------------------------------

    def _open(self, settings: StreamSettings) -> None:
        """Begin a stream from nothing."""
        if settings.command.accompany:
            self._open_accompaniment(settings)
            return
        now = self._player.now()
        start = now + self._services.transport.seconds_until(settings.command.at, now)
        request = self._requests.build(settings, self._state, self._timing(settings.command, start))
        chunk, state = next_chunk(self._state, request, self._tasks.render, self._tasks.compose)
        region = self._player.play(chunk.clip, at=settings.command.at, track=STREAM_NAME)
        self._last_reader = settings.reader
        self._place_first(chunk.clip, region, state)

    def _open_accompaniment(self, settings: StreamSettings) -> None:
        """Begin to accompany at the second that the first chunk is made for, or try again."""
        began = self._player.now()
        timing = self._timing(settings.command, began)
        start = began + timing.lead
        request = self._requests.build(settings, self._state, replace(timing, start=start))
        chunk, state = next_chunk(self._state, request, self._tasks.render, self._tasks.compose)
        took = self._player.now() - began
        self._took = max(took, self._took) if took > timing.lead else took
        if took < timing.lead - _PLACING:
            region = self._player.play(chunk.clip, when=start, fade=0.0, track=STREAM_NAME)
            self._place_first(chunk.clip, region, state)

    def _find_source(self) -> None:
        """Begin from the awaited clip if it is there. Raises: CommandError: as `find_source`."""
        clip = find_source(self._awaited, self._services, self._scheduler)
        if clip is not None:
            self._awaited = ""
            self._adopt(clip, self._player.play(clip, at=self.command.at, track=STREAM_NAME))

    def _look_for_source(self) -> float | None:
        """Do as `_find_source`; end the stream if the clip will never be there."""
        try:
            self._find_source()
        except CommandError as error:
            self.end(error.text)
        return None if self._awaited else self._player.now()

    def _adopt(self, clip: Clip, region: int) -> None:
        """Begin a stream from a clip that plays."""
        state = StreamState.from_clip(clip, self._services.transport.beats)
        self._place_first(clip, region, state)

    def _place_first(self, clip: Clip, region: int, state: StreamState) -> None:
        self._region = region
        self._state = state  # last: `check_player` looks for the region of a state
        bar = state.last_bar(self._services.transport.bpm)
        self._player.loop_after(clip, region, bar, STREAM_NAME)

    def _continue(self, settings: StreamSettings, end: float) -> None:
        """Make the next chunk and have it follow the last one. end: of that one, s."""
        began = time.monotonic()
        before = self._tasks.hear(self._state_for(settings), settings.command)
        follows = self._region
        request = self._requests.build(settings, before, self._timing(settings.command, end))
        chunk, state = next_chunk(before, request, self._tasks.render, self._tasks.compose)
        self._region = self._player.play_after(
            chunk.clip,
            follows,
            overlap=chunk.overlap,
            before=before.samples[: len(before.samples) - chunk.overlap],
            fallback=state.last_bar(self._services.transport.bpm),
            track=STREAM_NAME,
            must_follow=True,
        )
        self._state, self._last_reader = state, settings.reader
        took = time.monotonic() - began
        self._took += _SMOOTHING * (took - self._took)
        seconds = (state.frames - before.frames) / SAMPLE_RATE
        end_of_last = self._player.end_of(follows)
        left = max(0.0, end_of_last - self._player.now()) if end_of_last is not None else 0.0
        start = before.frames / SAMPLE_RATE
        self._listener.chunk_ready(before.index, start, seconds, took, left + seconds)
        is_late = self._late_index == before.index
        if warning := self._requests.chunk_made(settings, took, seconds, is_late):
            self._listener.warn(warning)

    def _state_for(self, settings: StreamSettings) -> StreamState:
        """Return the state that the next chunk continues; another source begins at its start."""
        return (
            self._state if settings.reader is self._last_reader else self._state.with_new_source()
        )

    def _timing(self, command: StreamStart, start: float) -> ChunkTiming:
        safe = 1.5 * self._took + 0.3
        lead, least = safe + command.ahead, safe + command.ahead / 2
        if command.accompany:  # the sooner a bar is composed, the less of the player is known
            lead = least = max(LOOK_AHEAD, safe)
        return ChunkTiming(start, self._player.now(), command.chunk, lead, least)

    def _wait_for(self, task: Task) -> TaskHandle:
        """Have the worker carry out a task; report lateness, and each new warning of it once."""
        warnings: list[str] = []
        handle = self._worker.submit(
            task, on_warning=warnings.append, on_done=lambda _: self.wake()
        )
        while not handle.done.is_set():
            self.check_player()
            if self._reason:
                self._worker.cancel(handle)
                raise Cancelled(handle.step)
            self._sleep_until(self._report_late())
        for text in warnings:
            if text not in self._warned:
                self._warned.add(text)
                self._listener.warn(text)
        return handle

    def _report_late(self) -> float | None:
        """Report the fallback if it has begun; else return the second at which it will begin.

        None: it is reported already, or there is none.
        """
        if self._state.is_empty or self._late_index == self._state.index:
            return None
        fallback, rate = find_placement(self._player, self._region).fallback, self._player.rate
        if fallback is None:
            return None
        start = fallback.start / rate
        if start > self._player.now():
            return start
        self._late_index = self._state.index
        self._listener.late(self._state.index, fallback.length / rate)
        return None

    def _warn_left_out(self) -> None:
        for text in self._settings.left_out:
            self._listener.warn(text)
