"""The client for Python and for the shell, against a real server."""

import asyncio
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from msanii_live.client import (
    AsyncClient,
    Cancelled,
    Client,
    CommandError,
    NoAnswer,
    ServerNotRunning,
)
from msanii_live.client.packets import build_packet
from msanii_live.protocol.commands import Generate, Ping
from tests.live import free_port


@pytest.fixture(params=["udp", "int32", "slip"])
def client(request, tones):
    with Client(tones.server.host, tones.server.osc_port, request.param) as it:
        yield it


def test_clips_come_back(client):
    clip = client.generate(seconds=0.5, seed=4, style="house")
    assert (clip.seconds, clip.seed, clip.sample_rate, clip.channels) == (0.5, 4, 44_100, 2)
    samples = clip.read()
    assert samples.shape == (22_050, 2)
    assert samples.dtype == np.float32
    longer = client.outpaint(clip.name, seconds=0.5)
    assert np.array_equal(longer.read()[:22_050], samples)
    assert longer.name in [row["name"] for row in client.clip_list()]
    assert client.clip_info(longer.name)[0]["seconds"] == 1.0
    with pytest.raises(CommandError) as caught:
        client.outpaint("nosuch")
    assert caught.value.code == "ENOCLIP"


def test_many_at_once_each_get_their_own(tones):
    async def main():
        async with AsyncClient(tones.server.host, tones.server.osc_port) as client:
            clips = await asyncio.gather(*(client.generate(seconds=0.5, seed=n) for n in range(8)))
            assert [clip.seed for clip in clips] == list(range(8))
            rows = await asyncio.gather(client.status(), client.version(), client.transport())
            assert [next(iter(row[0])) for row in rows] == ["state", "version", "bpm"]
            running = asyncio.Event()
            making = asyncio.create_task(
                client.make(
                    Generate(seconds=0.5, steps=900), on_message=lambda message: running.set()
                )
            )
            await running.wait()
            (row,) = await client.job_list()
            await client.job_cancel(row["job"])
            with pytest.raises(Cancelled):
                await making
            with pytest.raises(CommandError):
                await client.clip_free("nosuch")

    asyncio.run(main())


def test_a_server_that_is_silent_or_gone_is_said(client):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with Client(*silent.getsockname()) as lonely, pytest.raises(NoAnswer):
            lonely.ask(Ping(), timeout=0.3)

    async def main():
        listener = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        async with AsyncClient("127.0.0.1", port) as client:
            with pytest.raises(NoAnswer):
                await client.ping()
        listener.close()

    asyncio.run(main())


@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
def test_without_a_server_the_error_says_how_to_start_one(transport):
    port = free_port()

    def ask():
        with Client("127.0.0.1", port, transport) as client:
            client.ping()

    async def ask_async():
        async with AsyncClient("127.0.0.1", port):
            pass

    began = time.monotonic()
    with pytest.raises(ServerNotRunning, match=f"127.0.0.1:{port}: start `msanii-live serve`"):
        ask()
    with pytest.raises(ServerNotRunning, match="start `msanii-live serve`"):
        asyncio.run(ask_async())
    assert time.monotonic() - began < 5  # an answer may take ten: nothing waited for one


def test_a_datagram_of_another_program_is_no_reply(tones):
    client = tones.client
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        own_port = client.connection.socket.getsockname()[1]
        other.sendto(build_packet("/msanii/pong", ["forged"]), ("127.0.0.1", own_port))
    client.ping()
    assert all(message.args != ("forged",) for message in client.received)


def test_a_lost_datagram_is_sent_again_and_makes_one_clip(tones):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as middle:
        middle.bind(("127.0.0.1", 0))
        middle.settimeout(10)
        with Client(*middle.getsockname()) as client:
            result = []
            making = threading.Thread(target=lambda: result.append(client.generate(seconds=0.5)))
            making.start()
            lost, _ = middle.recvfrom(2_000)
            again, sender = middle.recvfrom(2_000)
            assert lost == again
            where = (tones.server.host, tones.server.osc_port)
            middle.sendto(again, where)
            while making.is_alive():
                data, source = middle.recvfrom(2_000)
                middle.sendto(data, sender if source == where else where)
                making.join(0.01)
            assert result[0].seconds == 0.5


def test_the_client_loads_neither_torch_nor_the_server():
    program = (
        "import sys, msanii_live.client; "
        "print([m for m in ('torch', 'aiohttp', 'sounddevice', 'zeroconf') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.strip() == "[]"
