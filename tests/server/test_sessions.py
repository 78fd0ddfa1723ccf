"""Check reply routes and the leases of registered clients."""

import pytest

from msanii_live.errors import CommandError
from msanii_live.server.sessions import LEASE, MAX_CLIENTS, Sessions

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
    for port in range(1, MAX_CLIENTS + 1):
        sessions.register((HOST, port), 0, "")
    with pytest.raises(CommandError, match="64 clients"):
        sessions.register((HOST, 999), 0, "")
    sessions.register((HOST, 1), 0, "")  # again is no new client


def test_a_client_that_was_left_behind_makes_room():
    clock = Clock()
    sessions = Sessions(clock)
    for port in range(1, MAX_CLIENTS + 1):
        sessions.register((HOST, port), 0, "")
    for _ in range(3):  # one client keeps the leases of its whole host
        clock.now += LEASE / 2
        sessions.touch((HOST, 1))
    assert len(sessions) == MAX_CLIENTS
    sessions.register((HOST, 999), 0, "")
    assert len(sessions) == MAX_CLIENTS
    assert {(HOST, 1), (HOST, 999)} <= set(sessions.everyone())
    assert (HOST, 2) not in sessions.everyone()
