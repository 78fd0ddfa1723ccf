"""The table: every command that the server understands.

The dispatcher, docs/osc.md and the tests are views of it. A new command is one dataclass here and
one line in `server/router.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from msanii_live.config import VOCODERS
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.address_pattern import matching
from msanii_live.protocol.base import WHEN
from msanii_live.protocol.base import Command as Command
from msanii_live.protocol.parser import find_text, read_arguments
from msanii_live.protocol.playing import PARAMS, PLAYING
from msanii_live.protocol.playing import Play as Play
from msanii_live.protocol.playing import Stop as Stop
from msanii_live.protocol.playing import Transport as Transport
from msanii_live.protocol.schema import (
    ENVELOPE,
    TOKEN_LIMIT,
    Argument,
    Value,
    arguments,
    as_token,
    coerce,
    number,
    text,
    whole,
)

LONGEST = 190.0
PARAMETERS = "/msanii/param/"


@dataclass(frozen=True, kw_only=True)
class MakingCommand(Command):
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
        choices=WHEN,
        or_number=True,
    )
    priority: int = whole("higher goes first in the queue", -100, 100, default=0)


@dataclass(frozen=True, kw_only=True)
class LengthCommand(MakingCommand):
    """Make a clip whose length is asked for."""

    seconds: float = number("length of the new audio", 0.5, LONGEST, default=6.0, unit="s")
    bars: float | None = number(
        "length in bars at bpm, instead of seconds; whole bars close as a loop",
        0.125,
        400,
        default=None,
        unit="bars",
    )


@dataclass(frozen=True, kw_only=True)
class Generate(LengthCommand):
    """Make a new clip from nothing."""

    address: ClassVar[str] = "/msanii/generate"


@dataclass(frozen=True, kw_only=True)
class Outpaint(LengthCommand):
    """Go on from a clip, or lead up to it."""

    address: ClassVar[str] = "/msanii/outpaint"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    side: str = text("where the new audio goes", default="right", choices=("right", "left"))
    keep: int = whole("1: source and new audio in one clip; 0: new audio alone", 0, 1, default=1)


@dataclass(frozen=True, kw_only=True)
class Inpaint(MakingCommand):
    """Make a span of a clip anew."""

    address: ClassVar[str] = "/msanii/inpaint"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    start: float = number("where the span begins", 0, 3600, unit="s", positional=True)
    end: float = number("where the span ends", 0, 3600, unit="s", positional=True)


@dataclass(frozen=True, kw_only=True)
class Interpolate(MakingCommand):
    """Make a clip that lies between two."""

    address: ClassVar[str] = "/msanii/interpolate"

    a: str = text("first clip", positional=True)
    b: str = text("second clip", positional=True)
    mix: float = number("0 is all a, 1 is all b", 0, 1, default=0.5)
    strength: float = number("how far the blend is made anew", 0, 1, default=0.5)


@dataclass(frozen=True, kw_only=True)
class AudioToAudio(MakingCommand):
    """Make a variation of a clip."""

    address: ClassVar[str] = "/msanii/audio2audio"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    strength: float = number("0 returns the source, 1 keeps nothing of it", 0, 1, default=0.4)


@dataclass(frozen=True, kw_only=True)
class Render(MakingCommand):
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
        "only so much, from the start; all of it if absent", 0.5, LONGEST, default=None, unit="s"
    )
    bars: float | None = number(
        "so many of the last bars of take (4 if absent); of a file the first",
        0.125,
        400,
        default=None,
        unit="bars",
    )


@dataclass(frozen=True, kw_only=True)
class Vocode(MakingCommand):
    """Make a clip anew from nothing but its mel, to compare vocoders."""

    address: ClassVar[str] = "/msanii/vocode"

    src: str = text("clip name, file in the folder, current or last", positional=True)
    vocoder: str = text("which; the server's own if absent", default="", choices=("", *VOCODERS))


@dataclass(frozen=True, kw_only=True)
class ClipList(Command):
    """List the clips, newest first, 50 a page."""

    address: ClassVar[str] = "/msanii/clip/list"
    reply: ClassVar[str] = "/msanii/clip/entry"
    reads_only: ClassVar[bool] = True

    page: int = whole("page, from 1", 1, 1_000_000, default=1)


@dataclass(frozen=True, kw_only=True)
class ClipInfoCommand(Command):
    """Tell all about one clip."""

    address: ClassVar[str] = "/msanii/clip/info"
    reply: ClassVar[str] = "/msanii/clip/info"
    reads_only: ClassVar[bool] = True

    name: str = text("clip name, or last", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipLoad(Command):
    """Take an audio file of the shared folder in as a clip."""

    address: ClassVar[str] = "/msanii/clip/load"

    path: str = text("file in the shared folder", positional=True)
    clip: str = text("name; the file's own if absent", default="")
    bpm: float | None = number("its tempo, where known", 20, 300, default=None, unit="bpm")


@dataclass(frozen=True, kw_only=True)
class ClipSave(Command):
    """Write a copy of a clip to a path in the shared folder."""

    address: ClassVar[str] = "/msanii/clip/save"

    name: str = text("clip name, or last", positional=True)
    path: str = text("file in the shared folder, ending in .wav or .flac", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipRename(Command):
    """Give a clip another name."""

    address: ClassVar[str] = "/msanii/clip/rename"

    name: str = text("clip name, or last", positional=True)
    to: str = text("new name", positional=True)


@dataclass(frozen=True, kw_only=True)
class ClipFree(Command):
    """Forget a clip; its file stays in the folder and is found again at the next start."""

    address: ClassVar[str] = "/msanii/clip/free"

    name: str = text("clip name, or last", positional=True)


@dataclass(frozen=True, kw_only=True)
class JobList(Command):
    """List the jobs that run or wait."""

    address: ClassVar[str] = "/msanii/job/list"
    reply: ClassVar[str] = "/msanii/job/entry"
    reads_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class JobCancel(Command):
    """Cancel a job, within one denoising step."""

    address: ClassVar[str] = "/msanii/job/cancel"

    job: str = text("job number, your token, or all", positional=True)


@dataclass(frozen=True, kw_only=True)
class EngineList(Command):
    """List the engines."""

    address: ClassVar[str] = "/msanii/engine/list"
    reply: ClassVar[str] = "/msanii/engine/entry"
    reads_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class EngineInfo(Command):
    """Tell what an engine can do, one line a fact."""

    address: ClassVar[str] = "/msanii/engine/info"
    reply: ClassVar[str] = "/msanii/engine/info"
    reads_only: ClassVar[bool] = True

    engine: str = text("engine name; the default one if absent", default="", positional=True)


@dataclass(frozen=True, kw_only=True)
class EngineLoad(Command):
    """Load an engine and keep it warm."""

    address: ClassVar[str] = "/msanii/engine/load"

    engine: str = text("engine name", positional=True)


@dataclass(frozen=True, kw_only=True)
class EngineFree(Command):
    """Give an engine's memory back; it is loaded again when it is next asked for."""

    address: ClassVar[str] = "/msanii/engine/free"

    engine: str = text("engine name", positional=True)


@dataclass(frozen=True, kw_only=True)
class Notify(Command):
    """Register this host's port for replies; the lease is 60 s, renewed by any message."""

    address: ClassVar[str] = "/msanii/notify"

    on: int = whole("1 registers, 0 ends it", 0, 1, positional=True)
    port: int = whole(
        "UDP port; the sending one if 0 or absent", 0, 65_535, default=0, positional=True
    )
    topics: str = text("jobs: copies of every client's job replies", default="")


@dataclass(frozen=True, kw_only=True)
class Sync(Command):
    """Answer once all that this client asked for before has ended."""

    address: ClassVar[str] = "/msanii/sync"
    reply: ClassVar[str] = "/msanii/synced"

    number: str = text(
        "any number or word, echoed", default="", longest=TOKEN_LIMIT, positional=True
    )


@dataclass(frozen=True, kw_only=True)
class Ping(Command):
    """Answer at once."""

    address: ClassVar[str] = "/msanii/ping"
    reply: ClassVar[str] = "/msanii/pong"
    reads_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Status(Command):
    """Tell how the server is."""

    address: ClassVar[str] = "/msanii/status"
    reply: ClassVar[str] = "/msanii/status"
    reads_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Version(Command):
    """Tell the versions of the server and of this protocol."""

    address: ClassVar[str] = "/msanii/version"
    reply: ClassVar[str] = "/msanii/version"
    reads_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Caps(Command):
    """Tell what the server can do and what it has counted, one line a fact."""

    address: ClassVar[str] = "/msanii/caps"
    reply: ClassVar[str] = "/msanii/caps"
    reads_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Dump(Command):
    """Tell this client of every message that comes in; it ends 60 s after this host's last one."""

    address: ClassVar[str] = "/msanii/dump"

    on: int = whole("1 begins, 0 ends it", 0, 1, default=1, positional=True)
    last: int = whole("so many of the lines before, too", 0, 200, default=0)


@dataclass(frozen=True, kw_only=True)
class ClearSched(Command):
    """Drop every command that waits for its time tag."""

    address: ClassVar[str] = "/msanii/clearsched"


@dataclass(frozen=True, kw_only=True)
class Quit(Command):
    """End the server; from this machine only."""

    address: ClassVar[str] = "/msanii/quit"


COMMANDS: tuple[type[Command], ...] = (
    Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Render, Vocode,
    *PLAYING, *PARAMS,
    ClipList, ClipInfoCommand, ClipLoad, ClipSave, ClipRename, ClipFree,
    JobList, JobCancel,
    EngineList, EngineInfo, EngineLoad, EngineFree,
    Notify, Sync, Ping, Status, Version, Caps, Dump, ClearSched, Quit,
)  # fmt: skip
BY_ADDRESS = {command.address: command for command in COMMANDS}


@dataclass(frozen=True)
class Request:
    """Hold a validated command and how its sender wants to be answered.

    token: the client's `id` as a string. reply_port: 0 where not given. unknown: keys ignored.
    """

    command: Command
    token: str
    reply_port: int
    unknown: tuple[str, ...]


def peek_token(args: Sequence[Value], address: str = "") -> str:
    """Find the token of a message that may be wrong elsewhere, so that its failure carries it.

    address: of the message, where a command has it; without it the keys of all commands count.
    A token that is too long comes back cut.

    >>> peek_token(["seconds", "many", "id", 7.0])
    '7'
    """
    return as_token(find_text(_may_take(address), args, "id"))[:TOKEN_LIMIT]


def peek_reply_port(args: Sequence[Value], address: str = "") -> int:
    """Find where a message that may be wrong elsewhere wants its failure; 0 where it does not say.

    >>> peek_reply_port(["seconds", "many", "reply_port", 9000.0])
    9000
    """
    port = next(argument for argument in ENVELOPE if argument.name == "reply_port")
    try:
        return int(coerce(port, find_text(_may_take(address), args, port.name)))
    except CommandError:
        return 0


def _may_take(address: str) -> Sequence[Argument]:
    kind = BY_ADDRESS.get(address)
    return every_argument(kind) if kind else _all_arguments()


@cache
def _all_arguments() -> Sequence[Argument]:
    return [argument for command in COMMANDS for argument in every_argument(command)]


def every_argument(command: type[Command]) -> tuple[Argument, ...]:
    """Return the arguments of a command, with those that every command takes."""
    return (*arguments(command), *ENVELOPE)


def parse(address: str, args: Sequence[Value]) -> Request:
    """Read a message as a request.

    Raises: CommandError: EADDR for an address that no command has, EARG, ETYPE, ERANGE.

    >>> parse("/msanii/generate", ["prompt", "dark", "techno", "seconds", 8]).command.seconds
    8.0
    """
    kind = BY_ADDRESS.get(address)
    if kind is None:
        raise CommandError(Code.EADDR, f"no command has the address {address}{_nearest(address)}")
    read = read_arguments(every_argument(kind), args)
    values = dict(read.values)
    token = str(values.pop("id", ""))
    reply_port = int(values.pop("reply_port", 0))
    return Request(kind(**values), token, reply_port, read.unknown)


def reached_by(pattern: str) -> list[str]:
    """Return the addresses of commands that an address pattern reaches.

    Raises: CommandError: EADDR, it is malformed, reaches none, or one that does more than read.

    >>> reached_by("/msanii/[pv]*{ing,on}")
    ['/msanii/ping', '/msanii/version']
    """
    found = matching(pattern, BY_ADDRESS)
    if not found:
        raise CommandError(Code.EADDR, f"no command's address matches the pattern {pattern}")
    for address in found:
        if not (BY_ADDRESS[address].reads_only or address.startswith(PARAMETERS)):
            raise CommandError(
                Code.EADDR,
                f"the pattern {pattern} matches {address}, which does more than read: patterns are "
                "for commands that only read, and for parameters",
            )
    return found


def _nearest(address: str) -> str:
    plain = address.rstrip("/").lower()
    return f"; did you mean {plain}?" if plain in BY_ADDRESS else "; docs/osc.md lists them"
