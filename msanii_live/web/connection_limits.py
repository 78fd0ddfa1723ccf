"""Bounds on HTTP connections: how many, how many from one address, and how long without a request.

Descriptors that HTTP does not use are left for OSC and files.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

MAX_CONNECTIONS = 256
MAX_PER_ADDRESS = 64
HEADER_TIMEOUT = 10.0  # s from the connection to the end of its first request's header
IDLE_TIMEOUT = 75.0  # s from one answer to the end of the next request's header
_CHECK_INTERVAL = 1.0  # s
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

log = logging.getLogger("msanii_live.web")


class ConnectionLimits:
    """The bounds of one HTTP server. All methods are for the event loop's thread.

    counters: connections refused for their number, and closed for want of a request.
    """

    def __init__(self) -> None:
        """Begin with no server; see `protocol_factory`."""
        self.counters = {"http_refused": 0, "http_timeouts": 0}
        self._max_connections = min(MAX_CONNECTIONS, max(16, _descriptor_limit() // 4))
        self._deadlines: dict[RequestHandler, float | None] = {}  # None while it has a request
        self._check: asyncio.TimerHandle | None = None
        self._server: web.Server
        self._logged: dict[str, float] = {}

    @property
    def middleware(self) -> Middleware:
        """A middleware that records when requests begin and end. It must be the outermost."""

        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._deadlines[request.protocol] = None
            try:
                return await handler(request)
            finally:
                self._deadlines[request.protocol] = time.monotonic() + IDLE_TIMEOUT

        return record

    def protocol_factory(self, server: web.Server) -> asyncio.Protocol:
        """Return the protocol of a new connection to a server."""
        self._server = server
        return _Gate(self)

    def admit(self, transport: asyncio.Transport) -> None:
        """Hand a new connection to the server, or refuse it."""
        peer = transport.get_extra_info("peername") or ("", 0)
        open_from = Counter((each.peername or ("",))[0] for each in self._server.connections)
        if open_from.total() >= self._max_connections or open_from[peer[0]] >= MAX_PER_ADDRESS:
            self._count("http_refused", f"HTTP connections from {peer[0]} are refused: too many")
            transport.write(_BUSY)
            transport.close()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        self._deadlines[handler] = time.monotonic() + HEADER_TIMEOUT
        if self._check is None:
            self._schedule_check()

    def close(self) -> None:
        """End the checks."""
        if self._check is not None:
            self._check.cancel()

    def _schedule_check(self) -> None:
        loop = asyncio.get_running_loop()
        self._check = loop.call_later(_CHECK_INTERVAL, self._close_overdue)

    def _close_overdue(self) -> None:
        now, connected = time.monotonic(), set(self._server.connections)
        self._deadlines = {h: end for h, end in self._deadlines.items() if h in connected}
        for handler, deadline in self._deadlines.items():
            if deadline is not None and now > deadline:
                self._count("http_timeouts", "HTTP connections without a request are closed")
                handler.force_close()
        self._check = None
        if self._deadlines:
            self._schedule_check()

    def _count(self, counter: str, text: str) -> None:
        """Count a connection, with one line in the log a minute at most."""
        self.counters[counter] += 1
        now = time.monotonic()
        if now - self._logged.get(counter, -60.0) >= 60.0:
            self._logged[counter] = now
            log.warning("%s", text)


class _Gate(asyncio.Protocol):
    """The protocol of a connection until it is admitted or refused."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._limits.admit(transport)


def _descriptor_limit() -> int:
    """Return how many descriptors this process may have open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 4 * MAX_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4 * MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else soft
