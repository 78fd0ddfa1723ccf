"""Serve the status page: what the server is doing, and every clip to hear and see."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from msanii_live.errors import PortInUse

PAGE_FOLDER = Path(__file__).parent / "page"
PAGE_FILES = {"/": "index.html", "/page.css": "page.css", "/page.js": "page.js"}
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # not hosts that a browser names
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class StatusSource(Protocol):
    """Supply what the page shows. All are called on the event loop's thread but `picture`."""

    def snapshot(self) -> Mapping[str, object]:
        """Return the state, as JSON can hold it.

        Keys: state, version, osc, folder, audio (texts), engines [{name, state}], jobs [{job,
        token, command, state, step, steps}], clips [{name, seconds, bpm, seed, engine, wrote}],
        newest first, and counters {name: number}.
        """

    def wav_path(self, name: str) -> Path | None:
        """Return the WAV of a clip, or None where there is no such clip or file."""

    def picture(self, name: str) -> bytes | None:
        """Return a PNG of a clip, or None where there is none. Called on a worker thread."""


class Monitor:
    """Run the page on one port. `port` is the one that is bound."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        """Use `start` instead."""
        self._runner = runner
        self.host = host
        self.port = port

    async def stop(self) -> None:
        """Close every connection and free the port. Stopping twice is harmless."""
        await self._runner.cleanup()


async def start(
    host: str, port: int, source: StatusSource, front: Sequence[Middleware] = ()
) -> Monitor:
    """Serve the page on a host and port (0 picks a free one).

    front: what may answer a request before the page does, once its Host header is known to be ours.

    Raises:
        PortInUse: another program has the port.
        OSError: the host is not an address of this machine.
    """
    app = web.Application(middlewares=[_guard(host), *front])
    _add_routes(app, source)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, "--http-port") from error
        raise
    return Monitor(runner, host, int(runner.addresses[0][1]))


def _guard(bound: str) -> Middleware:
    """Return the middleware that checks the Host header and words every error as JSON.

    A page from elsewhere may point its own name at this address (DNS rebinding): then the browser
    takes us for that page's server, and only the Host header tells.
    """
    hosts = LOCAL_HOSTS | ({bound.lower()} - EVERY_ADDRESS)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = _host_name(request.headers.get("Host", ""))
        if name not in hosts and not (bound in EVERY_ADDRESS and _is_address(name)):
            return _error(403, f"this server is not {name or 'without a name'}")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            return _error(error.status, f"{request.method} {request.path}: {error.reason}")
        response.headers.update(HEADERS)
        return response

    return guard


def _host_name(header: str) -> str:
    """Return the name in a Host header, without port and brackets, in lower case.

    >>> _host_name("[::1]:7771"), _host_name("LOCALHOST:7771"), _host_name("127.0.0.1")
    ('::1', 'localhost', '127.0.0.1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    # Bound to every address, the page is reached by number: no name that someone else can point.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _add_routes(app: web.Application, source: StatusSource) -> None:
    async def page(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE_FOLDER / PAGE_FILES[request.path])

    async def state(_request: web.Request) -> web.StreamResponse:
        return web.json_response(dict(source.snapshot()))

    async def wav(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = source.wav_path(name)
        if path is None or not path.is_file():
            return _error(404, f"there is no clip {name}")
        return web.FileResponse(path, headers={"Content-Type": "audio/wav"})

    async def picture(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        png = await asyncio.to_thread(source.picture, name)
        if png is None:
            return _error(404, f"there is no picture of {name}")
        return web.Response(body=png, content_type="image/png")

    for path in PAGE_FILES:
        app.router.add_get(path, page)
    app.router.add_get("/api/state", state)
    app.router.add_get(r"/clips/{name:[A-Za-z0-9_.-]{1,64}}.wav", wav)
    app.router.add_get(r"/clips/{name:[A-Za-z0-9_.-]{1,64}}.png", picture)


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=HEADERS)
