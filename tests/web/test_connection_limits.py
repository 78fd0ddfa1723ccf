"""HTTP connections are bounded in number and in time, and OSC goes on meanwhile."""

import asyncio
import contextlib

import pytest
from aiohttp import ClientSession, web

from msanii_live.web import connection_limits
from msanii_live.web.connection_limits import ConnectionLimits


@contextlib.asynccontextmanager
async def serving(limits):
    async def page(_request):
        return web.Response(text="page")

    app = web.Application(middlewares=[limits.middleware])
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: limits.protocol_factory(runner.server), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        limits.close()
        await runner.cleanup()


async def connect(port, data=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def close_all(connections):
    for _, writer in connections:
        writer.close()
    for _, writer in connections:
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(("total", "each"), [(3, 64), (64, 3)])
def test_more_connections_than_allowed_are_refused(monkeypatch, caplog, total, each):
    monkeypatch.setattr(connection_limits, "MAX_PER_ADDRESS", each)

    async def main():
        limits = ConnectionLimits()
        limits._max_connections = total
        async with serving(limits) as port:
            held = [await connect(port, b"GET / HTTP/1.1\r\nHost: 127") for _ in range(3)]
            refused = [await connect(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(3)]
            for reader, _ in refused:
                assert (await reader.read()).startswith(b"HTTP/1.1 503")
            assert limits.counters["http_refused"] == 3
            await close_all([*held, *refused])
            async with ClientSession() as session:
                for _ in range(200):  # until the server has noticed that the others have gone
                    response = await session.get(f"http://127.0.0.1:{port}/")
                    if response.status == 200:
                        break
                    await asyncio.sleep(0.02)
                assert await response.text() == "page"

    asyncio.run(main())
    assert caplog.text.count("are refused") == 1


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_connection_without_a_whole_header_is_closed(monkeypatch, sent):
    monkeypatch.setattr(connection_limits, "HEADER_TIMEOUT", 0.1)
    monkeypatch.setattr(connection_limits, "_CHECK_INTERVAL", 0.05)

    async def main():
        limits = ConnectionLimits()
        async with serving(limits) as port:
            reader, writer = await connect(port, sent)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            assert limits.counters["http_timeouts"] == 1
            await close_all([(reader, writer)])

    asyncio.run(main())


def test_a_second_header_that_never_ends_is_closed_and_a_slow_answer_is_not(monkeypatch):
    monkeypatch.setattr(connection_limits, "HEADER_TIMEOUT", 0.1)
    monkeypatch.setattr(connection_limits, "IDLE_TIMEOUT", 0.1)
    monkeypatch.setattr(connection_limits, "_CHECK_INTERVAL", 0.02)

    async def main():
        limits = ConnectionLimits()
        async with serving(limits) as port:
            reader, writer = await connect(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT")
            answer = await asyncio.wait_for(reader.read(), 5)
            assert answer.endswith(b"page")
            assert limits.counters["http_timeouts"] == 1
            await close_all([(reader, writer)])

    asyncio.run(main())


def test_descriptors_are_left_for_osc(monkeypatch):
    monkeypatch.setattr(connection_limits, "_descriptor_limit", lambda: 256)
    assert ConnectionLimits()._max_connections == 64
    monkeypatch.setattr(connection_limits, "_descriptor_limit", lambda: 65_536)
    assert ConnectionLimits()._max_connections == 256
