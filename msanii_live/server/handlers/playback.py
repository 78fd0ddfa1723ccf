"""Handlers of the commands that start and stop sound, and of the transport."""

from __future__ import annotations

from msanii_live.jobs.services import Services
from msanii_live.playback.transport_sync import TransportSync
from msanii_live.protocol import replies
from msanii_live.protocol.commands import Play, Stop, TransportCommand
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.handler import Answer, Call, Handler, HandlerTable, Lane, on_sound
from msanii_live.server.scheduled_messages import LEAD


class PlaybackHandlers:
    """Commands that play and stop clips, and set the tempo."""

    def __init__(self, services: Services, transport_sync: TransportSync) -> None:
        """Take the clips and the player, and what sets the tempo."""
        self._services = services
        self._transport_sync = transport_sync

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            Play: on_sound(self._play, LEAD),
            Stop: on_sound(self._stop, LEAD),
            TransportCommand: Handler(self._transport, Lane.SOUND, question=self._position),
        }

    def _play(self, command: Play, call: Call) -> Answer:
        self._services.player.play(
            self._services.source(command.clip),
            at=command.at,
            loop=bool(command.loop),
            gain_db=command.gain,
            fade=command.fade,
            when=call.due,
        )
        return Answer()

    def _stop(self, command: Stop, call: Call) -> Answer:
        name = command.clip
        if name in ("last", "current"):
            name = self._services.source(name).info.name
        self._services.player.stop(name or None, at=command.at, fade=command.fade, when=call.due)
        return Answer()

    def _transport(self, command: TransportCommand, call: Call) -> Answer:
        if command.source:
            self._transport_sync.set_source(command.source)
        self._transport_sync.set(command.bpm, command.beats, command.run)
        return Answer([self._position()])

    def _position(self) -> ReplyMessage:
        transport = self._services.transport
        place = transport.bars_at(transport.now()) % 1.0
        return replies.TRANSPORT(transport.bpm, transport.beats, place)
