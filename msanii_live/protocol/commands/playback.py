"""Commands of sound and time: play, stop, record, transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command, at_argument
from msanii_live.protocol.schema import number, text, whole


@dataclass(frozen=True, kw_only=True)
class Play(Command):
    """Sound a clip; what sounds under the same name fades out as it fades in.

    A time tag is honoured to the frame. With `fade 0` and `gain 0` its samples reach the device bit
    for bit; else an end that would click is faded within 5 ms.
    """

    address: ClassVar[str] = "/msanii/play"

    clip: str = text("clip name, or last", positional=True)
    at: str = at_argument("it starts")
    loop: int = whole("1: again and again until stopped", 0, 1, default=0)
    gain: float = number("level", -90, 12, default=0.0, unit="dB")
    fade: float = number("fade in, and out for what it replaces", 0, 60, default=0.02, unit="s")


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """Silence one clip, the stream (`stream`), or all. A time tag is honoured to the frame."""

    address: ClassVar[str] = "/msanii/stop"

    clip: str = text("clip name; all if absent", default="", positional=True)
    at: str = at_argument("the fade begins")
    fade: float = number("fade out; never under 5 ms", 0, 60, default=0.02, unit="s")


@dataclass(frozen=True, kw_only=True)
class TransportCommand(Command):
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
