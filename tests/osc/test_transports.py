"""Check that every transport shares one port, one queue and one way to send."""

import asyncio
import socket

import pytest

from msanii_live.errors import PortInUse
from msanii_live.osc import transports as transports_module
from msanii_live.osc.codec import Message, decode_packet, encode
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import Connection
from msanii_live.osc.slip import FrameDecoder, encode_frame
from msanii_live.osc.transports import Transports

REPLY = encode("/reply", "s", ["x"])
LOCALHOST = "127.0.0.1"


class Inbox:
    """The messages that came in, and connections that closed."""

    def __init__(self):
        self.received = asyncio.Queue()
        self.closed = []

    def queue(self):
        return IngressQueue(
            lambda messages, peer: self.received.put_nowait((messages, peer)),
            on_disconnect=self.closed.append,
        )


def run(scenario):
    async def main():
        inbox = Inbox()
        transports = await Transports.open(LOCALHOST, 0, inbox.queue())
        try:
            await asyncio.wait_for(scenario(transports, inbox), 30)
        finally:
            transports.close()
            await asyncio.sleep(0.01)  # the transports of asyncio close in turns of their own

    asyncio.run(main())


def ignore(_messages, _peer):
    pass


def test_udp_and_tcp_listen_on_the_same_port_and_reply_there():
    async def scenario(transports, inbox):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((LOCALHOST, 0))
            sock.sendto(encode("/udp", "", []), transports.address)
            assert await inbox.received.get() == ((Message("/udp"),), sock.getsockname())
            transports.send(REPLY, sock.getsockname())
            sock.settimeout(5)
            assert sock.recvfrom(100) == (REPLY, transports.address)
        reader, writer = await asyncio.open_connection(*transports.address)
        writer.write(encode_frame("slip", encode("/tcp", "", [])))
        messages, peer = await inbox.received.get()
        assert messages == (Message("/tcp"),)
        assert isinstance(peer, Connection)
        assert transports.is_open(peer)
        transports.send(REPLY, peer)
        (packet,) = FrameDecoder().feed(await reader.read(100))
        assert decode_packet(packet) == (Message("/reply", ("x",)),)
        assert transports.counters["handled"] == 2
        writer.close()

    run(scenario)


def test_a_websocket_is_sent_its_own_packets_until_it_is_removed():
    async def scenario(transports, inbox):
        first, second = [], []
        one = transports.add_websocket(LOCALHOST, 5_000, first.append)
        two = transports.add_websocket(LOCALHOST, 5_000, second.append)
        assert one != two
        assert transports.counters["websockets"] == 2
        transports.send(REPLY, one)
        assert (first, second) == ([REPLY], [])
        transports.remove_websocket(one)
        transports.remove_websocket(one)
        assert inbox.closed == [one]
        assert not transports.is_open(one)
        assert transports.is_open(two)
        transports.send(REPLY, one)
        assert first == [REPLY]
        assert transports.counters["tcp_gone"] == 1
        assert transports.counters["websockets"] == 1

    run(scenario)


def test_a_websocket_is_never_taken_for_a_tcp_connection():
    async def scenario(transports, inbox):
        _reader, writer = await asyncio.open_connection(*transports.address)
        writer.write(encode_frame("int32", encode("/tcp", "", [])))
        _, peer = await inbox.received.get()
        packets = []
        websocket = transports.add_websocket(peer.host, peer.port, packets.append)
        transports.send(REPLY, websocket)
        assert websocket.number != peer.number
        assert packets == [REPLY]
        writer.close()

    run(scenario)


def test_a_port_that_is_bound_is_in_use():
    async def scenario(transports, _inbox):
        with pytest.raises(PortInUse) as caught:
            await Transports.open(LOCALHOST, transports.address[1], IngressQueue(ignore))
        assert caught.value.port == transports.address[1]

    run(scenario)


def test_if_only_tcp_has_the_port_udp_is_closed_again():
    async def main():
        with socket.create_server((LOCALHOST, 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(PortInUse):
                await Transports.open(LOCALHOST, port, IngressQueue(ignore))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((LOCALHOST, port))  # raises if UDP had been left open

    asyncio.run(main())


def test_port_0_tries_again_if_tcp_has_the_number_that_udp_picked(monkeypatch):
    opened = []
    open_tcp = transports_module.TcpServer.open

    async def taken_twice(host, port, ingress, *, allow=()):
        opened.append(port)
        if len(opened) < 3:
            raise PortInUse(port, "--port")
        return await open_tcp(host, port, ingress, allow=allow)

    async def main():
        monkeypatch.setattr(transports_module.TcpServer, "open", taken_twice)
        transports = await Transports.open(LOCALHOST, 0, IngressQueue(ignore))
        assert transports.address[1] == opened[-1]
        assert len(opened) >= 3  # more where another program has a number
        transports.close()

    asyncio.run(main())


def test_closing_frees_both_ports():
    async def main():
        first = await Transports.open(LOCALHOST, 0, IngressQueue(ignore))
        port = first.address[1]
        first.close()
        first.close()
        await asyncio.sleep(0.01)
        again = await Transports.open(LOCALHOST, port, IngressQueue(ignore))
        assert again.address == (LOCALHOST, port)
        again.close()

    asyncio.run(main())
