"""The lengths that a command asks for, checked before its sources are listened to.

To listen takes a second for ten of audio, and an engine checks lengths only after that.
"""

from __future__ import annotations

from collections.abc import Callable

from msanii_live.audio import Clip
from msanii_live.engines.base import Engine, check_span
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
)

MAX_WITH_SOURCE = (
    600.0  # s that any engine takes of a source, and makes of one and its continuation
)


def check_lengths(
    command: GenerationCommand,
    source: Callable[[str], Clip],
    engine: Engine,
    transport: tuple[float, int],
) -> None:
    """Check what a command asks for against its sources.

    source: returns a clip by name, which may lack its notes. engine: that the command names, or the
    default. transport: its tempo, bpm, and beats per bar.
    Raises: CommandError: ERANGE, the clip would be too long, or the span is not in the clip.
    """
    if isinstance(command, Inpaint):
        check_span(command, source(command.src).info.seconds)
    elif isinstance(command, Outpaint):
        clip = source(command.src)
        _check(command.keep * clip.info.seconds + _new_seconds(command, clip, transport))
    elif isinstance(command, AudioToAudio) and command.strength >= 1e-3:
        _check(source(command.src).info.seconds, _longest(command, engine))
    elif isinstance(command, Interpolate):
        lengths = (source(name).info.seconds for name in (command.a, command.b))
        _check(min(lengths), _longest(command, engine))
    elif isinstance(command, Accompany) and command.src != "input":
        _check(source(command.src).info.seconds, engine.capabilities.max_seconds)


def _longest(command: GenerationCommand, engine: Engine) -> float:
    """Return the longest source that is made anew, s: another engine may take more of one."""
    can = engine.capabilities
    return can.max_seconds if command.engine and can.needs_source_notes else MAX_WITH_SOURCE


def _new_seconds(command: Outpaint, clip: Clip, transport: tuple[float, int]) -> float:
    """Return how much is made, s; 0 where that depends on what is heard."""
    if command.bars is None:
        return command.seconds
    bpm = command.bpm or clip.info.bpm or (clip.score.tempo if clip.score else 0.0)
    upper, _, lower = (command.metre or f"{transport[1]}/4").partition("/")
    return command.bars * int(upper) * 4 / int(lower) * 60.0 / bpm if bpm else 0.0


def _check(seconds: float, longest: float = MAX_WITH_SOURCE) -> None:
    if seconds > longest + 0.01:  # an engine rounds to frames
        raise CommandError(
            Code.ERANGE,
            f"the clip would last {seconds:.2f} s: it must be 0.05 to {longest:g} s",
        )
