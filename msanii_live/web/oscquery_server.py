"""Serve OSCQuery over HTTP, and OSC over WebSocket, as a layer in front of the monitor page.

A browser that asks for `/` gets the page, since it says that it takes HTML; whoever does not gets
the tree. On the page's own WebSocket the server's state goes out as well: MONITOR begins and ends
it, as JSON in text frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from msanii_live.osc.codec import encode
from msanii_live.osc.peer import Connection, Network, is_allowed
from msanii_live.osc.transports import Transports
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.web import oscquery

SOCKET_LIMIT = 16
UNSENT_LIMIT = 2_000  # packets that a WebSocket may be behind
MESSAGE_LIMIT = 65_536  # bytes
HEARTBEAT = 20.0  # seconds
UNSENT_STATES = 2  # frames of state that wait to be sent; newer state waits until they are
LOOK = 0.25  # seconds between looks at values that are listened to

# Takes what posts a text to a page (False: it is behind); returns what ends that.
Follow = Callable[[Callable[[str], bool]], Callable[[], None]]

log = logging.getLogger("msanii_live.osc")


@dataclass(eq=False)
class _Socket:
    """Hold one WebSocket: what it listens to, and packets and texts on their way to it.

    is_over: nothing more is sent, and it is closed. unfollow: ends what it is told of the server's
    state; None where it is told nothing.
    """

    unsent: asyncio.Queue[bytes | str] = field(default_factory=lambda: asyncio.Queue(UNSENT_LIMIT))
    heard: set[str] = field(default_factory=set)
    is_behind: bool = False
    is_over: bool = False
    unfollow: Callable[[], None] | None = None

    def post(self, packet: bytes) -> None:
        """Send a packet in turn; a client that never reads is given up."""
        try:
            self.unsent.put_nowait(packet)
        except asyncio.QueueFull:
            self.is_behind = True

    def offer(self, text: str) -> bool:
        """Send a text unless others wait; tell whether it will be."""
        if self.unsent.qsize() >= UNSENT_STATES:
            return False
        self.unsent.put_nowait(text)
        return True

    def end(self) -> None:
        """Have the connection closed, whatever is unsent."""
        self.is_over = True
        if self.unsent.empty():
            self.unsent.put_nowait(b"")

    def leave(self) -> None:
        """Be told no more of the server's state; harmless where nothing was."""
        if self.unfollow is not None:
            self.unfollow()
            self.unfollow = None


class OscQueryServer:
    """Answer OSCQuery. Everything here runs on the event loop."""

    def __init__(
        self,
        doors: Callable[[], Transports],
        value_of: Callable[[str], ReplyMessage | None],
        allow: Sequence[Network],
        is_everywhere: bool,
        follow: Follow,
    ) -> None:
        """Take the transports, what returns an address's value, and who may ask.

        is_everywhere: bound to every address of this machine. follow: what tells a page of the
        server's state from now on.
        """
        self._follow = follow
        self._doors = doors
        self._value_of = value_of
        self._allow = tuple(allow)
        self._is_everywhere = is_everywhere
        self._last: dict[str, ReplyMessage] = {}
        self._sockets: set[_Socket] = set()
        self._looking: asyncio.Task[None] | None = None

    def publish(self, message: ReplyMessage) -> None:
        """Hear every reply that is sent, and pass it on to those who listen to its address."""
        self._last[message.address] = message
        listening = [each for each in self._sockets if message.address in each.heard]
        if listening:
            with contextlib.suppress(ValueError):
                packet = encode(message.address, message.tags, message.args, truncate_text=True)
                for each in listening:
                    each.post(packet)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what is OSCQuery's, and leave the rest to the page."""
        if not is_allowed(request.remote or "", self._allow):
            return web.json_response({"error": "not from a network of --allow"}, status=403)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._web_socket(request)
        if request.method != "GET" or not self._is_query(request):
            return await handler(request)
        return self._answer(request)

    def _is_query(self, request: web.Request) -> bool:
        if request.path == "/":
            return bool(request.query_string) or "text/html" not in request.headers.get(
                "Accept", ""
            )
        return request.path.startswith("/msanii") or "HOST_INFO" in request.query

    def _answer(self, request: web.Request) -> web.Response:
        asked = list(request.query)
        if "HOST_INFO" in asked:
            return web.json_response(oscquery.host_info(self._doors().address, self._is_everywhere))
        node = oscquery.node_at(request.path, self._values)
        if node is None:
            return web.json_response({"error": f"there is no {request.path}"}, status=404)
        if not asked:
            return web.json_response(node)
        name = asked[0]
        if name not in oscquery.ATTRIBUTES:
            return web.json_response({"error": f"{name} is no attribute"}, status=400)
        if name not in node:
            return web.Response(status=204)
        return web.json_response({name: node[name]})

    def _values(self, address: str) -> oscquery.Values | None:
        message = self._value_of(address) or self._last.get(address)
        return None if message is None else message.args

    # -- WebSocket -------------------------------------------------------------------------------

    async def _web_socket(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= SOCKET_LIMIT:
            error = f"{SOCKET_LIMIT} WebSockets are open already"
            return web.json_response({"error": error}, status=503)
        connection = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MESSAGE_LIMIT)
        socket = _Socket()
        self._sockets.add(socket)
        stream: Connection | None = None
        sending: asyncio.Task[None] | None = None
        try:
            await connection.prepare(request)
            peer = request.transport.get_extra_info("peername") if request.transport else None
            host, port = (peer or (request.remote, 0))[:2]
            stream = self._doors().add_websocket(str(host), port, socket.post)
            sending = asyncio.create_task(self._send(connection, socket))
            await self._receive(connection, socket, stream)
        finally:
            self._sockets.discard(socket)
            socket.leave()
            if stream is not None:
                self._doors().remove_websocket(stream)
            if sending is not None:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sending
        return connection

    async def _receive(
        self, connection: web.WebSocketResponse, socket: _Socket, stream: Connection
    ) -> None:
        ingress = self._doors().ingress
        async for message in connection:
            if message.type is WSMsgType.BINARY:
                ingress.put(message.data, stream, droppable=False)
                if ingress.is_saturated:
                    calm = asyncio.Event()
                    ingress.on_drained(calm.set)
                    await calm.wait()
            elif message.type is WSMsgType.TEXT:
                self._heed(message.data, socket)
            if socket.is_behind:
                break

    def _heed(self, text: str, socket: _Socket) -> None:
        """Carry out LISTEN, IGNORE and MONITOR; others are for servers, and passed over."""
        try:
            said = json.loads(text)
            command, path = said["COMMAND"], said["DATA"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        if command == "LISTEN" and path in oscquery.addresses():
            socket.heard.add(path)
            if (now := self._value_of(path)) is not None:
                socket.post(encode(now.address, now.tags, now.args, truncate_text=True))
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
        elif command == "IGNORE" and isinstance(path, str):
            socket.heard.discard(path)
        elif command == "MONITOR":
            socket.leave()
            if path:
                socket.unfollow = self._follow(socket.offer)

    async def _send(self, connection: web.WebSocketResponse, socket: _Socket) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while not socket.is_behind:
                waiting = await socket.unsent.get()
                if socket.is_over:
                    break
                if isinstance(waiting, str):
                    await connection.send_str(waiting)
                else:
                    await connection.send_bytes(waiting)
            await connection.close()

    async def _look(self) -> None:
        """Send values that have changed to those who listen, while anyone does."""
        told: dict[str, ReplyMessage] = {}
        while heard := {address for each in self._sockets for address in each.heard}:
            for address in heard:
                now = self._value_of(address)
                if now is not None and told.get(address) != now:
                    if address in told:
                        self.publish(now)
                    told[address] = now
            await asyncio.sleep(LOOK)

    def close(self) -> None:
        """Stop looking, and say farewell; who does not heed it is cut off with the web server."""
        for socket in self._sockets:
            socket.end()
        if self._looking is not None:
            self._looking.cancel()
