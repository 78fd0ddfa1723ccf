"""OSCQuery over HTTP and OSC over WebSocket, as a middleware in front of the monitor page.

A request for `/` that accepts HTML gets the page; any other gets the OSCQuery tree. A WebSocket
carries OSC packets in binary frames. In text frames it takes OSCQuery's LISTEN and IGNORE, and
MONITOR, which starts or stops the updates of the server's state that the page shows.
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

from msanii_live.audio import is_clip_name
from msanii_live.osc.codec import encode
from msanii_live.osc.peer import Connection, Network, is_allowed
from msanii_live.osc.transports import Transports
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.web import oscquery
from msanii_live.web.accept import prefers_html

MAX_WEBSOCKETS = 16
MAX_UNSENT = 2_000  # packets and texts that wait to be sent on one WebSocket
MAX_MESSAGE_BYTES = 65_536
HEARTBEAT = 20.0  # seconds
MAX_UNSENT_FOR_TEXT = 2  # a state update is not queued behind more than this
POLL_INTERVAL = 0.25  # seconds between readings of values that clients listen to

# Takes a function that sends a text (and returns False if the page is behind), returns one that
# ends the subscription. See `Feed.subscribe`.
Subscribe = Callable[[Callable[[str], bool]], Callable[[], None]]

log = logging.getLogger("msanii_live.osc")


@dataclass(eq=False)
class _WebSocket:
    """One WebSocket: the addresses it listens to, and what waits to be sent on it.

    is_behind: the client does not read, and the connection will be closed. is_closing: nothing more
    is sent. end_subscription: ends the updates of the server's state, None if there are none.
    """

    unsent: asyncio.Queue[bytes | str] = field(default_factory=lambda: asyncio.Queue(MAX_UNSENT))
    listened: set[str] = field(default_factory=set)
    is_behind: bool = False
    is_closing: bool = False
    end_subscription: Callable[[], None] | None = None

    def send(self, packet: bytes) -> None:
        """Queue a packet. If the queue is full, the connection will be closed."""
        try:
            self.unsent.put_nowait(packet)
        except asyncio.QueueFull:
            self.is_behind = True

    def try_send_text(self, text: str) -> bool:
        """Queue a text if the queue is nearly empty. Return whether it was queued."""
        if self.unsent.qsize() >= MAX_UNSENT_FOR_TEXT:
            return False
        self.unsent.put_nowait(text)
        return True

    def close(self) -> None:
        """Close the connection without sending what is queued."""
        self.is_closing = True
        if self.unsent.empty():
            self.unsent.put_nowait(b"")  # wakes the sending task

    def unsubscribe(self) -> None:
        """End the updates of the server's state, if there are any."""
        if self.end_subscription is not None:
            self.end_subscription()
            self.end_subscription = None


class OscQueryServer:
    """The OSCQuery middleware and its WebSockets. All methods are for the event loop's thread."""

    def __init__(
        self,
        transports: Callable[[], Transports],
        value_of: Callable[[str], ReplyMessage | None],
        allow: Sequence[Network],
        is_wildcard: bool,
        subscribe: Subscribe,
        observe: Callable[[str, Callable[[ReplyMessage], None]], None],
        last_reply: Callable[[str], ReplyMessage | None],
        share: Callable[[str, str], None],
    ) -> None:
        """Store the functions and settings.

        transports: returns the open transports. value_of: returns the current value of an address,
        or None if it has none. allow: networks that may connect, besides this machine. is_wildcard:
        the server is bound to every address of this machine. subscribe: subscribes to updates of
        the server's state. observe: has a function called with each reply of an address.
        last_reply: returns the last reply of an address. share: tells all pages of a value.
        """
        self._subscribe = subscribe
        self._transports = transports
        self._value_of = value_of
        self._allow = tuple(allow)
        self._is_wildcard = is_wildcard
        self._observe = observe
        self._last_reply = last_reply
        self._share = share
        self._observed: set[str] = set()
        self._sockets: set[_WebSocket] = set()
        self._polling: asyncio.Task[None] | None = None

    def publish(self, message: ReplyMessage) -> None:
        """Send a reply to every WebSocket that listens to its address."""
        listening = [each for each in self._sockets if message.address in each.listened]
        if listening:
            with contextlib.suppress(ValueError):
                packet = encode(message.address, message.tags, message.args, truncate_text=True)
                for each in listening:
                    each.send(packet)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer OSCQuery and WebSocket requests, and pass all others on to the page."""
        if not is_allowed(request.remote or "", self._allow):
            return web.json_response({"error": "not from a network of --allow"}, status=403)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve_websocket(request)
        if request.method != "GET" or not self._is_query(request):
            return await handler(request)
        return self._answer(request)

    def _is_query(self, request: web.Request) -> bool:
        if request.path == "/":
            accept = ",".join(request.headers.getall("Accept", []))
            return bool(request.query_string) or not prefers_html(accept)
        return request.path.startswith("/msanii") or "HOST_INFO" in request.query

    def _answer(self, request: web.Request) -> web.Response:
        attributes = list(request.query)
        if "HOST_INFO" in attributes:
            return web.json_response(
                oscquery.host_info(self._transports().address, self._is_wildcard)
            )
        node = oscquery.node_at(request.path, self._value_args)
        if node is None:
            return web.json_response({"error": f"there is no {request.path}"}, status=404)
        if not attributes:
            return web.json_response(node)
        name = attributes[0]
        if name not in oscquery.ATTRIBUTES:
            return web.json_response({"error": f"{name} is not an attribute"}, status=400)
        if name not in node:
            return web.Response(status=204)
        return web.json_response({name: node[name]})

    def _value_args(self, address: str) -> oscquery.Values | None:
        message = self._value_of(address) or self._last_reply(address)
        return None if message is None else message.args

    # -- WebSocket -------------------------------------------------------------------------------

    async def _serve_websocket(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= MAX_WEBSOCKETS:
            error = f"{MAX_WEBSOCKETS} WebSockets are open already"
            return web.json_response({"error": error}, status=503)
        response = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE_BYTES)
        socket = _WebSocket()
        self._sockets.add(socket)
        connection: Connection | None = None
        sending: asyncio.Task[None] | None = None
        try:
            await response.prepare(request)
            peer = request.transport.get_extra_info("peername") if request.transport else None
            host, port = (peer or (request.remote, 0))[:2]
            connection = self._transports().add_websocket(str(host), port, socket.send)
            sending = asyncio.create_task(self._send(response, socket))
            await self._receive(response, socket, connection)
        finally:
            self._sockets.discard(socket)
            socket.unsubscribe()
            if connection is not None:
                self._transports().remove_websocket(connection)
            if sending is not None:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sending
        return response

    async def _receive(
        self, response: web.WebSocketResponse, socket: _WebSocket, connection: Connection
    ) -> None:
        ingress = self._transports().ingress
        async for message in response:
            if message.type is WSMsgType.BINARY:
                ingress.put(message.data, connection, droppable=False)
                if ingress.is_saturated(connection):
                    drained = asyncio.Event()
                    ingress.on_drained(connection, drained.set)
                    await drained.wait()
            elif message.type is WSMsgType.TEXT:
                self._handle_text(message.data, socket)
            if socket.is_behind:
                break

    def _handle_text(self, text: str, socket: _WebSocket) -> None:
        """Carry out LISTEN, IGNORE, MONITOR and MADE. Ignore others, which only servers send."""
        try:
            message = json.loads(text)
            command, data = message["COMMAND"], message["DATA"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        if command == "LISTEN" and data in oscquery.addresses():
            socket.listened.add(data)
            if data not in self._observed:
                self._observed.add(data)
                self._observe(data, self.publish)
            if (value := self._value_of(data)) is not None:
                socket.send(encode(value.address, value.tags, value.args, truncate_text=True))
            if self._polling is None or self._polling.done():
                self._polling = asyncio.create_task(self._poll_values())
        elif command == "IGNORE" and isinstance(data, str):
            socket.listened.discard(data)
        elif command == "MADE" and isinstance(data, str) and is_clip_name(data):
            self._share("made", data)
        elif command == "MONITOR":
            socket.unsubscribe()
            if data:
                socket.end_subscription = self._subscribe(socket.try_send_text)

    async def _send(self, response: web.WebSocketResponse, socket: _WebSocket) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while not socket.is_behind:
                item = await socket.unsent.get()
                if socket.is_closing:
                    break
                if isinstance(item, str):
                    await response.send_str(item)
                else:
                    await response.send_bytes(item)
            await response.close()

    async def _poll_values(self) -> None:
        """Publish values that have changed, as long as a client listens to them."""
        previous: dict[str, ReplyMessage] = {}
        while addresses := {address for each in self._sockets for address in each.listened}:
            for address in addresses:
                value = self._value_of(address)
                if value is not None and previous.get(address) != value:
                    if address in previous:
                        self.publish(value)
                    previous[address] = value
            await asyncio.sleep(POLL_INTERVAL)

    def close(self) -> None:
        """Close all WebSockets. One that does not answer is cut off when the web server stops."""
        for socket in self._sockets:
            socket.close()
        if self._polling is not None:
            self._polling.cancel()
