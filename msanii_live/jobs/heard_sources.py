"""Source clips of a task as its engine gets them: with notes, which are heard where none are known.

And the choice of the engine, if the command names none, by what is heard.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from msanii_live.audio import Clip
from msanii_live.engines.base import Engine, is_composing
from msanii_live.engines.builtin import AUDIO_ENGINE, BUILT_IN, MORPHING_ENGINE, TEXTURE_ENGINE
from msanii_live.engines.notes.instruments import are_learnt
from msanii_live.jobs.services import Services
from msanii_live.jobs.task import TaskHandle
from msanii_live.jobs.transcription import with_heard_notes
from msanii_live.protocol.commands import Accompany, GenerationCommand, Render

if TYPE_CHECKING:
    from msanii_live.transcription.musicality import Listening


class HeardSources:
    """The sources of one task. Each is listened to once, and only if somebody asks.

    source: returns a source clip by name.
    """

    def __init__(
        self, services: Services, source: Callable[[str], Clip], handle: TaskHandle
    ) -> None:
        """Take where clips come from, and the task, which is warned."""
        self._services, self._source, self._handle = services, source, handle
        self._listen = cache(self._heard)

    def is_music(self, name: str) -> bool:
        """Return whether a source sounds like music. Raises: as `LazyTranscriber.listen`."""
        return self._listen(name).is_music

    def with_notes(self, name: str) -> Clip:
        """Return a source with its notes, those that are heard if it has none."""
        clip = self._source(name)
        if clip.score is not None:
            return clip
        score, warn = self._listen(name).score, self._handle.warn
        return with_heard_notes(self._services.library, clip, score, warn)

    def warn_of_texture(self, command: GenerationCommand) -> None:
        """Tell a client that what its command continues is not taken for music."""
        name = getattr(command, "src", "")
        self._handle.warn(
            f"no music is heard in {name}: its texture goes on (the key engine, as in engine "
            "composer, takes it for music)"
        )

    def _heard(self, name: str) -> Listening:
        return self._services.transcriber.listen(self._source(name))


def never(name: str) -> bool:
    """Return False: nothing is music where nobody listens."""
    return False


def engine_for(
    services: Services,
    command: GenerationCommand,
    source: Callable[[str], Clip],
    is_music: Callable[[str], bool] = never,
) -> Engine:
    """Return the engine for a command; if it names none, one that can do what it asks.

    An engine that needs notes gets sources whose notes are known, or that are music, so that their
    notes can be heard. What is no music is continued by its texture, or by an engine for audio. Two
    timbres that a network has learnt are mixed by it, and others by the engine that composes.
    Raises: CommandError: EENGINE, as `Services.engine`; ENOCLIP, EPATH, as `Inputs.clip`.
    """
    engine = services.engine(command.engine, command.address)
    if command.engine or isinstance(command, Accompany):
        return engine
    if (
        isinstance(command, Render)
        and is_composing(engine)
        and are_learnt(command.timbre, command.timbre2)
    ):
        return services.engine(MORPHING_ENGINE, command.address)
    if not engine.capabilities.needs_source_notes:
        return engine
    names = (getattr(command, key, "") for key in ("src", "a", "b"))
    unknown = [name for name in names if name and source(name).score is None]
    if all(is_music(name) for name in unknown):
        return engine
    is_texture = command.address in BUILT_IN[TEXTURE_ENGINE].verbs
    return services.engine(TEXTURE_ENGINE if is_texture else AUDIO_ENGINE, command.address)
