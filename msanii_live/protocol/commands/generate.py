"""Commands that make a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.config import VOCODERS
from msanii_live.protocol.command import AT_CHOICES, Command
from msanii_live.protocol.schema import number, text, whole

MAX_CLIP_SECONDS = 190.0


@dataclass(frozen=True, kw_only=True)
class GenerationCommand(Command):
    """Make a clip: the keys that every such command takes."""

    reply: ClassVar[str] = "/msanii/job/done"

    bpm: float | None = number(
        "tempo; of a source clip its own, else the transport's", 20, 300, default=None, unit="bpm"
    )
    style: str = text("style word of the engine, such as house", default="")
    key: str = text("key, such as C or 'A min' (Am works too)", default="")
    density: float | None = number("how busy: 0 sparse, 1 full", 0, 1, default=None)
    seed: int | None = whole(
        "same seed, same device, same audio; random if absent", 0, 2**31 - 1, default=None
    )
    steps: int | None = whole("denoising steps; the engine's own if absent", 1, 1000, default=None)
    engine: str = text("engine to use; the default one if absent", default="")
    prompt: str = text("words; those that name a style or a key steer", default="")
    clip: str = text("name of the result; made up if absent", default="")
    play: int = whole("play the result when it is ready", 0, 1, default=0)
    at: str = text(
        "when to play: at once, at the next beat or bar, or so many beats from now",
        default="none",
        choices=AT_CHOICES,
        or_number=True,
    )
    priority: int = whole("higher goes first in the queue", -100, 100, default=0)


@dataclass(frozen=True, kw_only=True)
class FixedLengthCommand(GenerationCommand):
    """Make a clip whose length is asked for."""

    seconds: float = number("length of the new audio", 0.5, MAX_CLIP_SECONDS, default=6.0, unit="s")
    bars: float | None = number(
        "length in bars at bpm, instead of seconds; whole bars close as a loop",
        0.125,
        400,
        default=None,
        unit="bars",
    )


@dataclass(frozen=True, kw_only=True)
class Generate(FixedLengthCommand):
    """Make a new clip from nothing."""

    address: ClassVar[str] = "/msanii/generate"


@dataclass(frozen=True, kw_only=True)
class Outpaint(FixedLengthCommand):
    """Go on from a clip, or lead up to it."""

    address: ClassVar[str] = "/msanii/outpaint"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    side: str = text("where the new audio goes", default="right", choices=("right", "left"))
    keep: int = whole("1: source and new audio in one clip; 0: new audio alone", 0, 1, default=1)


@dataclass(frozen=True, kw_only=True)
class Inpaint(GenerationCommand):
    """Make a span of a clip anew."""

    address: ClassVar[str] = "/msanii/inpaint"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    start: float = number("where the span begins", 0, 3600, unit="s", positional=True)
    end: float = number("where the span ends", 0, 3600, unit="s", positional=True)


@dataclass(frozen=True, kw_only=True)
class Interpolate(GenerationCommand):
    """Make a clip that lies between two."""

    address: ClassVar[str] = "/msanii/interpolate"

    a: str = text("first clip", positional=True)
    b: str = text("second clip", positional=True)
    mix: float = number("0 is all a, 1 is all b", 0, 1, default=0.5)
    strength: float = number("how far the blend is made anew", 0, 1, default=0.5)


@dataclass(frozen=True, kw_only=True)
class AudioToAudio(GenerationCommand):
    """Make a variation of a clip."""

    address: ClassVar[str] = "/msanii/audio2audio"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    strength: float = number("0 returns the source, 1 keeps nothing of it", 0, 1, default=0.4)


@dataclass(frozen=True, kw_only=True)
class Render(GenerationCommand):
    """Play notes: a MIDI file, a recorded take, or the last bars that came in on MIDI.

    A file plays with its own programs unless `program` or `timbre` says otherwise. `bpm` plays it
    at that tempo. Without `engine` it is one that plays notes. The engine tells its timbres in
    `/msanii/engine/info`. Notes of `take` are kept beside the clip, as NAME.mid.
    """

    address: ClassVar[str] = "/msanii/render"

    midi: str = text(
        "MIDI file in the folder, name of a take, or take: the last bars played", positional=True
    )
    timbre: str = text("instrument; the notes' own programs if absent", default="")
    timbre2: str = text("instrument to morph towards", default="")
    mix: float = number("0 is all timbre, 1 is all timbre2", 0, 1, default=0.5)
    program: int | None = whole("General MIDI program of all notes, from 0", 0, 127, default=None)
    seconds: float | None = number(
        "only so much, from the start; all of it if absent",
        0.5,
        MAX_CLIP_SECONDS,
        default=None,
        unit="s",
    )
    bars: float | None = number(
        "so many of the last bars of take (4 if absent); of a file the first",
        0.125,
        400,
        default=None,
        unit="bars",
    )


@dataclass(frozen=True, kw_only=True)
class Vocode(GenerationCommand):
    """Make a clip anew from nothing but its mel, to compare vocoders."""

    address: ClassVar[str] = "/msanii/vocode"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    vocoder: str = text("which; the server's own if absent", default="", choices=("", *VOCODERS))
