"""Check how packets are carried over real sockets, on the loopback interface."""

import asyncio
import itertools
import logging
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
from msanii_live.osc.udp import UdpServer, _refusal

PACKET = encode("/a", "", [])


class Inbox:
    """Keep what was received, and wait for more of it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.sources: list[UdpAddress] = []

    def __call__(self, messages: tuple[Message, ...], source: UdpAddress) -> None:
        self.messages += messages
        self.sources.append(source)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.005)


def client() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(5)
    return sock


class WithoutReaders(asyncio.SelectorEventLoop):
    """Stand in for the event loop of Windows, which cannot watch a socket."""

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


def test_the_rest_of_the_loop_runs_during_a_flood() -> None:
    async def scenario() -> None:
        turns: list[int] = []
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(inbox := Inbox()))
        with client() as sock:
            for _ in range(400):
                sock.sendto(PACKET, server.address)
            while len(inbox.messages) < 400:
                turns.append(len(inbox.messages))
                await asyncio.sleep(0)
        server.close()
        assert max(b - a for a, b in itertools.pairwise(turns)) <= 64

    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_what_cannot_be_held_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msanii_live.osc.ingress_queue.PENDING_LIMIT", 3_000)

    async def scenario() -> None:
        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(Inbox()))
        with client() as sock:
            for _ in range(50):
                sock.sendto(PACKET, server.address)
        await until(lambda: server.counters["received"] == 50)
        await until(lambda: server.counters["handled"] + server.counters["dropped_backlog"] == 50)
        assert server.counters["dropped_backlog"] > 0
        server.close()

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


def test_an_error_of_the_receiver_is_logged_and_survived(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        inbox = Inbox()

        def receive(messages: tuple[Message, ...], source: UdpAddress) -> None:
            if messages[0].args == (False,):
                raise RuntimeError("boom")
            inbox(messages, source)

        server = await UdpServer.open("127.0.0.1", 0, IngressQueue(receive))
        with client() as sock:
            sock.sendto(b"/a\0\0,F\0\0", server.address)
            sock.sendto(b"/a\0\0,T\0\0", server.address)
            await until(lambda: len(inbox.messages) == 1)
        assert server.counters["receive_errors"] == 1
        assert server.counters["handled"] == 1
        server.close()

    with caplog.at_level(logging.ERROR, "msanii_live.osc"):
        run(scenario)
    assert "boom" in caplog.text


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
        server._socket = Refusing(server._socket)  # type: ignore[assignment]
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
    assert _refusal(source, ("10.1.0.1", 7_770), allow) == expected


def test_strangers_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every address that a test can send from is loopback, so loopback is made a stranger.
    monkeypatch.setattr("msanii_live.osc.udp._refusal", lambda *_: "source")

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
        server.send(PACKET, server.address)
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


def test_the_receiver_may_close_the_server(run: Run) -> None:
    async def scenario() -> None:
        calls: list[UdpAddress] = []

        def receive(_: tuple[Message, ...], source: UdpAddress) -> None:
            calls.append(source)
            intake.close()
            server.close()

        intake = IngressQueue(receive)
        server = await UdpServer.open("127.0.0.1", 0, intake)
        with client() as sock:
            for _ in range(10):
                sock.sendto(PACKET, server.address)
            await until(lambda: bool(calls))
            await asyncio.sleep(0.05)
        assert len(calls) == 1

    run(scenario)
