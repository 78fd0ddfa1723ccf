"""What commands without a job do: read-only answers, and errands that touch disk or device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msanii_live import __version__
from msanii_live.osc.query import is_listed
from msanii_live.protocol import commands, replies
from msanii_live.protocol.base import Command
from msanii_live.protocol.commands import Request
from msanii_live.protocol.fields import arguments
from msanii_live.protocol.replies import Outgoing

if TYPE_CHECKING:
    from msanii_live.osc.dispatch import Dispatcher

PROTOCOL = 1
PAGE = 50


def answer(server: Dispatcher, request: Request) -> list[Outgoing]:
    """Return the replies of a command that only reads memory; quick enough for the event loop.

    Raises: CommandError.
    """
    command, token = request.command, request.token
    finished = replies.DONE(command.address, token, -1)
    match command:
        case commands.Ping():
            return [replies.PONG(token)]
        case commands.Status():
            return [status(server)]
        case commands.Version():
            return [replies.VERSION(__version__, PROTOCOL, token)]
        case commands.Caps():
            return [*[replies.CAPS(k, v, token) for k, v in facts(server)], finished]
        case commands.ClipList():
            return [*_clip_page(server, command.page, token), finished]
        case commands.ClipInfoCommand():
            return [_clip_info(server, command.name, token)]
        case commands.JobList():
            return [*_jobs(server, token), finished]
        case commands.EngineList():
            shelf = server.workshop.shelf
            rows = [(n, shelf.state(n), _words(shelf.verbs(n))) for n in shelf.names()]
            return [*[replies.ENGINE_ENTRY(token, *row) for row in rows], finished]
        case commands.EngineInfo():
            return [*_engine_info(server, command.engine, token), finished]
    raise AssertionError(command.address)


def value(server: Dispatcher, address: str) -> Outgoing | None:
    """Return what a command says of itself when it is asked without arguments, None if nothing."""
    kind = commands.BY_ADDRESS.get(address)
    if kind is None or kind.reply != address or is_listed(address):
        return None
    if any(argument.required for argument in arguments(kind)):
        return None
    command = kind()
    told = server.sounding.answer(command, "") or answer(server, Request(command, "", 0, ()))
    return told[0]


def errand(server: Dispatcher, command: Command) -> Callable[[], list[Outgoing]] | None:
    """Return what carries a command out off the event loop, None where none is needed."""
    shop = server.workshop
    library = shop.library

    def load(c: commands.ClipLoad) -> list[Outgoing]:
        library.load(c.path, c.clip, c.bpm)
        return []

    def quietly(call: Callable[[], object]) -> list[Outgoing]:
        call()
        return []

    def warm(name: str) -> list[Outgoing]:
        engine = shop.shelf.get(name)
        engine.load()
        engine.warm()
        return []

    def free(name: str) -> list[Outgoing]:
        shop.shelf.get(name).free()
        return []

    match command:
        case commands.ClipLoad():
            return lambda: load(command)
        case commands.ClipSave():
            return lambda: quietly(partial(library.save, command.name, command.path))
        case commands.ClipRename():
            return lambda: quietly(partial(library.rename, command.name, command.to))
        case commands.ClipFree():
            return lambda: quietly(partial(library.free, command.name))
        case commands.EngineLoad():
            return lambda: warm(command.engine)
        case commands.EngineFree():
            return lambda: free(command.engine)
    return None


def status(server: Dispatcher) -> Outgoing:
    """Return the status line."""
    jobs = server.scheduler.jobs()
    running = sum(job.state == "running" for job in jobs)
    state = server.state()
    return replies.STATUS(
        "busy" if state == "idle" and jobs else state,
        running,
        len(jobs) - running,
        len(server.workshop.library),
        server.scheduler.load_percent(),
        server.workshop.shelf.memory_mb(),
        server.workshop.player.xruns,
    )


def facts(server: Dispatcher) -> list[tuple[str, str]]:
    """Return what the server can do and has counted, as (name, value)."""
    shop = server.workshop
    counts = {**server.all_counters(), "scheduled": len(server.agenda)}
    return [
        ("version", __version__),
        ("protocol", str(PROTOCOL)),
        ("engine", shop.shelf.default),
        ("engines", " ".join(shop.shelf.names())),
        ("precision", shop.shelf.precision),
        *server.sounding.facts(),
        ("clients", str(len(server.sessions))),
        *[(f"count-{name.replace('_', '-')}", str(n)) for name, n in counts.items()],
    ]


def _clip_page(server: Dispatcher, page: int, token: str) -> list[Outgoing]:
    infos = server.workshop.library.infos()
    first = (page - 1) * PAGE
    return [
        replies.CLIP_ENTRY(
            token, first + i + 1, len(infos), c.name, c.seconds, c.sample_rate, c.channels
        )
        for i, c in enumerate(infos[first : first + PAGE])
    ]


def _clip_info(server: Dispatcher, name: str, token: str) -> Outgoing:
    library = server.workshop.library
    info = library.info(name)
    path = library.path(info.name).as_posix()
    return replies.CLIP_INFO(
        token, info.name, path, info.seconds, info.sample_rate, info.channels, info.seed, info.bpm,
        info.engine,
    )  # fmt: skip


def _jobs(server: Dispatcher, token: str) -> list[Outgoing]:
    return [
        replies.JOB_ENTRY(token, job.number, i, job.token, job.command.address, job.fraction)
        for i, job in enumerate(server.scheduler.jobs())
    ]


def _engine_info(server: Dispatcher, name: str, token: str) -> list[Outgoing]:
    engine = server.workshop.shelf.get(name)
    can = engine.capabilities
    rows = [
        ("state", "loaded" if engine.loaded else "free"),
        ("verbs", _words(can.verbs)),
        ("sample-rate", str(can.sample_rate)),
        ("channels", str(can.channels)),
        ("longest-seconds", f"{can.longest:g}"),
        ("steps", str(can.steps)),
        ("styles", " ".join(can.styles)),
        ("timbres", " ".join(can.timbres)),
    ]
    return [replies.ENGINE_INFO(token, engine.name, k, v) for k, v in rows]


def _words(verbs: tuple[str, ...]) -> str:
    return " ".join(verb.rsplit("/", 1)[1] for verb in verbs)
