"""Drive and space of a command, on the clip of an engine that has neither."""

from __future__ import annotations

from msanii_live.audio import Clip
from msanii_live.engines.base import EFFECT_KEYS, Context, Engine
from msanii_live.protocol.commands import Generate, GenerationCommand, Render
from msanii_live.rack.effects.on_clips import with_effects


def gets_drive_and_space(engine: Engine, command: GenerationCommand) -> bool:
    """Return whether a command asks for drive or space that its engine does not follow."""
    follows = set(EFFECT_KEYS) <= set(engine.capabilities.follows or ())
    return bool(command.drive or command.space) and not follows


def with_drive_and_space(
    engine: Engine, command: GenerationCommand, context: Context, made: Clip
) -> Clip:
    """Return a clip with the drive and space of its command, unless its engine follows these.

    The musician is warned where the command keeps a source, which would be changed.
    """
    if not gets_drive_and_space(engine, command):
        return made
    drive, space = command.drive or 0.0, command.space or 0.0
    if not isinstance(command, Generate | Render):
        context.warn(
            f"drive and space are left out: they would change the source, which {engine.name} keeps"
        )
        return made
    return with_effects(made, drive, space, is_limited=not context.skip_normalization)
