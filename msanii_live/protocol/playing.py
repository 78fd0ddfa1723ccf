"""The part of the table about sound: playing, time, recording, the stream and its params."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.base import Command, moment
from msanii_live.protocol.schema import arguments, number, text, whole

PARAM_ROOT = "/msanii/param/"


@dataclass(frozen=True, kw_only=True)
class Play(Command):
    """Sound a clip; what sounds under the same name fades out as it fades in.

    A time tag is honoured to the frame. With `fade 0` and `gain 0` its samples reach the device bit
    for bit; else an end that would click is faded within 5 ms.
    """

    address: ClassVar[str] = "/msanii/play"

    clip: str = text("clip name, or last", positional=True)
    at: str = moment("it starts")
    loop: int = whole("1: again and again until stopped", 0, 1, default=0)
    gain: float = number("level", -90, 12, default=0.0, unit="dB")
    fade: float = number("fade in, and out for what it replaces", 0, 60, default=0.02, unit="s")


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """Silence one clip, the stream (`stream`), or all. A time tag is honoured to the frame."""

    address: ClassVar[str] = "/msanii/stop"

    clip: str = text("clip name; all if absent", default="", positional=True)
    at: str = moment("the fade begins")
    fade: float = number("fade out; never under 5 ms", 0, 60, default=0.02, unit="s")


@dataclass(frozen=True, kw_only=True)
class Transport(Command):
    """Set tempo, metre and source of time, from the next beat on, or ask for them."""

    address: ClassVar[str] = "/msanii/transport"
    reply: ClassVar[str] = "/msanii/transport"

    bpm: float | None = number("tempo", 20, 300, default=None, unit="bpm")
    beats: int | None = whole("beats a bar", 1, 32, default=None)
    source: str | None = text(
        "who keeps time: this server, Ableton Link, or MIDI clock; unchanged if absent",
        default=None,
        choices=("internal", "link", "midi"),
    )
    run: int | None = whole("1 runs, from a bar line; 0 stands still", 0, 1, default=None)


@dataclass(frozen=True, kw_only=True)
class RecordStart(Command):
    """Begin a take of what is heard, played, or comes in on MIDI."""

    address: ClassVar[str] = "/msanii/record/start"

    clip: str = text("name of the take; made up if absent", default="")
    seconds: float | None = number(
        "ends by itself after so long; at /msanii/record/stop if absent",
        0.05,
        600,
        default=None,
        unit="s",
    )
    source: str = text("what is recorded", default="output", choices=("input", "output", "midi"))


@dataclass(frozen=True, kw_only=True)
class RecordStop(Command):
    """End the take and make a clip of it; without a take, of the last seconds, kept all the time.

    The clip's `/msanii/clip/info` comes before the answer; of MIDI, `/msanii/take/info`, with the
    MIDI file that `/msanii/render` plays by its name.
    """

    address: ClassVar[str] = "/msanii/record/stop"

    clip: str = text("name of the clip; as it was begun, or made up, if absent", default="")
    seconds: float | None = number(
        "only the last so many; up to 60 without a take", 0.05, 600, default=None, unit="s"
    )
    source: str = text(
        "without a take, what is kept", default="output", choices=("input", "output", "midi")
    )


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
    at: str = moment("it starts, where nothing sounds yet", default="bar")
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

    at: str = moment("the fade begins")
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


PLAYING: tuple[type[Command], ...] = (
    Play, Stop, Transport, RecordStart, RecordStop, StreamStart, StreamStop,
)  # fmt: skip
PARAMS: tuple[type[Param], ...] = (
    StreamMix, StreamTarget, StreamStrength, StreamSteps, StreamSeed, StreamDensity,
)  # fmt: skip


def param_tag(param: type[Param]) -> str:
    """Return the tag of a param's value.

    >>> param_tag(StreamMix)
    'f'
    """
    return arguments(param)[0].kind
