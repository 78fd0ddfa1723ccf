"""Commands about playback: play, stop, record, transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command, at_argument
from msanii_live.protocol.commands.library import CLIP_NAME
from msanii_live.protocol.schema import integer, number, text


@dataclass(frozen=True, kw_only=True)
class Play(Command):
    """Play a clip. If it is already playing, the two crossfade.

    With `start` and `end`, a span of it plays.

    A time tag is accurate to one frame. With `fade 0` and `gain 0` the clip's samples reach the
    device bit for bit. With any other values, an end that would click is faded within 5 ms.
    """

    address: ClassVar[str] = "/msanii/play"

    clip: str = text(CLIP_NAME, positional=True)
    at: str = at_argument("playback starts")
    loop: int = integer("1: repeat until stopped", 0, 1, default=0)
    gain: float = number("level", -90, 12, default=0.0, unit="dB")
    fade: float = number(
        "length of the fade-in, and of the fade-out of what it replaces",
        0,
        60,
        default=0.02,
        unit="s",
    )
    start: float = number("where in the clip its playback begins", 0, 3600, default=0.0, unit="s")
    end: float | None = number(
        "where in the clip it ends, or a loop returns to the start; the clip's end if absent",
        0,
        3600,
        default=None,
        unit="s",
    )


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """Stop one clip, the stream (`stream`), or everything. A time tag is accurate to one frame."""

    address: ClassVar[str] = "/msanii/stop"

    clip: str = text("clip name, or stream; everything if absent", default="", positional=True)
    at: str = at_argument("the fade-out begins")
    fade: float = number("length of the fade-out, at least 5 ms", 0, 60, default=0.02, unit="s")


@dataclass(frozen=True, kw_only=True)
class TransportCommand(Command):
    """Set the tempo, metre and clock source, or only return them.

    A change takes effect at the next beat.
    """

    address: ClassVar[str] = "/msanii/transport"
    reply: ClassVar[str] = "/msanii/transport"

    bpm: float | None = number("tempo", 20, 300, default=None, unit="bpm")
    beats: int | None = integer("beats in a bar", 1, 32, default=None)
    source: str | None = text(
        "clock source: internal (this server), link (Ableton Link) or midi (MIDI clock)",
        default=None,
        choices=("internal", "link", "midi"),
    )
    run: int | None = integer("1: start, at a bar line; 0: stop", 0, 1, default=None)


@dataclass(frozen=True, kw_only=True)
class RecordStart(Command):
    """Start to record the output, the audio input or the MIDI input."""

    address: ClassVar[str] = "/msanii/record/start"

    clip: str = text("name of the take; generated if absent", default="")
    seconds: float | None = number(
        "stop by itself after this time; at /msanii/record/stop if absent",
        0.05,
        600,
        default=None,
        unit="s",
    )
    source: str = text("what to record", default="output", choices=("input", "output", "midi"))


@dataclass(frozen=True, kw_only=True)
class RecordStop(Command):
    """Stop recording and make a clip of the take.

    If nothing is being recorded, the clip is made of the last seconds, which the server always
    keeps. `/msanii/clip/info` is sent before the answer. A MIDI take becomes a MIDI file instead,
    which `/msanii/render` can play by its name, and `/msanii/take/info` is sent.
    """

    address: ClassVar[str] = "/msanii/record/stop"

    clip: str = text(
        "name of the clip; if absent, the one given at /msanii/record/start, or generated",
        default="",
    )
    seconds: float | None = number(
        "only the last seconds; at most 60 if nothing is being recorded",
        0.05,
        600,
        default=None,
        unit="s",
    )
    source: str = text(
        "what to use if nothing is being recorded",
        default="output",
        choices=("input", "output", "midi"),
    )
