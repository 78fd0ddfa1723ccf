"""How many files a message goes through: traced in a real server, kept small."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

import msanii_live
from msanii_live.app import Server
from msanii_live.config import read_config
from tests.osc import packets

PACKAGE = Path(msanii_live.__file__).parent
PING_FILES = 13
DESIGN = PACKAGE.parent / "docs" / "design.md"


class Trace:
    """The files of the package whose functions were called, in order of their first call.

    Threads that do other work all the time (the player, the page's updates) are left out. The
    return of an engine's `run` ends the trace.
    """

    def __init__(self):
        self.files = {}
        self.is_on = False

    def __call__(self, frame, event, argument):
        if not self.is_on or threading.current_thread().name.startswith(
            ("render", "host", "silent")
        ):
            return
        code = frame.f_code
        if not code.co_filename.startswith(str(PACKAGE)):
            return
        if event == "call":
            self.files.setdefault(code.co_filename.removeprefix(f"{PACKAGE}/"), code.co_name)
        elif event == "return" and code.co_name == "run" and "/engines/" in code.co_filename:
            self.is_on = False


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


def traced(tmp_path, address, *values, reply, engine="tones"):
    """Return the files that a message meets, up to its last reply or an engine's samples."""

    async def main():
        config = read_config(
            {
                "port": 0, "http_port": 0, "audio": "none", "engine": engine, "device": "cpu",
                "folder": str(tmp_path), "announce": "off",
            },
            None,
        )  # fmt: skip
        trace = Trace()
        threading.setprofile(trace)
        server = Server(config, lambda: None)
        try:
            await server.open()
            await server.warm_up()
            await reply_to(server, packets.message(address, *values), reply)
            await asyncio.sleep(0.3)  # the player has settled
            trace.is_on = True
            sys.setprofile(trace)
            await reply_to(server, packets.message(address, *values), reply)
        finally:
            sys.setprofile(None)
            trace.is_on = False
            threading.setprofile(None)
            await server.close()
        return list(trace.files)

    return asyncio.run(main())


def test_a_ping_meets_few_files(tmp_path):
    files = traced(tmp_path, "/msanii/ping", reply="/msanii/pong")
    print(files)
    assert len(files) <= PING_FILES, files


@pytest.mark.parametrize(
    ("engine", "most"),
    [("tones", 43), ("mel-flow", 71), ("composer", 101)],
)
def test_a_clip_meets_few_files_up_to_its_samples(tmp_path, engine, most):
    files = traced(
        tmp_path,
        "/msanii/generate",
        *("seconds", 1, "style", "jazz", "seed", 3),  # by measured notes, wherever the seed leads
        reply="/msanii/job/done",
        engine=engine,
    )
    print(files)
    assert len(files) <= most, files
