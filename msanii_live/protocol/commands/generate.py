"""Commands that make a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.config import VOCODERS
from msanii_live.notes import PARTS
from msanii_live.protocol.command import JobCommand, at_argument
from msanii_live.protocol.music_text import (
    METRES,
    SECTIONS,
    parse_chords,
    parse_form,
    parse_metre,
    parse_parts,
)
from msanii_live.protocol.schema import integer, number, text

MAX_CLIP_SECONDS = 190.0
# What tells a value from other words where the name of a key stands in a prompt.
CLIP_NAME_PATTERN = "[A-Za-z0-9_.-]{1,64}"
ENGINE_PATTERN = r"\S+"
KEY_PATTERN = (
    r"(?i:(of\s+)?[a-g](#|b|♯|♭|[ -]?(sharp|flat))?[ -]?"
    r"(m|(maj|min|dur|moll|ion|dor|phryg|lyd|mixo|aeol)[a-z]*)?)"
)
LYRICS_PATTERN = r"(?s)\s*\[.*"
SOURCE = (
    "clip name, audio file in the folder, current (what is playing), last (the newest clip) or "
    "input (the last seconds of the audio input)"
)


@dataclass(frozen=True, kw_only=True)
class GenerationCommand(JobCommand):
    """The base class of commands that make a clip, with the arguments that all of them take."""

    bpm: float | None = number(
        "tempo; if absent, the source clip's, or else the transport's",
        20,
        300,
        default=None,
        unit="bpm",
    )
    style: str = text("a style that the engine knows, such as house", default="")
    key: str = text(
        "musical key, such as C, 'A min' (or Am) or 'D dorian'", default="", pattern=KEY_PATTERN
    )
    density: float | None = number(
        "how many notes and hits: 0 is sparse, 1 is full", 0, 1, default=None
    )
    seed: int | None = integer(
        "the same seed on the same device gives the same audio; random if absent",
        0,
        2**31 - 1,
        default=None,
    )
    steps: int | None = integer(
        "denoising steps; the engine's default if absent", 1, 1000, default=None
    )
    engine: str = text(
        "engine to use; the default one if absent", default="", pattern=ENGINE_PATTERN
    )
    prompt: str = text(
        "free text; words that name a style, a key or a tempo are used where style, key and bpm "
        "are absent",
        default="",
        is_free_text=True,
    )
    negative: str = text(
        "free text of what to avoid, for published models", default="", is_free_text=True
    )
    guidance: float | None = number(
        "how strictly a published model follows its words; the model's own if absent",
        0,
        30,
        default=None,
    )
    lyrics: str = text(
        "words to be sung, for models that sing; after a prompt they begin with a section, such as "
        "[verse], or the key is written @lyrics",
        default="",
        pattern=LYRICS_PATTERN,
        is_free_text=True,
    )
    chords: str = text(
        "a chord for each bar, such as 'Am F C G', or 'Am:2 Bb/D:2' for two bars each; repeated",
        default="",
        check=parse_chords,
    )
    metre: str = text(
        f"metre: {', '.join(f'{upper}/{lower}' for upper, lower in METRES)}; the transport's if "
        "absent",
        default="",
        check=parse_metre,
    )
    swing: float | None = number(
        "delay of each second sixteenth: 0 is straight, 1 is triplets", 0, 1, default=None
    )
    form: str = text(
        f"sections and their bars, such as 'intro 4, verse 8'; sections are {', '.join(SECTIONS)}; "
        "the clip is as long, if generate has neither seconds nor bars",
        default="",
        check=parse_form,
        has_numbers=True,
    )
    parts: str = text(
        "parts to make: drums, bass, chords, lead, pad; all if absent",
        default="",
        check=parse_parts,
        words=(*PARTS, "all"),
    )
    drive: float | None = number(
        "saturation: 0 is clean, 1 is full; as the engine has it if absent", 0, 1, default=None
    )
    space: float | None = number(
        "room: 0 is dry, 1 is far away; as the engine has it if absent", 0, 1, default=None
    )
    stems: int = integer("1: also write the parts as NAME.drums.wav and so on", 0, 1, default=0)
    tries: int = integer(
        "how often a clip that misses tempo or key is made again, by engines that promise neither, "
        "for generate; each try takes the next seed",
        1,
        16,
        default=1,
    )
    count: int = integer(
        "clips to make, with this seed and the next ones: NAME-1, NAME-2 and so on",
        1,
        16,
        default=1,
    )
    clip: str = text(
        "name of the new clip; generated if absent", default="", pattern=CLIP_NAME_PATTERN
    )
    play: int = integer("1: play the new clip when it is ready", 0, 1, default=0)
    at: str = at_argument("it is played")
    priority: int = integer("jobs with a higher priority run first", -100, 100, default=0)


@dataclass(frozen=True, kw_only=True)
class FixedLengthCommand(GenerationCommand):
    """The base class of commands that make a clip of a given length."""

    seconds: float = number("length of the new audio", 0.5, MAX_CLIP_SECONDS, default=6.0, unit="s")
    bars: float | None = number(
        "length in bars at bpm, instead of seconds; a whole number of bars makes a loop",
        0.125,
        400,
        default=None,
        unit="bars",
    )


@dataclass(frozen=True, kw_only=True)
class Generate(FixedLengthCommand):
    """Generate a new clip without a source."""

    address: ClassVar[str] = "/msanii/generate"


@dataclass(frozen=True, kw_only=True)
class Outpaint(FixedLengthCommand):
    """Continue a clip after its end, or generate what comes before its start."""

    address: ClassVar[str] = "/msanii/outpaint"

    src: str = text(SOURCE, positional=True)
    side: str = text(
        "right: the new audio follows the source; left: it precedes the source",
        default="right",
        choices=("right", "left"),
    )
    keep: int = integer(
        "1: the clip has the source and the new audio; 0: only the new audio", 0, 1, default=1
    )


@dataclass(frozen=True, kw_only=True)
class Inpaint(GenerationCommand):
    """Replace a span of a clip with new audio that fits what comes before and after it."""

    address: ClassVar[str] = "/msanii/inpaint"

    src: str = text(SOURCE, positional=True)
    start: float = number("start of the span", 0, 3600, unit="s", positional=True)
    end: float = number("end of the span", 0, 3600, unit="s", positional=True)


@dataclass(frozen=True, kw_only=True)
class Interpolate(GenerationCommand):
    """Generate a clip between two clips."""

    address: ClassVar[str] = "/msanii/interpolate"

    a: str = text("first clip", positional=True)
    b: str = text("second clip", positional=True)
    mix: float = number("0 is only a, 1 is only b", 0, 1, default=0.5)
    strength: float = number(
        "how much of the blend is regenerated: 0 is the plain blend, 1 keeps little of it",
        0,
        1,
        default=0.5,
    )


@dataclass(frozen=True, kw_only=True)
class AudioToAudio(GenerationCommand):
    """Generate a variation of a clip."""

    address: ClassVar[str] = "/msanii/audio2audio"

    src: str = text(SOURCE, positional=True)
    strength: float = number(
        "0 returns the source unchanged, 1 keeps nothing of it", 0, 1, default=0.4
    )
    hold: str = text(
        "notes: the same notes with another sound; sound: other notes with the same sound",
        default="none",
        choices=("none", "notes", "sound"),
    )


@dataclass(frozen=True, kw_only=True)
class Render(GenerationCommand):
    """Play notes with an engine: a MIDI file, a recorded take, or the last bars of MIDI input.

    If `engine` is absent, the server picks one that plays notes. A MIDI file plays with its own
    programs unless `program` or `timbre` is given, and at its own tempo unless `bpm` is given.
    `/msanii/engine/info` lists the timbres of an engine. The notes are saved beside the clip as
    NAME.mid.
    """

    address: ClassVar[str] = "/msanii/render"

    midi: str = text(
        "MIDI file in the folder, name of a MIDI take, or take (the last bars of MIDI input)",
        positional=True,
    )
    timbre: str = text("instrument or kit; the notes' own programs if absent", default="")
    timbre2: str = text("second instrument, to morph towards", default="")
    mix: float = number("0 is only timbre, 1 is only timbre2", 0, 1, default=0.5)
    program: int | None = integer(
        "General MIDI program for all notes, from 0", 0, 127, default=None
    )
    seconds: float | None = number(
        "render only so much from the start; everything if absent",
        0.5,
        MAX_CLIP_SECONDS,
        default=None,
        unit="s",
    )
    bars: float | None = number(
        "for take, the number of last bars (4 if absent); for a file, the number of first bars",
        0.125,
        400,
        default=None,
        unit="bars",
    )


@dataclass(frozen=True, kw_only=True)
class Vocode(GenerationCommand):
    """Reconstruct a clip from its mel spectrogram alone, to compare vocoders."""

    address: ClassVar[str] = "/msanii/vocode"

    src: str = text(SOURCE, positional=True)
    vocoder: str = text(
        "vocoder to use; the server's if absent", default="", choices=("", *VOCODERS)
    )
