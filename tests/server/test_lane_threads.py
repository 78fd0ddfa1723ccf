"""The order of calls on a lane's threads: by client, in turns, side by side."""

import threading
from collections.abc import Callable
from contextlib import closing

from msanii_live.server.lane_threads import LaneThreads

TIMEOUT = 10.0  # s


def blocked(lane: LaneThreads, client: str, done: list[str]) -> threading.Event:
    """Occupy a client's place until the event that is returned is set."""
    begun, release = threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        assert release.wait(TIMEOUT)
        done.append(client)

    assert lane.submit(call, client)
    assert begun.wait(TIMEOUT)
    return release


def noting(done: list[str], name: str) -> Callable[[], None]:
    return lambda: done.append(name)


def test_a_clients_calls_keep_their_order_and_clients_take_turns() -> None:
    done: list[str] = []
    with closing(LaneThreads("lane")) as lane:
        release = blocked(lane, "first", done)
        for number in range(3):
            assert not lane.submit(noting(done, f"first {number}"), "first")
        lane.submit(noting(done, "second 0"), "second")
        lane.submit(noting(done, "second 1"), "second")
        release.set()
        assert lane.wait_for("first", TIMEOUT)
        assert lane.wait_for("second", TIMEOUT)
    assert done == ["first", "second 0", "first 0", "second 1", "first 1", "first 2"]


def test_one_clients_slow_call_delays_no_other_client_where_there_are_threads() -> None:
    done: list[str] = []
    with closing(LaneThreads("lane", 2)) as lane:
        release = blocked(lane, "slow", done)
        lane.submit(noting(done, "slow, next"), "slow")
        assert lane.submit(noting(done, "other"), "other")
        assert lane.wait_for("other", TIMEOUT)
        assert not lane.wait_for("slow", 0.0)
        assert done == ["other"]
        release.set()
        assert lane.wait_for("slow", TIMEOUT)
    assert done == ["other", "slow", "slow, next"]


def test_a_closed_lane_discards_what_has_not_begun() -> None:
    done: list[str] = []
    lane = LaneThreads("lane")
    release = blocked(lane, "one", done)
    lane.submit(noting(done, "one, next"), "one")
    lane.submit(noting(done, "two"), "two")
    lane.close()
    release.set()
    assert not lane.submit(noting(done, "three"), "three")
    for thread in lane._threads:
        thread.join(TIMEOUT)
    assert done == ["one"]
