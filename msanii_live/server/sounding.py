"""What the commands of sound do: playing, time, takes, the stream and its params."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params
from msanii_live.library.naming import check_name, write_error
from msanii_live.midi import files
from msanii_live.midi.takes import LIVE
from msanii_live.notes import Score
from msanii_live.playback.recorder import AudioRecorder
from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.protocol import commands, replies
from msanii_live.protocol.command import Command
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.streaming.stream import Stream

if TYPE_CHECKING:
    from msanii_live.server.job_tracker import Routes
    from msanii_live.server.router import Router

# Commands that are taken out of the agenda a little before their time, so that they sound on it.
EARLY = {command.address for command in (commands.Play, commands.Stop, commands.StreamStop)}
LEAD = 0.35  # s: more than any device's latency here and a busy server's delay
_CLOCKS_APART = 0.0005  # s that the wall clock and the timeline may drift before that is met
AUDIO = "/msanii/audio"  # what warnings about the device are said to be of


class Sounding:
    """Carry out the commands of `protocol/commands.py`; events go out through the dispatcher."""

    def __init__(self, server: Router) -> None:
        """Take the dispatcher, of which workshop and scheduler are there already."""
        self._server = server
        self._shop = server.workshop
        self._player = server.workshop.player
        self.params = Params()
        self.midi = self._shop.midi
        self.transport_sync = TransportSync(self._shop.transport, self.midi)
        self.recorder = AudioRecorder(self._player)
        self.takes = self._shop.takes
        self.stream = Stream(self._shop, server.scheduler, self.params, self)
        self._offset = 0.0  # s from the wall clock to the timeline
        self._listeners: Routes = ()  # who started the stream
        self._player.set_warning_callback(self._warn_all)

    def close(self) -> None:
        """End the stream, the take and what keeps time."""
        self.stream.close()
        self.recorder.close()
        self.takes.close()
        self.transport_sync.close()

    # -- commands --------------------------------------------------------------------------------

    def answer(self, command: Command, token: str) -> list[ReplyMessage] | None:
        """Return the replies of a command that only touches memory; None for any other."""
        if isinstance(command, commands.TransportCommand) and not command.source:
            self.transport_sync.set(command.bpm, command.beats, command.run)
            return [self._transport()]
        if isinstance(command, commands.Param):
            value = self.params.turn(command)
            if value is None:
                return [replies.DONE(command.address, token, -1)]
            return [replies.PARAM_REPLIES[type(command)](value)]
        return None

    def errand(
        self, command: Command, routes: Routes, when: float | None
    ) -> Callable[[], list[ReplyMessage]] | None:
        """Return what carries a command out off the event loop; None where it is none of ours.

        when: the second of the player's timeline that its time tag stands for; None for now.
        """
        match command:
            case commands.Play():
                return lambda: self._play(command, when)
            case commands.Stop():
                return lambda: self._stop(command, when)
            case commands.TransportCommand():
                return lambda: self._change_source(command)
            case commands.RecordStart():
                return lambda: self._record(command, routes)
            case commands.RecordStop():
                return lambda: self._end_take(command)
            case commands.StreamStart():
                return lambda: self._start_stream(command, routes)
            case commands.StreamStop():
                return lambda: self._stop_stream(command, when)
        return None

    def second_of(self, time_tag: float | None) -> float | None:
        """Return the second of the timeline for a time tag to come; None for one that is past."""
        wall = time.time()
        if time_tag is None or time_tag <= wall:
            return None
        offset = self._player.now() - wall
        # Held while it is right, so that tags lie as far apart on the timeline as they say.
        if abs(offset - self._offset) > _CLOCKS_APART:
            self._offset = offset
        return time_tag + self._offset

    def facts(self) -> list[tuple[str, str]]:
        """Return what `/msanii/caps` says of sound, as (name, value)."""
        player = self._player
        return [
            ("audio", player.description),
            ("audio-process", str(player.pid)),
            ("audio-realtime", str(player.stat(HostStat.REALTIME))),
            ("sample-rate", str(player.rate)),
            ("latency-ms", f"{1000 * player.latency:.0f}"),
            ("output-latency-ms", f"{1000 * player.output_latency:.1f}"),
            ("frames-lost", str(player.lost_frames)),
            ("transport-source", self.transport_sync.describe()),
            ("midi-in", self.midi.description),
            ("stream", "runs" if self.stream.runs else "none"),
            ("stream-midi", self.stream.midi or "none"),
        ]

    def _play(self, command: commands.Play, when: float | None) -> list[ReplyMessage]:
        clip = self._shop.source(command.clip)
        self._player.play(
            clip,
            at=command.at,
            loop=bool(command.loop),
            gain_db=command.gain,
            fade=command.fade,
            when=when,
        )
        return []

    def _stop(self, command: commands.Stop, when: float | None) -> list[ReplyMessage]:
        name = command.clip
        if name in ("last", "current"):
            name = self._shop.source(name).info.name
        self._player.stop(name or None, at=command.at, fade=command.fade, when=when)
        return []

    def _change_source(self, command: commands.TransportCommand) -> list[ReplyMessage]:
        self.transport_sync.set_source(command.source or "internal")
        self.transport_sync.set(command.bpm, command.beats, command.run)
        return [self._transport()]

    def _transport(self) -> ReplyMessage:
        transport = self._shop.transport
        place = transport.bars_at(transport.now()) % 1.0
        return replies.TRANSPORT(transport.bpm, transport.beats, place)

    def _record(self, command: commands.RecordStart, routes: Routes) -> list[ReplyMessage]:
        name = command.clip or self._shop.library.next_name("take")
        check_name(name)
        if command.source == "midi":
            return self._record_midi(command, name, routes)

        def finished(clip: Clip) -> None:
            try:
                told = self._keep(clip)
            except CommandError as error:
                told = [replies.WARN(command.address, error.text)]
            self._server.tell(told, routes)

        self.recorder.start(name, command.source, command.seconds, finished)
        return []

    def _end_take(self, command: commands.RecordStop) -> list[ReplyMessage]:
        if command.clip:
            check_name(command.clip)
        if command.source == "midi" or (self.takes.is_recording and not self.recorder.is_recording):
            return self._end_midi(command)
        return self._keep(self.recorder.stop(command.clip, command.source, command.seconds))

    def _record_midi(
        self, command: commands.RecordStart, name: str, routes: Routes
    ) -> list[ReplyMessage]:
        if name == LIVE:
            raise CommandError(Code.ERANGE, f"{LIVE} means the last bars: call the take otherwise")
        if not self.midi.is_open:
            raise CommandError(Code.ENOCLIP, "no MIDI input: start the server with --midi-in")

        def finished() -> None:
            try:
                told = self._end_midi(commands.RecordStop(source="midi"))
            except CommandError as error:
                told = [replies.WARN(command.address, error.text)]
            self._server.tell(told, routes)

        self.takes.start(name, command.seconds, self._player.now(), finished)
        return []

    def _end_midi(self, command: commands.RecordStop) -> list[ReplyMessage]:
        now = self._player.now()
        name, score = self.takes.stop(command.clip, command.seconds, now, self._shop.transport)
        return [self._keep_midi(name or self._shop.library.next_name("take"), score)]

    def _keep_midi(self, name: str, score: Score) -> ReplyMessage:
        """Keep a take in memory and in the folder, under a name that no other file has.

        Raises: CommandError: EPATH, it cannot be written, but plays from memory.
        """
        self.takes.store_take(name, score)
        try:
            path = files.write_new(self._shop.library.folder, name, score)
        except OSError as error:
            raise write_error(f"{name}.mid", error) from None
        return replies.TAKE_INFO(name, path.as_posix(), score.seconds, len(score.notes), score.bpm)

    def _keep(self, take: Clip) -> list[ReplyMessage]:
        library = self._shop.library
        name = take.info.name or library.next_name("take")
        path = library.add(Clip(take.samples, replace(take.info, name=name)))
        info = library.info(name)
        return [
            replies.CLIP_INFO(
                "", name, path.as_posix(), info.seconds, info.sample_rate, info.channels,
                info.seed, info.bpm, info.engine,
            )
        ]  # fmt: skip

    def _start_stream(self, command: commands.StreamStart, routes: Routes) -> list[ReplyMessage]:
        self._shop.shelf.get(command.engine)
        self._listeners = routes
        self.stream.start(command)
        return []

    def _stop_stream(self, command: commands.StreamStop, when: float | None) -> list[ReplyMessage]:
        self.stream.stop(command.at, command.fade, when)
        return []

    # -- events, from other threads (see jobs.stream.Audience) -----------------------------------

    def chunk(self, index: int, start: float, seconds: float, took: float, ahead: float) -> None:
        """Tell that a chunk is ready."""
        self._tell_listeners(replies.STREAM_CHUNK(index, start, seconds, took, ahead))

    def late(self, index: int, seconds: float) -> None:
        """Tell that the last bar sounds again."""
        self._tell_listeners(replies.STREAM_LATE(index, seconds))

    def trouble(self, text: str) -> None:
        """Tell what went wrong."""
        self._tell_listeners(replies.WARN(commands.StreamStart.address, text))

    def _tell_listeners(self, message: ReplyMessage) -> None:
        self._server.tell([message], self._listeners, "stream")

    def _warn_all(self, text: str) -> None:
        self._server.tell([replies.WARN(AUDIO, text)], (), None)
