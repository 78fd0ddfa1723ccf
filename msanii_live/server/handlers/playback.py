"""Handlers of the commands that start and stop sound, and of the transport."""

from __future__ import annotations

import time

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.services import Services
from msanii_live.osc.peer import Peer
from msanii_live.playback.player import NOTHING_IS_HEARD
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.protocol import replies
from msanii_live.protocol.commands import Play, Stop, TransportCommand
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, Lane, on_sound
from msanii_live.server.scheduled_messages import LEAD
from msanii_live.streaming.state import STREAM_NAME

WARNING_INTERVAL = 10.0  # s between two warnings of a client that nothing is heard
MAX_WARNED = 256  # clients whose last warning is remembered


class PlaybackHandlers:
    """Commands that play and stop clips, and set the tempo."""

    def __init__(self, services: Services, transport_sync: TransportSync) -> None:
        """Take the clips and the player, and what sets the tempo."""
        self._services = services
        self._transport_sync = transport_sync
        self._warned: dict[Peer, float] = {}  # when each client was warned, monotonic seconds

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            Play: on_sound(self._play, LEAD),
            Stop: on_sound(self._stop, LEAD),
            TransportCommand: Handler(self._transport, Lane.SOUND, question=self._position),
        }

    def _play(self, command: Play, call: Call) -> Answer:
        is_part = command.start > 0 or command.end is not None
        self._services.player.play(
            span(self._services.source(command.clip), command.start, command.end),
            at=command.at,
            loop=bool(command.loop),
            gain_db=command.gain,
            fade=command.fade,
            when=call.due,
            span=(command.start, command.end) if is_part else None,
        )
        return Answer(self._silence_warning(call))

    def _silence_warning(self, call: Call) -> list[ReplyMessage]:
        """Return the warning that no device is open, for each client once in a while."""
        if not self._services.player.lacks_device:
            return []
        now = time.monotonic()
        if now - self._warned.get(call.source, -WARNING_INTERVAL) < WARNING_INTERVAL:
            return []
        if len(self._warned) >= MAX_WARNED:
            self._warned.clear()
        self._warned[call.source] = now
        return [replies.WARN(Play.address, NOTHING_IS_HEARD)]

    def _stop(self, command: Stop, call: Call) -> Answer:
        track = self._track(command.clip) if command.clip else None
        self._services.player.stop(track, at=command.at, fade=command.fade, when=call.due)
        return Answer()

    def _track(self, name: str) -> str:
        """Return the track that a clip, a file or the stream plays on.

        Raises: CommandError: ENOCLIP, there is none; EPATH, the file cannot be read.
        """
        if name == STREAM_NAME or name in self._services.library:
            return name
        if any(region.track == name for region in self._services.player.regions()):
            return name  # of a clip that was freed while it played
        return self._services.source(name).info.name

    def _transport(self, command: TransportCommand, call: Call) -> Answer:
        if command.source:
            self._transport_sync.set_source(command.source)
        self._transport_sync.set(command.bpm, command.beats, command.run)
        return Answer([self._position()])

    def _position(self) -> ReplyMessage:
        transport = self._services.transport
        place = transport.bars_at(transport.now()) % 1.0
        return replies.TRANSPORT(transport.bpm, transport.beats, place)


def span(clip: Clip, start: float, end: float | None) -> Clip:
    """Return a span of a clip, s. Raises: CommandError: ERANGE, nothing lies in it."""
    try:
        return clip.cut(start, end)
    except ValueError:
        name, seconds = clip.info.name, clip.info.seconds
        if end is not None and end <= start:
            text = f"end is {end:g}: it must be more than start, {start:g}"
        elif start >= seconds:
            text = f"start is {start:g}: {name} ends at {seconds:.3f} s"
        else:
            text = f"from {start:g} to {seconds if end is None else end:g} s there is no sample"
            text += f" of {name}: end must be later"
        raise CommandError(Code.ERANGE, text) from None
