"""A handler that raises is one EINTERNAL over every transport, and nothing else is lost."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from msanii_live.client.connection import ClientConnection
from msanii_live.osc.codec import decode_packet
from tests.live import live
from tests.osc import packets

RAISING = (sys.executable, str(Path(__file__).with_name("raising_server.py")), "serve")
# A bundle: two commands that raise, one of them on a thread, between two pings.
PACKET = packets.bundle(
    packets.message("/msanii/ping", "id", "first"),
    packets.message("/msanii/version", "id", "now"),
    packets.message("/msanii/clip/save", "one", "copy.wav", "id", "thread"),
    packets.message("/msanii/ping", "id", "last"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raising")
    with live(folder, "--engine", "tones", serve=RAISING) as it:
        it.job("/msanii/generate", "setup", "seconds", 1, "clip", "one")
        yield it


def check(messages):
    pongs = [m.args[0] for m in messages if m.address == "/msanii/pong"]
    failures = {m.args[1]: m.args for m in messages if m.address == "/msanii/fail"}
    assert pongs == ["first", "last"]
    assert set(failures) == {"now", "thread"}
    assert len([m for m in messages if m.address == "/msanii/fail"]) == 2
    for address, _, job, code, text in failures.values():
        assert address in ("/msanii/version", "/msanii/clip/save")
        assert (job, code) == (-1, "EINTERNAL")
        assert "a bug of a handler's" in text


@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
def test_it_is_heard_over(server, transport):
    line = ClientConnection(server.client.host, server.client.port, transport)
    try:
        line.send(PACKET)
        messages = [line.receive(5.0) for _ in range(4)]
        assert line.receive(0.3) is None
    finally:
        line.close()
    check(messages)


def test_it_is_heard_over_a_web_socket(server):
    async def ask():
        url = f"http://{server.server.host}:{server.server.http_port}/"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            await socket.send_bytes(PACKET)
            messages = []
            while len(messages) < 4:
                messages += decode_packet(await socket.receive_bytes(timeout=5.0))
            with pytest.raises(TimeoutError):
                await socket.receive_bytes(timeout=0.3)
            return messages

    check(asyncio.run(ask()))
