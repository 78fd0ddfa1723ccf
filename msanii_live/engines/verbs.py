"""From a command to the method that carries it out."""

from __future__ import annotations

from msanii_live.audio import Clip
from msanii_live.engines.base import unsupported_verb
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
    Vocode,
)

METHODS: dict[type[GenerationCommand], str] = {
    Generate: "generate",
    Outpaint: "outpaint",
    Inpaint: "inpaint",
    Interpolate: "interpolate",
    AudioToAudio: "audio_to_audio",
    Render: "render",
    Vocode: "vocode",
    Accompany: "accompany",
}


def run_verb(tasks: object, command: GenerationCommand, engine: str) -> Clip:
    """Return what the method of a command's verb returns, such as `tasks.generate(command)`.

    tasks: has a method for each verb that the engine can do. engine: its name.
    Raises: CommandError: EENGINE, there is no method for the verb; and as the method.
    """
    method = getattr(tasks, METHODS.get(type(command), ""), None)
    if method is None:
        raise unsupported_verb(engine, command)
    made: Clip = method(command)
    return made
