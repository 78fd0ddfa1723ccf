"""What commands work with: engines, clips on disk, the player, the transport and MIDI."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from msanii_live.audio import Clip
from msanii_live.engines.base import Engine
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.lazy_transcriber import LazyTranscriber
from msanii_live.library import midi_files
from msanii_live.library.library import Library
from msanii_live.midi import files
from msanii_live.midi.input import MidiInput
from msanii_live.midi.takes import LIVE_TAKE, MidiRecorder
from msanii_live.notes import Score
from msanii_live.playback.now_playing import NowPlaying
from msanii_live.playback.player import Player
from msanii_live.protocol.commands import JobCommand, Render
from msanii_live.timing.transport import Transport

LIVE_BARS = 4.0  # bars of the live take, if a command does not say how many


@dataclass(frozen=True)
class Services:
    """The parts of the server that jobs and the stream work with."""

    registry: EngineRegistry
    library: Library
    player: Player
    transport: Transport
    takes: MidiRecorder = field(default_factory=MidiRecorder)
    midi: MidiInput = field(default_factory=MidiInput)
    transcriber: LazyTranscriber = field(default_factory=LazyTranscriber)

    def live_score(self, command: JobCommand) -> Score | None:
        """Return the notes last played on MIDI if the command renders them, else None.

        Raises: CommandError: ENOCLIP, nothing has been played.
        """
        if not isinstance(command, Render) or command.midi != LIVE_TAKE:
            return None
        return self.takes.last_bars(command.bars or LIVE_BARS, self.transport)

    def engine(self, name: str, address: str) -> Engine:
        """Return the engine for a command: the named one, the default, or one that can do it.

        Raises: CommandError: EENGINE, no engine has the name, or the engine lacks the command.
        """
        engine = self.registry.serving(name, address)
        if address not in engine.capabilities.verbs:
            raise CommandError(
                Code.EENGINE,
                f"engine {engine.name} cannot {address}; it can "
                f"{', '.join(engine.capabilities.verbs)}",
            )
        return engine

    def score(self, name: str) -> Score:
        """Return a recorded take, a MIDI file of the shared folder, or else the notes of a clip.

        Raises: CommandError: ENOCLIP, there is none; EPATH, the file cannot be read.
        """
        take = self.takes.get_take(name)
        if take is not None:
            return take
        try:
            path = midi_files.find(self.library.folder, name)
        except CommandError:
            clip = name.removesuffix(".mid")
            notes = self.library.companion_path(clip, ".mid") if clip in self.library else None
            if notes is None:
                raise
            path = notes
        return files.read(path, name)

    def source(self, name: str) -> Clip:
        """Return the clip that a command names.

        Raises: CommandError: ENOCLIP, there is none; EPATH, the file cannot be read.
        """
        if name == "current":
            return self.now_playing().clip
        if name == "input":
            return self.player.input_clip()
        return self.library.get(name)

    def with_stems(self, clip: Clip) -> Clip:
        """Return a clip of the library with its stems; any other clip as it is.

        Raises: CommandError: EPATH, a stem cannot be read.
        """
        try:
            is_here = self.library.info(clip.info.name) == clip.info
        except CommandError:
            return clip
        return replace(clip, stems=self.library.stems(clip.info.name)) if is_here else clip

    def now_playing(self) -> NowPlaying:
        """Return what sounds now, up to the end of what is scheduled.

        Raises: CommandError: ENOCLIP, nothing sounds.
        """
        found = self.player.now_playing()
        if found is None:
            raise CommandError(
                Code.ENOCLIP, "nothing is sounding: play a clip first, or name one, or say last"
            )
        return found
