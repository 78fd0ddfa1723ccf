"""Commands of the endless stream, and the params that steer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command, at_argument
from msanii_live.protocol.schema import arguments, number, text, whole

PARAM_ROOT = "/msanii/param/"


@dataclass(frozen=True, kw_only=True)
class StreamStart(Command):
    """Go on from what sounds, or from a clip, for ever, in chunks that params steer.

    Chunks are reported by `/msanii/stream/chunk` to whoever started it and to topic `stream`. If
    the engine falls behind, the last bar sounds again, in time: `/msanii/stream/late`.

    With `midi` it plays notes instead: with `take` whole bars of what comes in on MIDI, a chunk
    behind the hands, the last phrase again while nothing new comes in; else a take or a file, again
    and again. `stream.mix` is then what `mix` is to `/msanii/render`, where there is a `timbre2`.
    Said to a stream that runs, it goes on with them; not said, what it plays is left as it is.
    """

    address: ClassVar[str] = "/msanii/stream/start"

    src: str = text(
        "clip name, file in the folder, last or current; where nothing sounds, a fresh clip",
        default="current",
        positional=True,
    )
    ahead: float = number("ready before it is heard", 1, 30, default=4.0, unit="s")
    chunk: float = number("length of each chunk", 1, 30, default=3.0, unit="s")
    mix: float | None = number("sets stream.mix", 0, 1, default=None)
    target: str = text("sets stream.target", default="")
    engine: str = text("engine to use; the default one if absent", default="")
    at: str = at_argument("it starts, where nothing sounds yet", default="bar")
    midi: str = text(
        "notes to play: take, what is being played; a take or MIDI file by name; none ends that",
        default="",
    )
    timbre: str = text("instrument; the notes' own programs if absent, or none", default="")
    timbre2: str = text("instrument to morph towards; none ends that", default="")
    program: int | None = whole("General MIDI program of all notes, from 0", 0, 127, default=None)


@dataclass(frozen=True, kw_only=True)
class StreamStop(Command):
    """End the stream."""

    address: ClassVar[str] = "/msanii/stream/stop"

    at: str = at_argument("the fade begins")
    fade: float = number("fade out; never under 5 ms", 0, 60, default=0.02, unit="s")


@dataclass(frozen=True, kw_only=True)
class Param(Command):
    """Be the root of params: with a value it is set, without one it is told."""

    @property
    def name(self) -> str:
        """What the param is called."""
        return self.address.removeprefix(PARAM_ROOT)


@dataclass(frozen=True, kw_only=True)
class StreamMix(Param):
    """Set how far the next chunks go towards the target, or ask."""

    address: ClassVar[str] = "/msanii/param/stream.mix"
    reply: ClassVar[str] = "/msanii/param/stream.mix"

    value: float | None = number("0 is none of it", 0, 1, default=None, positional=True)


@dataclass(frozen=True, kw_only=True)
class StreamTarget(Param):
    """Set the clip that the next chunks go towards, or ask; `none` for no clip."""

    address: ClassVar[str] = "/msanii/param/stream.target"
    reply: ClassVar[str] = "/msanii/param/stream.target"

    value: str | None = text("clip name, or none", default=None, positional=True)


@dataclass(frozen=True, kw_only=True)
class StreamStrength(Param):
    """Set how far the blend with the target is made anew, or ask."""

    address: ClassVar[str] = "/msanii/param/stream.strength"
    reply: ClassVar[str] = "/msanii/param/stream.strength"

    value: float | None = number(
        "0 is the plain blend, 1 keeps little of it", 0, 1, default=None, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamSteps(Param):
    """Set the denoising steps of the next chunks, or ask; 0 is the engine's own."""

    address: ClassVar[str] = "/msanii/param/stream.steps"
    reply: ClassVar[str] = "/msanii/param/stream.steps"

    value: int | None = whole("steps", 0, 1000, default=None, positional=True)


@dataclass(frozen=True, kw_only=True)
class StreamSeed(Param):
    """Set the seed of the next chunks, or ask; -1 is a new one each time."""

    address: ClassVar[str] = "/msanii/param/stream.seed"
    reply: ClassVar[str] = "/msanii/param/stream.seed"

    value: int | None = whole(
        "each chunk adds its index", -1, 2**24 - 1, default=None, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamDensity(Param):
    """Set how busy the next chunks are, or ask; -1 leaves it to the engine."""

    address: ClassVar[str] = "/msanii/param/stream.density"
    reply: ClassVar[str] = "/msanii/param/stream.density"

    value: float | None = number("0 sparse, 1 full", -1, 1, default=None, positional=True)


PARAMS: tuple[type[Param], ...] = (
    StreamMix, StreamTarget, StreamStrength, StreamSteps, StreamSeed, StreamDensity,
)  # fmt: skip


def param_tag(param: type[Param]) -> str:
    """Return the tag of a param's value.

    >>> param_tag(StreamMix)
    'f'
    """
    return arguments(param)[0].kind
