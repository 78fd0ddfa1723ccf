"""Params: what steers the stream while it runs, and the level of the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command
from msanii_live.protocol.music_text import check_key, or_none, parse_chords, parse_parts
from msanii_live.protocol.schema import arguments, integer, number, text

PARAM_ROOT = "/msanii/param/"
MAX_CURVE_BEATS = 4_096.0
SHAPES = ("linear", "exp", "ease")


@dataclass(frozen=True, kw_only=True)
class Param(Command):
    """The base class of params. A message with a value sets it; one without asks for it.

    With `time`, a number glides to the value, and a word is set when that time has passed.
    """

    time: float = number(
        "how long the param takes to reach the value", 0, MAX_CURVE_BEATS, default=0.0,
        unit="beats",
    )  # fmt: skip
    shape: str = text(
        "course of the change: linear, exp (slow at first) or ease (slow at both ends)",
        default="linear",
        choices=SHAPES,
    )

    @property
    def name(self) -> str:
        """The name of the param, such as stream.mix."""
        return self.address.removeprefix(PARAM_ROOT)


@dataclass(frozen=True, kw_only=True)
class StreamMix(Param):
    """Set or return how far the next chunks move towards the target."""

    address: ClassVar[str] = "/msanii/param/stream.mix"
    reply: ClassVar[str] = "/msanii/param/stream.mix"

    value: float | None = number(
        "0 is none of the target, 1 is all of it", 0, 1, default=None, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamTarget(Param):
    """Set or return the clip that the next chunks move towards."""

    address: ClassVar[str] = "/msanii/param/stream.target"
    reply: ClassVar[str] = "/msanii/param/stream.target"

    value: str | None = text(
        "clip name, or none", default=None, takes_numbers=True, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamStrength(Param):
    """Set or return how much of the blend with the target is regenerated."""

    address: ClassVar[str] = "/msanii/param/stream.strength"
    reply: ClassVar[str] = "/msanii/param/stream.strength"

    value: float | None = number(
        "0 is the plain blend, 1 keeps little of it", 0, 1, default=None, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamSteps(Param):
    """Set or return the denoising steps of the next chunks."""

    address: ClassVar[str] = "/msanii/param/stream.steps"
    reply: ClassVar[str] = "/msanii/param/stream.steps"

    value: int | None = integer(
        "steps; 0 is the engine's default", 0, 1000, default=None, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamSeed(Param):
    """Set or return the seed of the next chunks."""

    address: ClassVar[str] = "/msanii/param/stream.seed"
    reply: ClassVar[str] = "/msanii/param/stream.seed"

    value: int | None = integer(
        "seed, to which each chunk adds its index; -1 is a random seed for each chunk",
        -1,
        2**24 - 1,
        default=None,
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class StreamDensity(Param):
    """Set or return how many notes and hits the next chunks have."""

    address: ClassVar[str] = "/msanii/param/stream.density"
    reply: ClassVar[str] = "/msanii/param/stream.density"

    value: float | None = number(
        "0 is sparse, 1 is full; -1 leaves it to the engine",
        -1,
        1,
        default=None,
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class StreamStyle(Param):
    """Set or return the style of the next chunks."""

    address: ClassVar[str] = "/msanii/param/stream.style"
    reply: ClassVar[str] = "/msanii/param/stream.style"

    value: str | None = text(
        "a style that the engine knows, or none, which leaves it to the engine",
        default=None,
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class StreamKey(Param):
    """Set or return the key of the next chunks."""

    address: ClassVar[str] = "/msanii/param/stream.key"
    reply: ClassVar[str] = "/msanii/param/stream.key"

    value: str | None = text(
        "musical key, such as C, Am or 'D dorian', or none, which leaves it to the engine",
        default=None,
        check=or_none(check_key),
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class StreamChords(Param):
    """Set or return the chords of the next chunks, which go round."""

    address: ClassVar[str] = "/msanii/param/stream.chords"
    reply: ClassVar[str] = "/msanii/param/stream.chords"

    value: str | None = text(
        "a chord for each bar, such as 'Am F C G', or 'Am:2 Bb/D:2' for two bars each; none leaves "
        "them to the engine",
        default=None,
        check=or_none(parse_chords),
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class StreamParts(Param):
    """Set or return the parts that sound in the next chunks, so as to mute or solo them.

    Muted parts are composed all the same and come back where they would be.
    """

    address: ClassVar[str] = "/msanii/param/stream.parts"
    reply: ClassVar[str] = "/msanii/param/stream.parts"

    value: str | None = text(
        "parts that sound: drums, bass, chords, lead, pad; none or all is every part",
        default=None,
        check=or_none(parse_parts),
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class StreamDrive(Param):
    """Set or return the saturation of the next chunks of a stream that plays notes."""

    address: ClassVar[str] = "/msanii/param/stream.drive"
    reply: ClassVar[str] = "/msanii/param/stream.drive"

    value: float | None = number("0 is clean, 1 is full", 0, 1, default=None, positional=True)


@dataclass(frozen=True, kw_only=True)
class StreamSpace(Param):
    """Set or return the room of the next chunks of a stream that plays notes."""

    address: ClassVar[str] = "/msanii/param/stream.space"
    reply: ClassVar[str] = "/msanii/param/stream.space"

    value: float | None = number("0 is dry, 1 is far away", 0, 1, default=None, positional=True)


@dataclass(frozen=True, kw_only=True)
class StreamPromptA(Param):
    """Set or return the prompt of the next chunks.

    With `stream.prompt.b`, `stream.mix` is where between the two prompts they are. Engines that do
    not weigh prompts follow the nearer one.
    """

    address: ClassVar[str] = "/msanii/param/stream.prompt.a"
    reply: ClassVar[str] = "/msanii/param/stream.prompt.a"

    value: str | None = text(
        "free text, or none", default=None, takes_numbers=True, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class StreamPromptB(Param):
    """Set or return the prompt towards which `stream.mix` moves the next chunks."""

    address: ClassVar[str] = "/msanii/param/stream.prompt.b"
    reply: ClassVar[str] = "/msanii/param/stream.prompt.b"

    value: str | None = text(
        "free text, or none", default=None, takes_numbers=True, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class OutputGain(Param):
    """Set or return the level of the whole output. With `time` it glides, exact to a frame."""

    address: ClassVar[str] = "/msanii/param/output.gain"
    reply: ClassVar[str] = "/msanii/param/output.gain"

    value: float | None = number(
        "level; -90 is silence", -90, 12, default=None, unit="dB", positional=True
    )


PARAMS: tuple[type[Param], ...] = (
    StreamMix, StreamTarget, StreamStrength, StreamSteps, StreamSeed, StreamDensity,
    StreamStyle, StreamKey, StreamChords, StreamParts, StreamDrive, StreamSpace, StreamPromptA,
    StreamPromptB, OutputGain,
)  # fmt: skip


def param_tag(param: type[Param]) -> str:
    """Return the OSC type tag of a param's value.

    >>> param_tag(StreamMix)
    'f'
    """
    return arguments(param)[0].kind
