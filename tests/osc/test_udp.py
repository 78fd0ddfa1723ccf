"""Check how packets are carried over real sockets, on the loopback interface."""

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import pytest

from msanii_live.errors import PortInUse
from msanii_live.osc.codec import Message, decode_packet, encode
from msanii_live.osc.ingress_queue import IngressQueue
from msanii_live.osc.peer import UdpAddress
from msanii_live.osc.udp import UdpServer, drop_reason

PACKET = encode("/a", "", [])


class Inbox:
    """Everything that was received, and from whom."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.sources: list[UdpAddress] = []

    def __call__(self, messages: tuple[Message, ...], source: UdpAddress) -> None:
        self.messages += messages
        self.sources.append(source)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        await asyncio.sleep(0.005)


def client() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(5)
    return sock


class WithoutReaders(asyncio.SelectorEventLoop):
    """An event loop that cannot watch a socket, like that of Windows."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


Scenario = Callable[[], Awaitable[None]]
Run = Callable[[Scenario], None]


@pytest.fixture(params=[asyncio.SelectorEventLoop, WithoutReaders], ids=["reader", "thread"])
def run(request: pytest.FixtureRequest) -> Run:
    def run_scenario(scenario: Scenario) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(_as_coroutine(scenario))

    return run_scenario


async def _as_coroutine(scenario: Scenario) -> None:
    await scenario()


def test_a_message_and_its_reply(run: Run) -> None:
    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("localhost", 0, IngressQueue(inbox))
        with client() as sock:
            sock.sendto(encode("/a", "i", [5]), server.address)
            await until(lambda: server.counters["handled"] == 1)
            assert inbox.messages == [Message("/a", (5,))]
            assert inbox.sources == [sock.getsockname()]
            server.send(encode("/msanii/pong", "s", ["x"]), inbox.sources[0])
            data, source = sock.recvfrom(2_000)
        assert decode_packet(data) == (Message("/msanii/pong", ("x",)),)
        assert source == server.address
        server.close()
        server.close()

    run(scenario)


def test_a_burst_is_received_whole_and_in_order(run: Run) -> None:
    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox))
        packets = [encode("/a", "i", [n]) for n in range(3_000)]

        def burst() -> None:
            with client() as sock:
                for packet in packets:
                    sock.sendto(packet, server.address)

        thread = threading.Thread(target=burst)
        thread.start()
        await until(lambda: len(inbox.messages) + server.counters["dropped_buffer"] >= 3_000)
        thread.join()
        counters = server.counters
        server.close()
        assert counters["received"] == counters["handled"] == 3_000
        assert [each.args[0] for each in inbox.messages] == list(range(3_000))

    run(scenario)


def test_a_turn_of_reading_is_bounded_in_time() -> None:
    async def scenario() -> None:
        queued: list[int] = []

        class Ingress(IngressQueue):
            def put(self, data: bytes, peer: Any, *, droppable: bool = True) -> None:
                queued[-1] += 1

        now = itertools.count(0.0, 0.0005)  # s, half a millisecond for each datagram
        with client() as sock, client() as sender:
            sock.setblocking(False)
            server = UdpServer([sock], Ingress(Inbox()), (), lambda: next(now))
            for _ in range(10):
                sender.sendto(PACKET, sock.getsockname())
            for _ in range(4):
                queued.append(0)
                server._drain(sock)
        assert queued == [3, 3, 3, 1]

    asyncio.run(scenario())


def test_malformed_datagrams_are_counted_and_get_no_reply(run: Run) -> None:
    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox))
        with client() as sock:
            for data in (b"", b"/a", b"a\0\0\0", b"/a\0\0,x\0\0", PACKET):
                sock.sendto(data, server.address)
            await until(lambda: server.counters["received"] == 5)
            await until(lambda: len(inbox.messages) == 1)
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(100)
        counters = server.counters
        server.close()
        assert counters["handled"] == 1
        for name in ("empty", "alignment", "address", "tag"):
            assert counters[f"dropped_{name}"] == 1

    run(scenario)


def test_replies_that_fail_do_no_harm(run: Run) -> None:
    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox))
        with client() as gone:
            nobody = gone.getsockname()
        for _ in range(20):  # a closed port answers with ICMP
            server.send(PACKET, nobody)
        before = server.counters["send_errors"]
        server.send(PACKET, ("not.a.number", 9))
        server.send(PACKET, ("127.0.0.1", 70_000))
        server.send(PACKET, ("127.0.0.1", 0))
        server.send(bytes(70_000), nobody)
        assert server.counters["send_errors"] == before + 4
        with client() as sock:
            sock.sendto(PACKET, server.address)
            await until(lambda: len(inbox.messages) == 1)
        server.close()
        server.send(PACKET, nobody)
        assert server.counters["send_errors"] == before + 5

    run(scenario)


def test_an_error_of_the_socket_is_survived() -> None:
    class Refusing:
        """Report a closed port, as Windows does, before the first datagram."""

        def __init__(self, sock: socket.socket) -> None:
            self.sock = sock
            self.refusals = 1

        def recvfrom(self, size: int) -> tuple[bytes, Any]:
            if self.refusals:
                self.refusals -= 1
                raise ConnectionRefusedError
            return self.sock.recvfrom(size)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.sock, name)

    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox))
        (own,) = server._sockets
        asyncio.get_running_loop().add_reader(own, server._drain, Refusing(own))
        with client() as sock:
            sock.sendto(PACKET, server.address)
            await until(lambda: len(inbox.messages) == 1)
        assert server.counters["socket_errors"] == 1
        server.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (("127.0.0.1", 5_000), None),
        (("127.9.9.9", 5_000), None),
        (("::1", 5_000), None),
        (("::ffff:127.0.0.1", 5_000), None),
        (("10.1.2.3", 5_000), None),
        (("10.1.2.3", 7_770), None),
        (("::ffff:10.1.2.3", 5_000), None),
        (("10.2.2.3", 5_000), "source"),
        (("::ffff:10.2.2.3", 5_000), "source"),
        (("fe80::1%eth0", 5_000), "source"),
        (("fd00::1", 5_000), None),
        (("127.0.0.1", 7_770), "loop"),
        (("::ffff:127.0.0.1", 7_770), "loop"),
        (("10.1.0.1", 7_770), "loop"),
    ],
)
def test_which_sources_are_taken(source: UdpAddress, expected: str | None) -> None:
    allow = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert drop_reason(source, ("10.1.0.1", 7_770), allow) == expected


def test_strangers_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every address that a test can send from is loopback, so loopback is made a stranger.
    monkeypatch.setattr("msanii_live.osc.udp.drop_reason", lambda *_: "source")

    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox))
        with client() as sock:
            sock.sendto(PACKET, server.address)
            await until(lambda: server.counters["dropped_source"] == 1)
        assert not inbox.sources
        assert server.counters["handled"] == 0
        server.close()

    asyncio.run(scenario())


def test_a_reply_to_itself_is_not_answered_for_ever() -> None:
    async def scenario() -> None:
        inbox = Inbox()
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox))
        port = server.address[1]
        for host in ("127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"):
            server.send(PACKET, (host, port))
        assert server.counters["send_errors"] == 4
        (own,) = server._sockets
        own.sendto(PACKET, server.address)  # as one that was forged
        await until(lambda: server.counters["dropped_loop"] == 1)
        assert not inbox.sources
        server.close()

    asyncio.run(scenario())


def test_a_port_in_use_is_named() -> None:
    async def scenario() -> None:
        first = await UdpServer.open("127.0.0.1", 0, IngressQueue(Inbox()))
        port = first.address[1]
        with pytest.raises(PortInUse) as caught:
            await UdpServer.open("127.0.0.1", port, IngressQueue(Inbox()))
        assert caught.value.port == port
        first.close()
        again = await UdpServer.open("127.0.0.1", port, IngressQueue(Inbox()))
        again.close()

    asyncio.run(scenario())


def test_an_address_of_another_machine_cannot_be_bound() -> None:
    async def scenario() -> None:
        with pytest.raises(OSError, match="assign"):
            await UdpServer.open("192.0.2.1", 0, IngressQueue(Inbox()))

    asyncio.run(scenario())
