"""Check connections over real sockets: their bounds, and that each is answered on its own."""

import asyncio
import socket
import time

import pytest

from msanii_live.errors import PortInUse
from msanii_live.osc import tcp
from msanii_live.osc.codec import decode_packet, encode
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Connection
from msanii_live.osc.slip import FrameDecoder, encode_frame
from msanii_live.osc.transports import Transports
from tests.osc.test_udp import until

PING = encode("/a", "s", ["x"])


class Echo:
    """Answer every message on the connection that it came from."""

    def __init__(self):
        self.messages = []
        self.gone = []
        self.doors = None

    def __call__(self, messages, peer):
        for message in messages:
            self.messages.append(message)
            self.doors.send(encode("/b", "s", [str(message.args[0])]), peer)


def run(scenario):
    async def main():
        echo = Echo()
        echo.doors = doors = await Transports.open(
            "127.0.0.1", 0, IngressQueue(echo, gone=echo.gone.append)
        )
        try:
            await asyncio.wait_for(scenario(doors, echo), 30)
        finally:
            doors.close()
            for writer in WRITERS:
                writer.close()
            WRITERS.clear()
            await asyncio.sleep(0.05)  # the transports close in turns of their own

    asyncio.run(main())


WRITERS = []


async def connect(doors):
    reader, writer = await asyncio.open_connection(*doors.address)
    WRITERS.append(writer)
    return reader, writer


async def packets_from(reader, count):
    splitter, packets = FrameDecoder(), []
    while len(packets) < count:
        data = await reader.read(65_536)
        assert data, f"closed after {len(packets)}"
        packets += splitter.feed(data)
    return [decode_packet(packet)[0] for packet in packets]


async def is_closed(reader):
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


def test_udp_and_tcp_share_a_number():
    async def scenario(doors, _echo):
        with pytest.raises(PortInUse):
            await Transports.open("127.0.0.1", doors.address[1], IngressQueue(lambda m, p: None))

    run(scenario)


def test_a_port_that_only_tcp_has_is_in_use():
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            with pytest.raises(PortInUse):
                await Transports.open(
                    "127.0.0.1", taken.getsockname()[1], IngressQueue(lambda m, p: None)
                )
            doors = await Transports.open("127.0.0.1", 0, IngressQueue(lambda m, p: None))
            doors.close()

    asyncio.run(main())


@pytest.mark.parametrize("framing", ["int32", "slip"])
def test_each_connection_is_answered_in_its_own_framing(framing):
    async def scenario(doors, echo):
        connections = [await connect(doors) for _ in range(3)]
        for n, (_, writer) in enumerate(connections):
            writer.write(encode_frame(framing, encode("/a", "s", [f"{n}"])))
        for n, (reader, writer) in enumerate(connections):
            assert [m.args for m in await packets_from(reader, 1)] == [(f"{n}",)]
            writer.close()
        await until(lambda: len(echo.gone) == 3)
        assert doors.counters["connections"] == 0

    run(scenario)


def test_a_burst_on_one_connection_is_answered_whole_and_in_order():
    async def scenario(doors, echo):
        reader, writer = await connect(doors)
        for n in range(3_000):
            writer.write(encode_frame("int32", encode("/a", "s", [str(n)])))
        heard = await packets_from(reader, 3_000)
        assert [m.args[0] for m in heard] == [str(n) for n in range(3_000)]
        assert doors.counters["received"] == doors.counters["handled"] == 3_000
        writer.close()

    run(scenario)


def test_the_65th_connection_is_told(monkeypatch):
    async def scenario(doors, _echo):
        connections = [await connect(doors) for _ in range(64)]
        await until(lambda: doors.counters["connections"] == 64)
        reader, writer = await connect(doors)
        writer.write(encode_frame("slip", encode("/msanii/ping", "ss", ["id", "me"])))
        (told,) = await packets_from(reader, 1)
        assert told.args[:4] == ("/msanii/ping", "me", -1, "EBUSY")
        assert await is_closed(reader)
        assert doors.counters["tcp_refused"] == 1
        connections[0][1].write(encode_frame("slip", PING))  # the others are as they were
        assert len(await packets_from(connections[0][0], 1)) == 1
        connections[1][1].close()
        await until(lambda: doors.counters["connections"] == 63)
        reader, writer = await connect(doors)
        writer.write(encode_frame("slip", PING))
        assert len(await packets_from(reader, 1)) == 1

    run(scenario)


def test_one_that_has_long_been_silent_gives_its_place(monkeypatch):
    monkeypatch.setattr(tcp, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(tcp, "CONNECTION_LIMIT", 2)

    async def scenario(doors, _echo):
        (first, _), (_, second) = await connect(doors), await connect(doors)
        await until(lambda: doors.counters["connections"] == 2)
        second.write(encode_frame("slip", PING))
        await until(lambda: doors.counters["handled"] == 1)
        reader, writer = await connect(doors)
        writer.write(encode_frame("slip", PING))
        assert len(await packets_from(reader, 1)) == 1
        assert await is_closed(first)

    run(scenario)


def test_a_packet_that_does_not_end_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(tcp, "PACKET_SECONDS", 0.2)

    async def scenario(doors, _echo):
        slow, idle = await connect(doors), await connect(doors)
        slow[1].write(b"\0\0\0\x08/a")
        assert await is_closed(slow[0])
        assert doors.counters["tcp_slow_packet"] == 1
        idle[1].write(encode_frame("int32", PING))  # silence between packets is no fault
        assert len(await packets_from(idle[0], 1)) == 1

    run(scenario)


def test_what_is_not_osc_is_closed():
    async def scenario(doors, _echo):
        reader, writer = await connect(doors)
        writer.write(b"POST /msanii/quit HTTP/1.1\r\n\r\n")
        assert await is_closed(reader)
        assert doors.counters["tcp_lost_place"] == 1

    run(scenario)


def test_who_does_not_read_is_closed(monkeypatch):
    monkeypatch.setattr(tcp, "UNREAD_LIMIT", 100_000)

    async def scenario(doors, echo):
        sock = socket.create_connection(doors.address)
        sock.sendall(encode_frame("int32", encode("/a", "s", ["y"])))
        await until(lambda: len(echo.messages) == 1)
        (stream,) = (each.stream for each in doors._tcp._connections.values())
        started = time.monotonic()
        while doors.counters["tcp_unread"] == 0:
            assert time.monotonic() - started < 20
            for _ in range(100):
                doors.send(bytes(1_000), stream)
            await asyncio.sleep(0)
        assert not doors.is_open(stream)
        sock.close()

    run(scenario)


def test_a_reply_to_a_closed_connection_is_counted():
    async def scenario(doors, _echo):
        doors.send(PING, Connection("127.0.0.1", 1, 99))
        assert doors.counters["tcp_gone"] == 1

    run(scenario)


def test_a_flood_on_a_connection_pauses_it_and_loses_nothing():
    async def scenario(doors, echo):
        reader, writer = await connect(doors)
        reading = asyncio.create_task(packets_from(reader, 20_000))
        writer.write(b"".join(encode_frame("int32", PING) for _ in range(20_000)))
        assert len(await reading) == 20_000
        assert doors.counters["dropped_backlog"] == 0

    run(scenario)
