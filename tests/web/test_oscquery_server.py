"""Check the bounds of WebSockets, and what is queued for one that does not read."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from msanii_live.web.oscquery_server import (
    MAX_UNSENT,
    MAX_UNSENT_FOR_TEXT,
    MAX_WEBSOCKETS,
    _WebSocket,
)
from tests.live import live


def test_the_17th_websocket_is_refused_until_another_closes(tmp_path):
    async def scenario(url):
        async with ClientSession() as session, AsyncExitStack() as stack:
            sockets = [
                await stack.enter_async_context(session.ws_connect(url))
                for _ in range(MAX_WEBSOCKETS)
            ]
            with pytest.raises(WSServerHandshakeError) as caught:
                await session.ws_connect(url)
            assert caught.value.status == 503
            await sockets[0].close()
            for _ in range(100):
                try:
                    await (await session.ws_connect(url)).close()
                    return
                except WSServerHandshakeError:
                    await asyncio.sleep(0.05)
            raise AssertionError("the place of the closed WebSocket is not free")

    with live(tmp_path, "--engine", "tones") as it:
        asyncio.run(scenario(f"http://127.0.0.1:{it.server.http_port}/"))


def test_a_websocket_that_never_reads_is_given_up():
    async def scenario():
        socket = _WebSocket()
        for _ in range(MAX_UNSENT):
            socket.send(b"packet")
        assert not socket.is_behind
        socket.send(b"packet")
        assert socket.is_behind

    asyncio.run(scenario())


def test_state_updates_wait_until_the_queue_is_short():
    async def scenario():
        socket = _WebSocket()
        for _ in range(MAX_UNSENT_FOR_TEXT):
            assert socket.try_send_text("state")
        assert not socket.try_send_text("state")
        socket.unsent.get_nowait()
        assert socket.try_send_text("newer state")
        assert socket.unsent.qsize() == MAX_UNSENT_FOR_TEXT

    asyncio.run(scenario())


def test_subscriptions_end_once():
    async def scenario():
        ended = []
        socket = _WebSocket(end_subscription=lambda: ended.append(1))
        socket.unsubscribe()
        socket.unsubscribe()
        assert ended == [1]

    asyncio.run(scenario())
