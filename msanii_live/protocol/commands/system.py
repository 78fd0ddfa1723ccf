"""Commands about jobs, engines, clients and the server itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command
from msanii_live.protocol.schema import TOKEN_LIMIT, integer, text


@dataclass(frozen=True, kw_only=True)
class JobList(Command):
    """List the jobs that run or wait."""

    address: ClassVar[str] = "/msanii/job/list"
    reply: ClassVar[str] = "/msanii/job/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class JobCancel(Command):
    """Cancel a job. A running job ends within one denoising step."""

    address: ClassVar[str] = "/msanii/job/cancel"

    job: str = text("job number, your token, or all", positional=True)


@dataclass(frozen=True, kw_only=True)
class EngineList(Command):
    """List the engines."""

    address: ClassVar[str] = "/msanii/engine/list"
    reply: ClassVar[str] = "/msanii/engine/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class EngineInfo(Command):
    """Return what an engine can do, one reply for each fact."""

    address: ClassVar[str] = "/msanii/engine/info"
    reply: ClassVar[str] = "/msanii/engine/info"
    read_only: ClassVar[bool] = True

    engine: str = text("engine name; the default one if absent", default="", positional=True)


@dataclass(frozen=True, kw_only=True)
class EngineLoad(Command):
    """Load an engine into memory."""

    address: ClassVar[str] = "/msanii/engine/load"

    engine: str = text("engine name", positional=True)


@dataclass(frozen=True, kw_only=True)
class EngineFree(Command):
    """Unload an engine and free its memory. The next command that uses it loads it again."""

    address: ClassVar[str] = "/msanii/engine/free"

    engine: str = text("engine name", positional=True)


@dataclass(frozen=True, kw_only=True)
class WorkerList(Command):
    """List the workers that run engines; without any, the server itself."""

    address: ClassVar[str] = "/msanii/worker/list"
    reply: ClassVar[str] = "/msanii/worker/entry"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Notify(Command):
    """Register a port of this host for replies.

    The registration lasts 60 s. Any message from the host renews it.
    """

    address: ClassVar[str] = "/msanii/notify"

    on: int = integer("1: register; 0: end the registration", 0, 1, positional=True)
    port: int = integer(
        "UDP port; the port of the sender if 0 or absent", 0, 65_535, default=0, positional=True
    )
    topics: str = text(
        "what else to receive: jobs (the job replies of every client), stream (what the stream "
        "reports), map (each control that is learnt), or several of them",
        default="",
    )


@dataclass(frozen=True, kw_only=True)
class Sync(Command):
    """Answer when every earlier command of the same client has ended.

    A client is identified by where its replies go.
    """

    address: ClassVar[str] = "/msanii/sync"
    reply: ClassVar[str] = "/msanii/synced"

    number: str = text(
        "any number or word, echoed in the answer",
        default="",
        max_length=TOKEN_LIMIT,
        takes_numbers=True,
        positional=True,
    )


@dataclass(frozen=True, kw_only=True)
class Ping(Command):
    """Answer at once."""

    address: ClassVar[str] = "/msanii/ping"
    reply: ClassVar[str] = "/msanii/pong"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Status(Command):
    """Return the state and load of the server."""

    address: ClassVar[str] = "/msanii/status"
    reply: ClassVar[str] = "/msanii/status"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Version(Command):
    """Return the versions of the server and of this protocol."""

    address: ClassVar[str] = "/msanii/version"
    reply: ClassVar[str] = "/msanii/version"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Caps(Command):
    """Return the server's capabilities and counters, one reply for each fact.

    `first-sound-ms-ENGINE` and `file-ms-ENGINE` tell what a patch waits for: the milliseconds from
    the start of a job to its sound and to its file, in the median of the engine's last 20 jobs.
    """

    address: ClassVar[str] = "/msanii/caps"
    reply: ClassVar[str] = "/msanii/caps"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Dump(Command):
    """Send this client a line about every message that the server receives.

    It ends 60 s after the last message of this host.
    """

    address: ClassVar[str] = "/msanii/dump"

    on: int = integer("1: begin; 0: end", 0, 1, default=1, positional=True)
    last: int = integer("number of earlier lines to send first", 0, 200, default=0)


@dataclass(frozen=True, kw_only=True)
class ClearSched(Command):
    """Discard every command that waits for its time tag."""

    address: ClassVar[str] = "/msanii/clearsched"


@dataclass(frozen=True, kw_only=True)
class Quit(Command):
    """Stop the server. Only this machine may send it."""

    address: ClassVar[str] = "/msanii/quit"
