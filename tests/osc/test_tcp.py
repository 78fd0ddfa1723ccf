"""Check connections over real sockets: their bounds, and that each is answered on its own."""

import asyncio
import socket
import time

import pytest

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
        self.closed = []
        self.transports = None

    def __call__(self, messages, peer):
        for message in messages:
            self.messages.append(message)
            self.transports.send(encode("/b", "s", [str(message.args[0])]), peer)


def run(scenario):
    async def main():
        echo = Echo()
        echo.transports = transports = await Transports.open(
            "127.0.0.1", 0, IngressQueue(echo, on_disconnect=echo.closed.append)
        )
        try:
            await asyncio.wait_for(scenario(transports, echo), 30)
        finally:
            transports.close()
            for writer in WRITERS:
                writer.close()
            WRITERS.clear()
            await asyncio.sleep(0.05)  # the transports close in turns of their own

    asyncio.run(main())


WRITERS = []


async def connect(transports):
    reader, writer = await asyncio.open_connection(*transports.address)
    WRITERS.append(writer)
    return reader, writer


async def packets_from(reader, count):
    decoder, packets = FrameDecoder(), []
    while len(packets) < count:
        data = await reader.read(65_536)
        assert data, f"closed after {len(packets)}"
        packets += decoder.feed(data)
    return [decode_packet(packet)[0] for packet in packets]


async def is_closed(reader):
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("framing", ["int32", "slip"])
def test_each_connection_is_answered_in_its_own_framing(framing):
    async def scenario(transports, echo):
        connections = [await connect(transports) for _ in range(3)]
        for n, (_, writer) in enumerate(connections):
            writer.write(encode_frame(framing, encode("/a", "s", [f"{n}"])))
        for n, (reader, writer) in enumerate(connections):
            assert [m.args for m in await packets_from(reader, 1)] == [(f"{n}",)]
            writer.close()
        await until(lambda: len(echo.closed) == 3)
        assert transports.counters["connections"] == 0

    run(scenario)


def test_a_burst_on_one_connection_is_answered_whole_and_in_order():
    async def scenario(transports, echo):
        reader, writer = await connect(transports)
        for n in range(3_000):
            writer.write(encode_frame("int32", encode("/a", "s", [str(n)])))
        received = await packets_from(reader, 3_000)
        assert [m.args[0] for m in received] == [str(n) for n in range(3_000)]
        assert transports.counters["received"] == transports.counters["handled"] == 3_000
        writer.close()

    run(scenario)


def test_the_65th_connection_is_told_that_the_server_is_busy(monkeypatch):
    async def scenario(transports, _echo):
        connections = [await connect(transports) for _ in range(64)]
        await until(lambda: transports.counters["connections"] == 64)
        reader, writer = await connect(transports)
        writer.write(encode_frame("slip", encode("/msanii/ping", "ss", ["id", "me"])))
        (reply,) = await packets_from(reader, 1)
        assert reply.args[:4] == ("/msanii/ping", "me", -1, "EBUSY")
        assert await is_closed(reader)
        assert transports.counters["tcp_refused"] == 1
        connections[0][1].write(encode_frame("slip", PING))  # the others are as they were
        assert len(await packets_from(connections[0][0], 1)) == 1
        connections[1][1].close()
        await until(lambda: transports.counters["connections"] == 63)
        reader, writer = await connect(transports)
        writer.write(encode_frame("slip", PING))
        assert len(await packets_from(reader, 1)) == 1

    run(scenario)


def test_an_idle_connection_is_closed_for_a_new_one(monkeypatch):
    monkeypatch.setattr(tcp, "IDLE_TIMEOUT", 0.0)
    monkeypatch.setattr(tcp, "MAX_CONNECTIONS", 2)

    async def scenario(transports, _echo):
        (first, _), (_, second) = await connect(transports), await connect(transports)
        await until(lambda: transports.counters["connections"] == 2)
        second.write(encode_frame("slip", PING))
        await until(lambda: transports.counters["handled"] == 1)
        reader, writer = await connect(transports)
        writer.write(encode_frame("slip", PING))
        assert len(await packets_from(reader, 1)) == 1
        assert await is_closed(first)

    run(scenario)


def test_a_slow_packet_closes_its_connection(monkeypatch):
    monkeypatch.setattr(tcp, "PACKET_TIMEOUT", 0.2)

    async def scenario(transports, _echo):
        slow, idle = await connect(transports), await connect(transports)
        slow[1].write(b"\0\0\0\x08/a")
        assert await is_closed(slow[0])
        assert transports.counters["tcp_slow_packet"] == 1
        idle[1].write(encode_frame("int32", PING))  # silence between packets is no fault
        assert len(await packets_from(idle[0], 1)) == 1

    run(scenario)


def test_other_protocols_are_closed():
    async def scenario(transports, _echo):
        reader, writer = await connect(transports)
        writer.write(b"POST /msanii/quit HTTP/1.1\r\n\r\n")
        assert await is_closed(reader)
        assert transports.counters["tcp_lost_place"] == 1

    run(scenario)


def test_a_client_that_does_not_read_is_closed(monkeypatch):
    monkeypatch.setattr(tcp, "MAX_UNREAD_BYTES", 100_000)

    async def scenario(transports, echo):
        sock = socket.create_connection(transports.address)
        sock.sendall(encode_frame("int32", encode("/a", "s", ["y"])))
        await until(lambda: len(echo.messages) == 1)
        (connection,) = (each.connection for each in transports._tcp._connections.values())
        started = time.monotonic()
        while transports.counters["tcp_unread"] == 0:
            assert time.monotonic() - started < 20
            for _ in range(100):
                transports.send(bytes(1_000), connection)
            await asyncio.sleep(0)
        assert not transports.is_open(connection)
        sock.close()

    run(scenario)


def test_a_client_that_reads_late_gets_all_replies_in_order(monkeypatch):
    monkeypatch.setattr(tcp, "MAX_UNREAD_BYTES", 64 * 1024 * 1024)

    async def scenario(transports, echo):
        reader, writer = await connect(transports)
        writer.write(encode_frame("int32", PING))
        await packets_from(reader, 1)
        (protocol,) = transports._tcp._connections.values()
        for n in range(20_000):
            transports.send(encode("/b", "is", [n, "x" * 1_000]), protocol.connection)
        assert len(protocol._unsent) > protocol._transport.get_write_buffer_size()
        transports.send(encode("/b", "is", [20_000, ""]), protocol.connection)
        received = await packets_from(reader, 20_001)
        assert [message.args[0] for message in received] == list(range(20_001))
        assert not protocol._unsent

    run(scenario)


def test_one_reading_of_a_connection_is_bounded():
    async def scenario(transports, _echo):
        sizes = []
        reader, writer = await connect(transports)
        await until(lambda: transports.counters["connections"] == 1)
        (protocol,) = transports._tcp._connections.values()
        feed = protocol.decoder.feed
        protocol.decoder.feed = lambda data: sizes.append(len(data)) or feed(data)
        writer.write(encode_frame("int32", PING) * 5_000)
        assert len(await packets_from(reader, 5_000)) == 5_000
        assert max(sizes) <= tcp._READ_BYTES

    run(scenario)


def test_a_reply_to_a_closed_connection_is_counted():
    async def scenario(transports, _echo):
        transports.send(PING, Connection("127.0.0.1", 1, 99))
        assert transports.counters["tcp_gone"] == 1

    run(scenario)


def test_a_flood_on_a_connection_pauses_it_and_loses_nothing():
    async def scenario(transports, echo):
        reader, writer = await connect(transports)
        reading = asyncio.create_task(packets_from(reader, 20_000))
        writer.write(b"".join(encode_frame("int32", PING) for _ in range(20_000)))
        assert len(await reading) == 20_000
        assert transports.counters["dropped_backlog"] == 0

    run(scenario)
