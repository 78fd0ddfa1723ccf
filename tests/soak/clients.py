"""The clients of the soak: six kinds, one that starts and stops a stream, and one that sends noise.

Each is a function `(server, stop, tally)` that plays until `stop` is set.
"""

import asyncio
import itertools
import json
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from aiohttp import ClientSession, WSMsgType
from pythonosc.udp_client import SimpleUDPClient

from msanii_live.client import AsyncClient, Cancelled, Client, CommandError
from msanii_live.osc.codec import decode_packet, encode
from tests.soak.tally import drain, note, receive_one, receive_replies

STREAM_EVERY = 300.0  # s from one start of the stream to the next
STREAM_SECONDS = 60.0


def int32_client(server, stop, tally):
    """Play with asyncio over TCP: three players on one connection, in the int32 framing."""

    async def player(client, number):
        rng = random.Random(number)
        last = ""
        while not stop.is_set():
            try:
                if last and rng.random() < 0.3:
                    await client.outpaint(last, seconds=0.5, keep=0, steps=2, clip=f"o{number}")
                else:
                    last = (await client.generate(seconds=0.5, steps=2, clip=f"a{number}")).name
            except (CommandError, Cancelled) as error:
                if "EBUSY" not in repr(getattr(error, "code", "")):  # a full queue is an answer
                    tally.problems.append(repr(error))
            await asyncio.sleep(2.0)

    def receive(message):
        if message.address == "/msanii/job/queued":
            tally.jobs.add(message.args[0])
        tally.count_reply(message.address, message.args)

    async def main():
        async with AsyncClient(server.host, server.osc_port, receive) as client:
            await asyncio.gather(*(player(client, n) for n in range(3)))

    asyncio.run(main())


def slip_client(server, stop, tally):
    """Play over TCP in the SLIP framing, and cancel a job now and then."""
    rng = random.Random(2)
    with Client(server.host, server.osc_port, "slip") as client:
        for number in itertools.count(1):
            if stop.is_set():
                break
            token = f"slip-{number}"
            tally.jobs.add(token)
            client.send("/msanii/generate", "seconds", 0.5, "steps", 4, "clip", "s", "id", token)
            if rng.random() < 0.2:
                client.send("/msanii/job/cancel", token, "id", f"cancel-{token}")
            tally.pings.add(token)
            client.send("/msanii/ping", "id", token)
            client.send("/msanii/clip/list")
            until = time.monotonic() + 1.5
            while (left := until - time.monotonic()) > 0:
                if (received := client.receive(left)) is not None:
                    note(tally, received)
            client.received.clear()
        drain(tally, lambda: client.receive(0.5))


def udp_client(server, stop, tally):
    """Send with python-osc from one UDP port, and listen on another, as Max does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sender = SimpleUDPClient(server.host, server.osc_port)
        sender.send_message("/msanii/notify", [1, sock.getsockname()[1]])
        for number in itertools.count(1):
            if stop.is_set():
                break
            token = f"max-{number}"
            tally.jobs.add(token)
            tally.pings.add(token)
            sender.send_message(
                "/msanii/generate", ["seconds", 0.5, "steps", 2, "clip", "m", "id", token]
            )
            sender.send_message("/msanii/ping", ["id", token])
            sender.send_message("/msanii/nothing", [])
            receive_replies(tally, sock, 1.5)
        drain(tally, lambda: receive_one(sock, 0.5))
        sender._sock.close()


def oscsend_client(server, stop, tally):
    """Send with liblo's oscsend: a new process and a new port for every message."""
    program = shutil.which("oscsend")
    if program is None:
        print("oscsend is not installed: five kinds of clients", file=sys.stderr)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = str(sock.getsockname()[1])

        def send(address, tags, *words):
            where = [program, server.host, str(server.osc_port), address]
            subprocess.run([*where, tags, *words], check=True, timeout=20)

        for number in itertools.count(1):
            if stop.is_set():
                break
            token = f"send-{number}"
            tally.jobs.add(token)
            tally.pings.add(token)
            keys = ["clip", "n", "id", token, "reply_port", port]
            send("/msanii/generate", "sfsssssi", "seconds", "0.5", *keys)
            send("/msanii/ping", "sssi", "id", token, "reply_port", port)
            receive_replies(tally, sock, 2.5)
        drain(tally, lambda: receive_one(sock, 0.5))


def websocket_client(server, stop, tally):
    """Watch the state as the page does, and send over the WebSocket; a new one every minute."""

    async def listen(connection):
        async for message in connection:
            if message.type is WSMsgType.BINARY:
                for each in decode_packet(message.data):
                    note(tally, each)
            elif message.type is WSMsgType.TEXT:
                tally.states += 1

    async def visit(connection, numbers):
        await connection.send_str(json.dumps({"COMMAND": "MONITOR", "DATA": True}))
        await connection.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": "/msanii/job/done"}))
        await connection.send_str(json.dumps({"COMMAND": "IGNORE", "DATA": "/msanii/job/done"}))
        listening = asyncio.create_task(listen(connection))
        until = time.monotonic() + 60
        while not stop.is_set() and time.monotonic() < until:
            token = f"page-{next(numbers)}"
            tally.jobs.add(token)
            tally.pings.add(token)
            words = ["seconds", 0.5, "clip", "w", "id", token]
            await connection.send_bytes(encode("/msanii/generate", "sfssss", words))
            await connection.send_bytes(encode("/msanii/ping", "ss", ["id", token]))
            await asyncio.sleep(2.0)
        until = time.monotonic() + 240  # on a busy machine 64 jobs may wait
        while tally.open() and time.monotonic() < until:
            await asyncio.sleep(0.1)
        await connection.close()
        await listening

    async def main():
        numbers = itertools.count(1)
        async with ClientSession() as session:
            while not stop.is_set():
                url = f"http://{server.host}:{server.http_port}/"
                async with session.ws_connect(url) as connection:
                    await visit(connection, numbers)

    asyncio.run(main())
    if not tally.states:
        tally.problems.append("the page got no state")


def http_client(server, stop, tally):
    """Ask OSCQuery for the tree, values and clips, each over a connection of its own."""
    paths = ["/", "/?HOST_INFO", "/msanii/status?VALUE", "/msanii/transport", "/api/state"]
    paths += ["/clips/m.wav", "/clips/m.png", "/clips/m.json"]
    for number in itertools.count():
        if stop.is_set():
            break
        path = paths[number % len(paths)]
        url = f"http://{server.host}:{server.http_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert answer.status in (200, 204)
                answer.read()
                tally.answers += 1
        except urllib.error.HTTPError as error:
            if not (error.code == 404 and "/clips/" in path):  # before the first clip is made
                tally.problems.append(f"{path}: {error.code}")
        stop.wait(1.0)


def stream_client(server, stop, tally):
    """Let a stream play for a minute in every five, at one step a chunk."""
    with Client(server.host, server.osc_port, "int32") as client:
        client.send("/msanii/param/stream.steps", 1)
        while not stop.is_set():
            began = time.monotonic()
            client.send("/msanii/stream/start", "last", "chunk", 2, "id", "stream")
            chunks, failure = 0, ""
            while not stop.is_set() and time.monotonic() - began < STREAM_SECONDS:
                message = client.receive(1.0)
                chunks += message is not None and message.address == "/msanii/stream/chunk"
                if message is not None and message.address == "/msanii/fail":
                    failure = f": {message.args[-1]}"
            client.send("/msanii/stream/stop", "id", "stream end")
            if chunks < 2 and not stop.is_set():
                tally.problems.append(f"a stream made {chunks} chunks{failure}")
            tally.answers += chunks
            while not stop.is_set() and time.monotonic() - began < STREAM_EVERY:
                client.receive(1.0)
            client.received.clear()


def noise(server, stop, _tally):
    """Send what is no OSC, and what begins as OSC does, to UDP and TCP."""
    rng = random.Random(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while not stop.is_set():
            for _ in range(5):
                packet = rng.choice([b"", b"/msanii/ping\0\0\0\0,", b"#bundle\0"]) + rng.randbytes(
                    12
                )
                sock.sendto(packet, (server.host, server.osc_port))
            try:
                with socket.create_connection((server.host, server.osc_port), 5) as connection:
                    connection.sendall(
                        rng.choice([b"GET /\r\n", b"\0\0\0\x10/half", b"\xc0/\xdbx\xc0"])
                    )
            except OSError:
                pass
            stop.wait(1.0)


CLIENTS = (
    udp_client, slip_client, int32_client, websocket_client, http_client, oscsend_client,
    stream_client, noise,
)  # fmt: skip
