"""Handlers of the commands that record: audio becomes a clip, MIDI a take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.services import Services
from msanii_live.library import midi_files
from msanii_live.library.naming import check_name, write_error
from msanii_live.midi.takes import LIVE_TAKE
from msanii_live.notes import Score
from msanii_live.playback.recorder import AudioRecorder
from msanii_live.protocol import replies
from msanii_live.protocol.commands import RecordStart, RecordStop
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.changes import Replacement
from msanii_live.server.events import EventSender
from msanii_live.server.handler import Answer, Call, HandlerTable, Routes, on_sound
from msanii_live.server.handlers.library import clip_info_reply
from msanii_live.server.history import History


class RecordingHandlers:
    """Commands that begin and end a take of audio or MIDI."""

    def __init__(
        self, services: Services, recorder: AudioRecorder, events: EventSender, history: History
    ) -> None:
        """Take where takes are kept, what records and reports takes, and what can be undone."""
        self._services = services
        self._recorder = recorder
        self._events = events
        self._history = history

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            RecordStart: on_sound(self._start),
            RecordStop: on_sound(self._stop),
        }

    def _start(self, command: RecordStart, call: Call) -> Answer:
        name = command.clip or self._services.library.next_name("take")
        check_name(name)
        if command.source == "midi":
            self._start_midi(command, name, call.routes)
        else:
            self._recorder.start(
                name,
                command.source,
                command.seconds,
                lambda clip: self._send_result(
                    lambda: self._keep_audio(clip, call.routes), call.routes
                ),
            )
        return Answer()

    def _stop(self, command: RecordStop, call: Call) -> Answer:
        if command.clip:
            check_name(command.clip)
        takes = self._services.takes
        if command.source == "midi" or (takes.is_recording and not self._recorder.is_recording):
            return Answer([self._stop_midi(command)])
        clip = self._recorder.stop(command.clip, command.source, command.seconds)
        return Answer([self._keep_audio(clip, call.routes)])

    def _start_midi(self, command: RecordStart, name: str, routes: Routes) -> None:
        services = self._services
        if name == LIVE_TAKE:
            raise CommandError(
                Code.ERANGE, f"{LIVE_TAKE} means the last bars: call the take otherwise"
            )
        if not services.midi.is_open:
            raise CommandError(Code.ENOCLIP, "no MIDI input: start the server with --midi-in")
        services.takes.start(
            name,
            command.seconds,
            services.player.now(),
            lambda: self._send_result(lambda: self._stop_midi(RecordStop(source="midi")), routes),
        )

    def _stop_midi(self, command: RecordStop) -> ReplyMessage:
        services = self._services
        name, score = services.takes.stop(
            command.clip, command.seconds, services.player.now(), services.transport
        )
        return self._keep_midi(name or services.library.next_name("take"), score)

    def _send_result(self, keep: Callable[[], ReplyMessage], routes: Routes) -> None:
        """Keep a take that ended by itself, and tell its client. Called on another thread."""
        told: Sequence[ReplyMessage]
        try:
            told = [keep()]
        except CommandError as error:
            told = [replies.WARN(RecordStart.address, error.text)]
        self._events.send(told, routes)

    def _keep_audio(self, take: Clip, routes: Routes) -> ReplyMessage:
        library = self._services.library
        name = take.info.name or library.next_name("take")
        library.add(
            Clip(take.samples, replace(take.info, name=name)),
            on_replaced=lambda old: self._history.record(routes, Replacement(library, old)),
        )
        return clip_info_reply("", library.info(name), library)

    def _keep_midi(self, name: str, score: Score) -> ReplyMessage:
        """Keep a take in memory and in the folder, under a name that no other file has.

        Raises: CommandError: EPATH, it cannot be written, but plays from memory.
        """
        self._services.takes.store_take(name, score)
        try:
            library = self._services.library
            stem = library.layout.directory(time.time()) + name
            path = midi_files.write_new(library.folder, stem, score)
        except OSError as error:
            raise write_error(f"{name}.mid", error) from None
        return replies.TAKE_INFO(name, path.as_posix(), score.seconds, len(score.notes), score.bpm)
