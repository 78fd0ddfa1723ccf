"""Check the bounds, the order and the counters of the queue of received packets."""

import asyncio
import logging

import pytest

from msanii_live.osc import ingress_queue
from msanii_live.osc.codec import Message, encode
from msanii_live.osc.ingress_queue import PACKET_OVERHEAD, IngressQueue
from msanii_live.osc.peer import Connection

PEER = ("127.0.0.1", 9_000)
PACKET = encode("/a", "", [])
COST = len(PACKET) + PACKET_OVERHEAD


class Receiver:
    """A queue's callbacks, which record what they are called with."""

    def __init__(self, failing=()):
        self.messages = []
        self.packets = []
        self.failing = failing
        self.queue = IngressQueue(  # whose slices never end
            self.on_messages, self.on_packet, clock=lambda: 0.0, cost_clock=lambda: 0.0
        )

    def on_messages(self, messages, peer):
        for message in messages:
            if message.address in self.failing:
                raise RuntimeError("boom")
            self.messages.append((message.address, peer))

    def on_packet(self, size, peer, reason):
        self.packets.append((size, peer, reason))

    @property
    def counted(self):
        """The counters that are not zero."""
        return {name: count for name, count in self.queue.counters.items() if count}


OTHER = ("127.0.0.1", 9_002)


def run(scenario, **arguments):
    async def main():
        await asyncio.wait_for(scenario(Receiver(**arguments)), 10)

    asyncio.run(main())


async def turns(count=1):
    for _ in range(count):
        await asyncio.sleep(0)


def test_packets_are_decoded_in_order_after_put_returns():
    async def scenario(receiver):
        connection = Connection("127.0.0.1", 1, 1)
        receiver.queue.put(encode("/first", "", []), PEER)
        receiver.queue.put(encode("/second", "", []), connection)
        assert receiver.messages == []
        await turns()
        assert receiver.messages == [("/first", PEER), ("/second", connection)]
        assert receiver.counted == {"received": 2, "handled": 2}

    run(scenario)


class Clock:
    """A clock that goes on by so many seconds for each message of a peer."""

    def __init__(self, **cost):
        self.now = 0.0
        self.cost = cost

    def __call__(self):
        return self.now


def test_other_callbacks_run_between_slices_of_time():
    async def scenario(_receiver):
        clock, handled, seen = Clock(), [], []

        def handle(messages, peer):
            handled.append(peer)
            clock.now += 0.0005

        queue = IngressQueue(handle, clock=clock, cost_clock=clock)
        for _ in range(40):
            queue.put(PACKET, PEER)
        while len(handled) < 40:
            await turns()
            seen.append(len(handled))
        assert seen == [4 * (n + 1) for n in range(10)]  # 2 ms each

    run(scenario)


def test_other_threads_have_a_turn_after_each_slice_that_leaves_something():
    async def scenario(_receiver):
        clock, handled, pauses = Clock(), [], []

        def handle(messages, peer):
            handled.append(peer)
            clock.now += 0.0005

        queue = IngressQueue(
            handle, clock=clock, cost_clock=clock, pause=lambda s: pauses.append(len(handled))
        )
        for _ in range(10):
            queue.put(PACKET, PEER)
        while len(handled) < 10:
            await turns()
        assert pauses == [4, 8]
        queue.put(PACKET, PEER)
        await turns()
        assert (len(handled), pauses) == (11, [4, 8])

    run(scenario)


@pytest.mark.parametrize("cost", [0.0001, 0.001, 0.02])
def test_a_flood_does_not_delay_another_peer(cost):
    async def scenario(_receiver):
        clock, answered = Clock(), []

        def handle(messages, peer):
            clock.now += cost if peer == PEER else 0.0001
            if peer != PEER:
                answered.append(clock.now)

        queue = IngressQueue(handle, clock=clock, cost_clock=clock)
        for _ in range(5_000):
            queue.put(PACKET, PEER)
        for n in range(20):
            await turns()
            sent = clock.now
            queue.put(PACKET, ("127.0.0.1", 9_001))
            while len(answered) <= n:
                await turns()
            assert answered[-1] - sent <= 0.0022 + cost

    run(scenario)


def test_turns_are_paid_in_time():
    async def scenario(_receiver):
        clock, spent = Clock(), {PEER: 0.0, OTHER: 0.0}

        def handle(messages, peer):
            seconds = 0.002 if peer == PEER else 0.0005
            clock.now += seconds
            spent[peer] += seconds

        queue = IngressQueue(handle, clock=clock, cost_clock=clock)
        for _ in range(400):
            queue.put(PACKET, PEER)
        for _ in range(3_200):
            queue.put(PACKET, OTHER)
        while clock.now < 1.0:
            await turns()
        assert spent[PEER] == pytest.approx(spent[OTHER], rel=0.1)

    run(scenario)


def test_a_peer_does_not_pay_for_time_in_which_its_packet_was_not_worked_on():
    async def scenario(_receiver):
        wall, cost, handled = Clock(), Clock(), []

        def handle(messages, peer):
            handled.append(peer)
            wall.now += 0.5 if peer == OTHER else 0.001  # other programs had the processor
            cost.now += 0.001

        queue = IngressQueue(handle, clock=wall, cost_clock=cost)
        for _ in range(50):
            queue.put(PACKET, OTHER)
            queue.put(PACKET, PEER)
        while len(handled) < 100:
            await turns()
        assert handled[:20].count(OTHER) == 10

    run(scenario)


def test_a_debt_is_bounded():
    async def scenario(_receiver):
        clock, handled = Clock(), []

        def handle(messages, peer):
            handled.append(peer)
            clock.now += 0.4 if len(handled) == 1 else 0.001  # a pause of the interpreter's

        queue = IngressQueue(handle, clock=clock, cost_clock=clock)
        for _ in range(2):
            queue.put(PACKET, OTHER)
        for _ in range(1_000):
            queue.put(PACKET, PEER)
        while handled.count(OTHER) < 2:
            await turns()
        assert len(handled) <= 6  # after two packets of 1 ms or so, not after 400

    run(scenario)


def test_a_full_queue_drops_only_droppable_packets(monkeypatch):
    monkeypatch.setattr(ingress_queue, "MAX_PENDING_BYTES", 2 * COST)

    async def scenario(receiver):
        for _ in range(5):
            receiver.queue.put(PACKET, PEER)
        receiver.queue.put(encode("/kept", "", []), PEER, droppable=False)
        assert receiver.packets == [(len(PACKET), PEER, "backlog")] * 3
        await turns()
        assert [address for address, _ in receiver.messages] == ["/a", "/a", "/kept"]
        assert receiver.counted == {"received": 6, "handled": 3, "dropped_backlog": 3}
        receiver.queue.put(PACKET, PEER)  # there is room again
        await turns()
        assert receiver.counted["handled"] == 4

    run(scenario)


def test_malformed_packets_are_counted_by_reason_and_not_delivered():
    async def scenario(receiver):
        for data in (b"", b"/a", b"a\0\0\0", b"/a\0\0,x\0\0"):
            receiver.queue.put(data, PEER)
        receiver.queue.reject(b"1234", PEER, "source")
        await turns()
        assert receiver.messages == []
        assert receiver.packets == [
            (4, PEER, "source"),
            (0, PEER, "empty"),
            (2, PEER, "alignment"),
            (4, PEER, "address"),
            (8, PEER, "tag"),
        ]
        reasons = ("source", "empty", "alignment", "address", "tag")
        assert receiver.counted == {"received": 5, **{f"dropped_{r}": 1 for r in reasons}}

    run(scenario)


def test_an_exception_of_a_callback_is_logged_and_the_next_packet_is_delivered(caplog):
    async def scenario(receiver):
        receiver.queue.put(encode("/bad", "", []), PEER)
        receiver.queue.put(PACKET, PEER)
        await turns()
        assert receiver.messages == [("/a", PEER)]
        assert receiver.counted == {"received": 2, "handled": 1, "receive_errors": 1}

    with caplog.at_level(logging.ERROR, "msanii_live.osc"):
        run(scenario, failing=("/bad",))
    assert "127.0.0.1:9000" in caplog.text
    assert "boom" in caplog.text


def test_a_saturated_queue_calls_back_once_when_it_has_drained(monkeypatch):
    monkeypatch.setattr(ingress_queue, "SATURATION_BYTES", 100 * COST)

    async def scenario(receiver):
        queue, resumed = receiver.queue, []
        for _ in range(150):
            queue.put(PACKET, PEER, droppable=False)
        assert queue.is_saturated(PEER)
        assert not queue.is_saturated(OTHER)
        queue.on_drained(PEER, lambda: resumed.append(len(receiver.messages)))
        while len(receiver.messages) < 150:
            await turns()
        assert not queue.is_saturated(PEER)
        assert (
            50 <= resumed[0] < 50 + ingress_queue._TURN_PACKETS
        )  # 100 were pending, or a few less
        assert len(resumed) == 1

    run(scenario)


def test_a_queue_closed_by_its_receiver_delivers_nothing_more():
    async def scenario(_receiver):
        calls = []

        def close(messages: tuple[Message, ...], _peer):
            calls.append(messages)
            queue.close()

        queue = IngressQueue(close)
        for _ in range(10):
            queue.put(PACKET, PEER)
        await turns(3)
        queue.put(PACKET, PEER)
        await turns(3)
        assert len(calls) == 1

    run(scenario)
