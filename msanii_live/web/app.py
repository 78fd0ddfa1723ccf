"""Serve the monitor page: what the server is doing, and every clip to hear and see."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from msanii_live.errors import PortInUse
from msanii_live.web.security import error, security_middleware

PAGE_FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
# Named here: what a system says that .js is may be anything, and a module must be JavaScript.
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
NAME = r"{name:[A-Za-z0-9_.-]{1,64}}"


class StatusSource(Protocol):
    """Supply what the page asks for. On the event loop's thread but for `outline` and `mel`."""

    def snapshot(self) -> Mapping[str, object]:
        """Return the state, as JSON can hold it; see `view.View`."""

    def wav_path(self, name: str) -> Path | None:
        """Return the WAV of a clip, or None where there is no such clip or file."""

    def outline(self, name: str) -> object | None:
        """Return the outline of a clip, as JSON can hold it, or None where there is none."""

    def mel(self, name: str) -> object | None:
        """Return a PNG of a clip's mel, or None where there is none."""


class WebServer:
    """Run the page on one port. `port` is the one that is bound."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        """Use `start` instead."""
        self._runner = runner
        self.host = host
        self.port = port

    async def stop(self) -> None:
        """Close every connection and free the port. Stopping twice is harmless."""
        await self._runner.cleanup()


async def start_web_server(
    host: str,
    port: int,
    source: StatusSource,
    table: Mapping[str, object],
    front: Sequence[Middleware] = (),
) -> WebServer:
    """Serve the page on a host and port (0 picks a free one).

    table: of the commands, see `protocol.forms`. front: what may answer a request before the page
    does, once it is known to come from no other page.

    Raises:
        PortInUse: another program has the port.
        OSError: the host is not an address of this machine.
    """
    app = web.Application(middlewares=[security_middleware(host), *front])
    # One thread: however many clips are looked at, the server draws one picture at a time.
    easel = ThreadPoolExecutor(1, thread_name_prefix="pictures")

    async def leave_easel(_app: web.Application) -> None:
        easel.shutdown(wait=False, cancel_futures=True)

    app.on_cleanup.append(leave_easel)
    _add_page(app, source, table)
    _add_clips(app, source, easel)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as failure:
        await runner.cleanup()
        if failure.errno == errno.EADDRINUSE:
            raise PortInUse(port, "--http-port") from failure
        raise
    return WebServer(runner, host, int(runner.addresses[0][1]))


def _add_page(app: web.Application, source: StatusSource, table: Mapping[str, object]) -> None:
    def serve(file: Path) -> Handler:
        async def page(_request: web.Request) -> web.StreamResponse:
            return web.FileResponse(file, headers={"Content-Type": KINDS[file.suffix]})

        return page

    async def state(_request: web.Request) -> web.StreamResponse:
        return web.json_response(dict(source.snapshot()))

    async def forms(_request: web.Request) -> web.StreamResponse:
        return web.json_response(table)

    # Each file has its own route: no part of a request is ever made into a path.
    for file in sorted(PAGE_FOLDER.iterdir()):
        if file.suffix in KINDS:
            path = "/" if file.name == INDEX else f"/page/{file.name}"
            app.router.add_get(path, serve(file))
    app.router.add_get("/api/state", state)
    app.router.add_get("/api/table", forms)


def _add_clips(app: web.Application, source: StatusSource, easel: ThreadPoolExecutor) -> None:
    async def wav(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = source.wav_path(name)
        if path is None or not path.is_file():
            return error(404, f"there is no file of a clip {name}")
        return web.FileResponse(path, headers={"Content-Type": "audio/wav"})

    async def drawn(
        request: web.Request, draw: Callable[[str], object | None]
    ) -> object | web.Response:
        name = request.match_info["name"]
        loop = asyncio.get_running_loop()
        picture = await loop.run_in_executor(easel, draw, name)
        return error(404, f"there is no picture of {name}") if picture is None else picture

    async def mel(request: web.Request) -> web.StreamResponse:
        picture = await drawn(request, source.mel)
        if isinstance(picture, web.Response):
            return picture
        return web.Response(body=picture, content_type="image/png")

    async def outline(request: web.Request) -> web.StreamResponse:
        picture = await drawn(request, source.outline)
        return picture if isinstance(picture, web.Response) else web.json_response(picture)

    app.router.add_get(rf"/clips/{NAME}.wav", wav)
    app.router.add_get(rf"/clips/{NAME}.png", mel)
    app.router.add_get(rf"/clips/{NAME}.json", outline)
