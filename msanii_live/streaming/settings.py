"""What a stream plays: the command as the musician meant it, and where its notes come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msanii_live.engines.base import ComposingEngine, Engine, is_composing
from msanii_live.engines.builtin import AUDIO_ENGINE, MORPHING_ENGINE, TEXTURE_ENGINE
from msanii_live.engines.notes.instruments import are_learnt, instrument_by_word
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.services import LIVE_BARS, Services
from msanii_live.midi.takes import LIVE_TAKE
from msanii_live.protocol.commands import Outpaint, Render, StreamStart
from msanii_live.streaming.live_midi import LiveMidi
from msanii_live.streaming.phrases import NO_DRUMS, ChunkTiming, Reader, has_only_drums
from msanii_live.streaming.score_player import ScorePlayer
from msanii_live.streaming.state import StreamState

COMPOSER, NOTE_PLAYER = "composer", "note-diffusion"


@dataclass(frozen=True)
class StreamSettings:
    """What the next chunks are to be, changed as one.

    reader: of the notes; None where the stream continues itself. left_out: what of the notes cannot
    be played, in words.
    """

    command: StreamStart
    reader: Reader | None = None
    left_out: tuple[str, ...] = ()

    @classmethod
    def from_command(cls, command: StreamStart, services: Services) -> StreamSettings:
        """Return what a settled command asks for.

        Raises: CommandError: as `check_engine`; ENOCLIP, EPATH: there are no such notes, or none
        that the engine plays.
        """
        engine = check_engine(command, services)
        if not command.midi:
            return cls(command)
        transport = services.transport
        is_live = command.midi == LIVE_TAKE
        score = (
            services.takes.last_bars(LIVE_BARS, transport)
            if is_live
            else services.score(command.midi)
        )
        if not score.notes:
            raise CommandError(Code.EPATH, f"{command.midi!r} has no notes to play")
        left_out = list(score.warnings)
        if any(note.drum for note in score.notes) and not engine.capabilities.drums:
            left_out.append(f"drums were left out: {engine.name} has none")
            if has_only_drums(score):
                raise CommandError(Code.EPATH, f"{command.midi!r} has only drums: {NO_DRUMS}")
        if is_live:
            return cls(command, LiveMidi(services.takes, transport), tuple(left_out))
        return cls(command, ScorePlayer(score, transport.beats), tuple(left_out))

    def changed(self, command: StreamStart, services: Services, has_notes: bool) -> StreamSettings:
        """Return the settings after another command; the same notes go on where they are.

        has_notes: the command itself names notes. Raises: CommandError: as `from_command`.
        """
        if not has_notes:
            check_engine(command, services)
            return replace(self, command=command)
        new = self.from_command(command, services)
        if new.reader == self.reader and command.midi == self.command.midi:
            return replace(new, reader=self.reader)
        return new

    def due_at(self, state: StreamState, timing: ChunkTiming) -> float:
        """Return the second of the timeline at which to make the next chunk."""
        if self.reader is None:
            return timing.start - timing.lead
        return self.reader.due_at(state.reader, timing)


def check_engine(command: StreamStart, services: Services) -> Engine:
    """Return the engine that a stream is to play with.

    Raises: CommandError: EENGINE, it cannot do that; ERANGE, it has no such timbre.
    """
    if command.accompany:
        return _accompanist(command, services)
    if not command.midi and is_composing(composer := services.registry.get(command.engine)):
        return composer
    engine = services.engine(command.engine, (Render if command.midi else Outpaint).address)
    is_chosen = command.midi and not command.engine and is_composing(engine)
    if is_chosen and are_learnt(command.timbre, command.timbre2):
        engine = services.engine(MORPHING_ENGINE, Render.address)  # as for the command `render`
    known = engine.capabilities.timbres
    for word in (command.timbre, command.timbre2) if command.midi else ():
        meant = {instrument_by_word(word), "-".join(word.lower().split())}
        if word and known and not meant & set(known):
            raise CommandError(
                Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(known)}"
            )
    return engine


def find_composer(
    command: StreamStart, services: Services, state: StreamState
) -> ComposingEngine | None:
    """Return the engine that composes the next chunk; None where it continues as audio.

    The engine that the command names composes if it can. Where none is named, the default one
    composes unless the stream is audio without notes, and a loaded composer goes on with notes.
    Raises: CommandError: EENGINE, there is no such engine.
    """
    if command.midi:
        return None
    if command.accompany:
        return _accompanist(command, services)
    engine = services.registry.get(command.engine)
    if is_composing(engine):
        has_notes = state.is_empty or state.composed is not None
        return engine if command.engine or has_notes else None
    if command.engine or state.composed is None or services.registry.state(COMPOSER) != "loaded":
        return None
    composer = services.registry.get(COMPOSER)
    return composer if is_composing(composer) else None


def _accompanist(command: StreamStart, services: Services) -> ComposingEngine:
    """Return the engine that composes an accompaniment.

    Raises: CommandError: EENGINE, the one that is named composes no notes, or there is none.
    """
    engine = services.registry.get(command.engine)
    if not command.engine and not is_composing(engine):
        engine = services.registry.get(COMPOSER)
    if not is_composing(engine):
        raise CommandError(
            Code.EENGINE, f"engine {engine.name} composes no notes, so it cannot accompany"
        )
    return engine


def playing_engine(
    command: StreamStart, services: Services, composer: Engine | None, state: StreamState
) -> str:
    """Return the name of the engine that makes the sound of the next chunk.

    composer: see `find_composer`. If it cannot play its notes, note-diffusion does. Audio without
    notes, which a default engine that composes cannot continue, is left to one for audio, and what
    is no music to one for textures.
    """
    if composer is not None:
        return composer.name if Render.address in composer.capabilities.verbs else NOTE_PLAYER
    if not command.midi and is_composing(services.registry.get(command.engine)):
        return TEXTURE_ENGINE if state.is_texture else AUDIO_ENGINE
    return command.engine


def settle_command(command: StreamStart, before: StreamStart) -> StreamStart:
    """Return a command of which the notes are settled: as before unless it names some.

    >>> settle_command(StreamStart(timbre="harp"), StreamStart(midi="take", timbre2="lead")).midi
    'take'
    >>> settle_command(StreamStart(midi="none"), StreamStart(midi="take")).midi
    ''
    """
    if not command.accompany:
        new_notes = command.midi not in ("", "none")
        command = replace(command, accompany="" if new_notes else before.accompany)
    if not command.midi:
        accompanies = command.accompany not in ("", "none")
        command = replace(
            command,
            midi="" if accompanies else before.midi,
            timbre=command.timbre or before.timbre,
            timbre2=command.timbre2 or before.timbre2,
            program=before.program if command.program is None else command.program,
        )
    return replace(
        command,
        midi=_empty_if_none(command.midi),
        timbre=_empty_if_none(command.timbre),
        timbre2=_empty_if_none(command.timbre2),
        accompany=_empty_if_none(command.accompany),
    )


def warn_of_instruments(command: StreamStart, settled: StreamStart) -> str:
    """Return a warning if a command names instruments for a stream that plays no given notes.

    >>> warn_of_instruments(StreamStart(timbre="harp", program=3), StreamStart())
    'timbre, program: not used, since this stream plays no given notes; add midi take or midi FILE'
    >>> warn_of_instruments(StreamStart(timbre="harp"), StreamStart(midi="take"))
    ''
    """
    words = [word for word in ("timbre", "timbre2") if getattr(command, word) not in ("", "none")]
    words += [] if command.program is None else ["program"]
    if settled.midi or not words:
        return ""
    return (
        f"{', '.join(words)}: not used, since this stream plays no given notes; "
        "add midi take or midi FILE"
    )


def _empty_if_none(word: str) -> str:
    return "" if word == "none" else word
