"""Commands about jobs, engines, clients and the server itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command
from msanii_live.protocol.schema import TOKEN_LIMIT, text, whole


@dataclass(frozen=True, kw_only=True)
class JobList(Command):
    """List the jobs that run or wait."""

    address: ClassVar[str] = "/msanii/job/list"
    reply: ClassVar[str] = "/msanii/job/entry"
    read_only: ClassVar[bool] = True


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
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class EngineInfo(Command):
    """Tell what an engine can do, one line a fact."""

    address: ClassVar[str] = "/msanii/engine/info"
    reply: ClassVar[str] = "/msanii/engine/info"
    read_only: ClassVar[bool] = True

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
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Status(Command):
    """Tell how the server is."""

    address: ClassVar[str] = "/msanii/status"
    reply: ClassVar[str] = "/msanii/status"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Version(Command):
    """Tell the versions of the server and of this protocol."""

    address: ClassVar[str] = "/msanii/version"
    reply: ClassVar[str] = "/msanii/version"
    read_only: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Caps(Command):
    """Tell what the server can do and what it has counted, one line a fact."""

    address: ClassVar[str] = "/msanii/caps"
    reply: ClassVar[str] = "/msanii/caps"
    read_only: ClassVar[bool] = True


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
