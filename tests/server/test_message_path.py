"""How many files a message goes through: traced in a real server, kept small."""

import asyncio
import sys
import threading
from pathlib import Path

import msanii_live
from msanii_live.app import Server
from msanii_live.config import read_config
from tests.osc import packets

PACKAGE = Path(msanii_live.__file__).parent
PING_FILES = 13
GENERATE_FILES = 25
DESIGN = PACKAGE.parent / "docs" / "design.md"


class Trace:
    """The files of the package whose functions were called, in order of their first call."""

    def __init__(self):
        self.files = {}

    def __call__(self, frame, event, argument):
        if event == "call" and frame.f_code.co_filename.startswith(str(PACKAGE)):
            name = frame.f_code.co_filename.removeprefix(f"{PACKAGE}/")
            self.files.setdefault(name, frame.f_code.co_name)


async def reply_to(server, packet, address):
    """Send a packet over UDP, return once a reply with the address has come."""
    loop = asyncio.get_running_loop()
    heard = loop.create_future()

    class Client(asyncio.DatagramProtocol):
        def datagram_received(self, data, source):
            if data.startswith(address.encode() + b"\0") and not heard.done():
                heard.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(
        Client, remote_addr=server._transports.address
    )
    try:
        transport.sendto(packet)
        return await asyncio.wait_for(heard, 20)
    finally:
        transport.close()


def traced(tmp_path, address, *values, reply):
    """Return the files that a message met, from the socket to the last reply."""

    async def main():
        config = read_config(
            {
                "port": 0, "http_port": 0, "audio": "none", "engine": "tones",
                "folder": str(tmp_path), "announce": "off",
            },
            None,
        )  # fmt: skip
        trace = Trace()
        threading.setprofile(lambda *event: trace(*event) if trace.on else None)
        trace.on = False
        server = Server(config, lambda: None)
        try:
            await server.open()
            await server.warm_up()
            await reply_to(server, packets.message(address, *values), reply)
            await asyncio.sleep(0.3)  # the player has settled
            trace.on = True
            sys.setprofile(trace)
            await reply_to(server, packets.message(address, *values), reply)
        finally:
            sys.setprofile(None)
            trace.on = False
            threading.setprofile(None)
            await server.close()
        return list(trace.files)

    return asyncio.run(main())


def test_a_ping_meets_few_files(tmp_path):
    files = traced(tmp_path, "/msanii/ping", reply="/msanii/pong")
    print(files)
    assert len(files) <= PING_FILES, files


def test_a_clip_meets_few_files(tmp_path):
    files = traced(tmp_path, "/msanii/generate", "seconds", 1, reply="/msanii/job/done")
    print(files)
    assert len(files) <= GENERATE_FILES, files
