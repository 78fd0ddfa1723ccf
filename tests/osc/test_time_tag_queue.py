"""Check when messages with a future time tag are due, and the bounds of their queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import CommandError
from msanii_live.osc.codec import Message
from msanii_live.osc.time_tag_queue import MAX_MESSAGES, MAX_SECONDS_AHEAD, TimeTagQueue

PEER = ("127.0.0.1", 1)


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def add(queue, message, peer, lead=0.0):
    queue.add(message, peer, queue.due_time(message), lead)


def test_seconds_late_counts_from_the_time_tag():
    clock = Clock()
    queue = TimeTagQueue(clock, clock)
    due = queue.due_time(Message("/a", (), clock.now + 2))
    assert queue.seconds_late(due) == pytest.approx(-2)
    clock.now += 5
    assert queue.seconds_late(due) == pytest.approx(3)


def test_a_message_is_due_its_lead_early():
    clock = Clock()
    queue = TimeTagQueue(clock, clock)
    add(queue, Message("/early", (), clock.now + 2), PEER, lead=0.5)
    assert queue.seconds_until_next() == pytest.approx(1.5)
    clock.now += 1.4
    assert queue.pop_due() == []
    clock.now += 0.2
    assert [(m.address, peer, due) for m, peer, due in queue.pop_due()] == [
        ("/early", PEER, pytest.approx(1_002))
    ]
    assert len(queue) == 0


def test_the_queue_is_bounded_in_time_and_number():
    clock = Clock()
    queue = TimeTagQueue(clock, clock)
    with pytest.raises(CommandError) as late:
        add(queue, Message("/a", (), clock.now + MAX_SECONDS_AHEAD + 1), PEER)
    assert late.value.code == "ELATE"
    for n in range(MAX_MESSAGES):
        add(queue, Message("/a", (n,), clock.now + 1), PEER)
    with pytest.raises(CommandError) as full:
        add(queue, Message("/a", (), clock.now + 1), PEER)
    assert full.value.code == "EBUSY"
    assert queue.clear() == MAX_MESSAGES
    assert queue.seconds_until_next() is None


@given(
    st.lists(st.floats(0.0, MAX_SECONDS_AHEAD, allow_nan=False), max_size=30),
    st.floats(0.0, MAX_SECONDS_AHEAD),
)
def test_due_messages_come_in_order_of_time_then_arrival(delays, wait):
    clock = Clock()
    queue = TimeTagQueue(clock, clock)
    for n, delay in enumerate(delays):
        add(queue, Message("/a", (n,), clock.now + delay), PEER)
    start = clock.now
    clock.now += wait
    due = [m.args[0] for m, _, _ in queue.pop_due()]
    wanted = [n for n, d in sorted(enumerate(delays), key=lambda e: (start + e[1], e[0]))
              if start + d <= clock.now]  # fmt: skip
    assert due == wanted
    assert len(queue) == len(delays) - len(due)


@pytest.mark.parametrize("jump", [3_600.0, -3_600.0, 0.5])
def test_a_waiting_message_keeps_its_time_when_the_wall_clock_is_set(jump):
    wall, monotonic = Clock(), Clock()
    queue = TimeTagQueue(wall, monotonic)
    add(queue, Message("/before", (), wall.now + 2), PEER)
    wall.now += jump
    assert queue.pop_due() == []
    assert queue.seconds_until_next() == pytest.approx(2)
    add(queue, Message("/after", (), wall.now + 1), PEER)
    for clock in (wall, monotonic):
        clock.now += 1
    assert [m.address for m, _, _ in queue.pop_due()] == ["/after"]
    for clock in (wall, monotonic):
        clock.now += 1
    assert [m.address for m, _, _ in queue.pop_due()] == ["/before"]


def test_messages_with_one_tag_keep_their_order_although_the_clocks_jitter():
    wall, monotonic = Clock(), Clock()
    queue = TimeTagQueue(wall, monotonic)
    tag = wall.now + 1
    for n in range(20):
        wall.now += 0.0011 - 0.0002 * (n % 3)
        monotonic.now += 0.0011
        add(queue, Message("/a", (n,), tag), PEER)
    monotonic.now += 2
    assert [m.args[0] for m, _, _ in queue.pop_due()] == list(range(20))
