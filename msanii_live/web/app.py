"""The web server of the monitor page: the state of the server, and every clip's sound and image."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from msanii_live.library.companions import MIDI, STEMS
from msanii_live.notes import PARTS
from msanii_live.osc.binding import bind_sockets
from msanii_live.web.connection_limits import ConnectionLimits
from msanii_live.web.security import json_error, security_middleware

PAGE_FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
# Fixed here: the system's own table may map .js to anything, and browsers require JavaScript.
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
NAME_PATTERN = r"{name:[A-Za-z0-9_.-]{1,64}}"
PART_PATTERN = rf"{{part:{'|'.join(PARTS)}}}"


class PageSource(Protocol):
    """The data that the page requests.

    `outline`, `mel`, `notes` and `companion_path` are called on a thread of their own, the others
    on the event loop.
    """

    def snapshot(self) -> Mapping[str, object]:
        """Return the state of the server, ready for JSON."""

    def wav_path(self, name: str) -> Path | None:
        """Return the path of a clip's WAV file, or None if there is no such clip or file."""

    def companion_path(self, name: str, suffix: str) -> Path | None:
        """Return the file of a clip's notes (".mid") or a stem (".bass.wav"), None without it."""

    def notes(self, name: str) -> object | None:
        """Return the notes of a clip, or None if they are not known."""

    def outline(self, name: str) -> object | None:
        """Return the waveform outline of a clip, or None if there is no such clip."""

    def mel(self, name: str) -> object | None:
        """Return the mel spectrogram of a clip as PNG bytes, or None if there is no such clip."""


class WebServer:
    """A running web server. port: the one that is bound."""

    def __init__(self, runner: web.AppRunner, host: str, limits: ConnectionLimits) -> None:
        """Use `start_web_server` instead."""
        self._runner = runner
        self._limits = limits
        self._listeners: list[asyncio.Server] = []
        self.host = host
        self.port = 0

    @property
    def counters(self) -> dict[str, int]:
        """Connections that were refused or closed; see `ConnectionLimits`."""
        return self._limits.counters

    async def listen(self, sock: socket.socket) -> None:
        """Accept connections on a bound socket."""
        server = self._runner.server
        assert server is not None
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            lambda: self._limits.protocol_factory(server), sock=sock, backlog=128
        )
        self._listeners.append(listener)
        self.port = self.port or int(sock.getsockname()[1])

    async def stop(self) -> None:
        """Close every connection and free the port. Stopping twice is harmless."""
        for listener in self._listeners:
            listener.close()
        self._limits.close()
        await self._runner.cleanup()


async def start_web_server(
    host: str,
    port: int,
    source: PageSource,
    table: Mapping[str, object],
    middlewares: Sequence[Middleware] = (),
    names: Sequence[str] = (),
    allow_origin: Sequence[str] = (),
    add_routes: Callable[[web.Application], None] = lambda app: None,
) -> WebServer:
    """Serve the page on a host and port (0 picks a free one).

    table: the command table, see `protocol.forms`. middlewares: they can answer a request before
    the page does, after the security checks. names: host names under which browsers may ask for
    the page, besides the host. allow_origin: origins of other sites that may send requests.
    add_routes: adds what else is served.

    Raises:
        PortInUse: another program has the port.
        OSError: the host is not an address of this machine.
    """
    limits = ConnectionLimits()
    security = security_middleware(host, names, allow_origin)
    app = web.Application(middlewares=[limits.middleware, security, *middlewares])
    # One thread, so that at most one image is drawn at a time, however many clips are shown.
    drawing = ThreadPoolExecutor(1, thread_name_prefix="drawing")

    async def stop_drawing(_app: web.Application) -> None:
        drawing.shutdown(wait=False, cancel_futures=True)

    app.on_cleanup.append(stop_drawing)
    _add_page_routes(app, source, table)
    _add_clip_routes(app, source, drawing)
    add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    server = WebServer(runner, host, limits)
    try:
        for sock in await bind_sockets(host, port, socket.SOCK_STREAM, "--http-port"):
            await server.listen(sock)
    except BaseException:
        await server.stop()
        raise
    return server


def _add_page_routes(app: web.Application, source: PageSource, table: Mapping[str, object]) -> None:
    def serve(file: Path) -> Handler:
        async def page(_request: web.Request) -> web.StreamResponse:
            return web.FileResponse(file, headers={"Content-Type": CONTENT_TYPES[file.suffix]})

        return page

    async def state(_request: web.Request) -> web.StreamResponse:
        return web.json_response(dict(source.snapshot()))

    async def forms(_request: web.Request) -> web.StreamResponse:
        return web.json_response(table)

    # Each file has its own route, so no part of a request is ever used as a path.
    for file in sorted(PAGE_FOLDER.iterdir()):
        if file.suffix in CONTENT_TYPES:
            path = "/" if file.name == INDEX else f"/page/{file.name}"
            app.router.add_get(path, serve(file))
    app.router.add_get("/api/state", state)
    app.router.add_get("/api/table", forms)


_AUDIO_TYPES = {".flac": "audio/flac", ".aiff": "audio/aiff"}  # of `serve --save-format`


def _add_clip_routes(app: web.Application, source: PageSource, drawing: ThreadPoolExecutor) -> None:
    async def wav(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = source.wav_path(name)
        if path is None or not path.is_file():
            return json_error(404, f"there is no file of a clip {name}")
        kind = _AUDIO_TYPES.get(path.suffix, "audio/wav")
        return web.FileResponse(path, headers={"Content-Type": kind})

    async def beside(name: str, suffix: str) -> Path | None:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(drawing, source.companion_path, name, suffix)

    async def midi(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = await beside(name, MIDI)
        if path is None:
            return json_error(404, f"the notes of a clip {name} are not known")
        return web.FileResponse(path, headers={"Content-Type": "audio/midi"})

    async def stem(request: web.Request) -> web.StreamResponse:
        name, part = request.match_info["name"], request.match_info["part"]
        path = await beside(name, STEMS[part]) or source.wav_path(f"{name}.{part}")
        if path is None or not path.is_file():
            return json_error(404, f"a clip {name} has no stem {part}")
        return web.FileResponse(path, headers={"Content-Type": "audio/wav"})

    async def notes(request: web.Request) -> web.StreamResponse:
        found = await draw(request, source.notes)
        return found if isinstance(found, web.Response) else web.json_response(found)

    async def draw(
        request: web.Request, draw_clip: Callable[[str], object | None]
    ) -> object | web.Response:
        name = request.match_info["name"]
        loop = asyncio.get_running_loop()
        image = await loop.run_in_executor(drawing, draw_clip, name)
        return json_error(404, f"there is no image of {name}") if image is None else image

    async def mel(request: web.Request) -> web.StreamResponse:
        image = await draw(request, source.mel)
        if isinstance(image, web.Response):
            return image
        return web.Response(body=image, content_type="image/png")

    async def outline(request: web.Request) -> web.StreamResponse:
        shape = await draw(request, source.outline)
        return shape if isinstance(shape, web.Response) else web.json_response(shape)

    app.router.add_get(rf"/clips/{NAME_PATTERN}.{PART_PATTERN}.wav", stem)
    app.router.add_get(rf"/clips/{NAME_PATTERN}.wav", wav)
    app.router.add_get(rf"/clips/{NAME_PATTERN}.mid", midi)
    app.router.add_get(rf"/clips/{NAME_PATTERN}.notes", notes)
    app.router.add_get(rf"/clips/{NAME_PATTERN}.png", mel)
    app.router.add_get(rf"/clips/{NAME_PATTERN}.json", outline)
