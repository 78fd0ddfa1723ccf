"""Routes of replies, leases, and messages that wait for their time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import CommandError
from msanii_live.osc.codec import Message
from msanii_live.osc.time_tag_queue import FURTHEST, LIMIT, TimeTagQueue
from msanii_live.server.sessions import CLIENT_LIMIT, LEASE, Sessions

HOST = "127.0.0.1"


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def test_routes_in_order_of_preference():
    sessions = Sessions(Clock())
    pd, max_send, max_listen = (HOST, 5_000), (HOST, 6_000), 6_001
    assert sessions.routes(pd, 0) == (pd,)
    assert sessions.routes(pd, 9_999) == ((HOST, 9_999),)
    sessions.register(max_send, max_listen, "")
    assert sessions.routes(max_send, 0) == ((HOST, max_listen),)
    # From a port never seen, either may be the one that is listened on.
    assert set(sessions.routes(pd, 0)) == {(HOST, max_listen), pd}
    sessions.register(pd, 0, "")
    assert sessions.routes(pd, 0) == (pd,)
    assert sessions.routes(("10.0.0.9", 1), 0) == (("10.0.0.9", 1),)
    sessions.remove(max_send, max_listen)
    assert sessions.routes(max_send, 0) != ((HOST, max_listen),)


def test_leases_end_and_are_renewed_by_any_message_of_the_host():
    clock = Clock()
    sessions = Sessions(clock)
    sessions.register((HOST, 1), 2, "jobs")
    clock.now += LEASE - 1
    sessions.touch((HOST, 3))
    clock.now += LEASE - 1
    assert sessions.subscribers("jobs") == ((HOST, 2),)
    clock.now += 2
    assert len(sessions) == 0
    assert sessions.subscribers("jobs") == ()


def test_registrations_are_bounded():
    sessions = Sessions(Clock())
    for port in range(1, CLIENT_LIMIT + 1):
        sessions.register((HOST, port), 0, "")
    with pytest.raises(CommandError, match="64 clients"):
        sessions.register((HOST, 999), 0, "")
    sessions.register((HOST, 1), 0, "")  # again is no new client


def test_the_agenda_is_bounded_in_time_and_number():
    clock = Clock()
    agenda = TimeTagQueue(clock, clock)
    with pytest.raises(CommandError) as late:
        agenda.add(Message("/a", (), clock.now + FURTHEST + 1), (HOST, 1))
    assert late.value.code == "ELATE"
    for n in range(LIMIT):
        agenda.add(Message("/a", (n,), clock.now + 1), (HOST, 1))
    with pytest.raises(CommandError) as full:
        agenda.add(Message("/a", (), clock.now + 1), (HOST, 1))
    assert full.value.code == "EBUSY"
    assert agenda.clear() == LIMIT
    assert agenda.seconds_until_next() is None


@given(st.lists(st.floats(0.0, FURTHEST, allow_nan=False), max_size=30), st.floats(0.0, FURTHEST))
def test_due_messages_come_in_order_of_time_then_arrival(delays, wait):
    clock = Clock()
    agenda = TimeTagQueue(clock, clock)
    for n, delay in enumerate(delays):
        agenda.add(Message("/a", (n,), clock.now + delay), (HOST, 1))
    start = clock.now
    clock.now += wait
    due = [m.args[0] for m, _ in agenda.pop_due()]
    wanted = [n for n, d in sorted(enumerate(delays), key=lambda e: (start + e[1], e[0]))
              if start + d <= clock.now]  # fmt: skip
    assert due == wanted
    assert len(agenda) == len(delays) - len(due)


@pytest.mark.parametrize("jump", [3_600.0, -3_600.0, 0.5])
def test_what_waits_keeps_its_time_when_the_wall_clock_is_set(jump):
    wall, steady = Clock(), Clock()
    agenda = TimeTagQueue(wall, steady)
    agenda.add(Message("/before", (), wall.now + 2), (HOST, 1))
    wall.now += jump
    assert agenda.pop_due() == []
    assert agenda.seconds_until_next() == pytest.approx(2)
    agenda.add(Message("/after", (), wall.now + 1), (HOST, 1))
    for clock in (wall, steady):
        clock.now += 1
    assert [m.address for m, _ in agenda.pop_due()] == ["/after"]
    for clock in (wall, steady):
        clock.now += 1
    assert [m.address for m, _ in agenda.pop_due()] == ["/before"]


def test_one_tag_keeps_its_order_though_the_clocks_jitter():
    wall, steady = Clock(), Clock()
    agenda = TimeTagQueue(wall, steady)
    tag = wall.now + 1
    for n in range(20):
        wall.now += 0.0011 - 0.0002 * (n % 3)
        steady.now += 0.0011
        agenda.add(Message("/a", (n,), tag), (HOST, 1))
    steady.now += 2
    assert [m.args[0] for m, _ in agenda.pop_due()] == list(range(20))
