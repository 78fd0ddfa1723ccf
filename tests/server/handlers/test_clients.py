"""The handlers by which a client says what it wants to hear of."""

import time

import pytest

from msanii_live.protocol import replies
from msanii_live.protocol.commands import Ping
from msanii_live.server.handler import Answer, Handler
from msanii_live.server.handlers.clients import ClientHandlers
from tests.server.fakes import CLIENT, OTHER, run


def with_clients(test):
    """Run a test with the handlers of clients, and a ping."""
    ping = Handler(lambda command, call: Answer([replies.PONG(call.token)]))
    handlers = {Ping: ping}

    async def scenario(bench):
        handlers.update(
            ClientHandlers(
                bench.sessions, bench.tasks, bench.log, bench.sender, bench.scheduled
            ).table()
        )
        await test(bench)

    run(scenario, handlers)


def test_a_registered_port_is_where_replies_go():
    async def test(bench):
        bench.send("/msanii/notify", 1, OTHER[1])
        assert bench.wire.addresses(OTHER) == ["/msanii/done"]
        bench.send("/msanii/ping")
        assert bench.wire.addresses(OTHER) == ["/msanii/done", "/msanii/pong"]
        bench.send("/msanii/notify", 0, OTHER[1])
        bench.send("/msanii/ping")
        assert bench.wire.addresses(CLIENT) == ["/msanii/pong"]

    with_clients(test)


def test_the_log_is_dumped_from_its_last_entries_on():
    async def test(bench):
        bench.send("/msanii/ping", "id", "before")
        bench.wire.sent.clear()
        bench.send("/msanii/dump", 1, "last", 5, "id", "d")
        lines = [m.args for _, m in bench.wire.sent if m.address == "/msanii/dump/line"]
        assert [line[3] for line in lines] == ["/msanii/ping id before"]
        bench.send("/msanii/ping", "id", "after")
        lines = [m.args for _, m in bench.wire.sent if m.address == "/msanii/dump/line"]
        assert [line[3] for line in lines] == ["/msanii/ping id before", "/msanii/ping id after"]
        bench.send("/msanii/dump", 0)
        bench.wire.sent.clear()
        bench.send("/msanii/ping")
        assert bench.wire.addresses() == ["/msanii/pong"]

    with_clients(test)


@pytest.mark.parametrize("token", ["", "9", "word"])
def test_a_sync_with_nothing_under_way_is_answered_at_once(token):
    async def test(bench):
        bench.send("/msanii/sync", *([token] if token else []))
        assert [(m.address, m.args) for _, m in bench.wire.sent] == [("/msanii/synced", (token,))]

    with_clients(test)


def test_what_waits_for_its_time_is_dropped():
    async def test(bench):
        for seconds in (5, 10, 20):
            bench.send("/msanii/ping", time_tag=time.time() + seconds)
        assert len(bench.scheduled) == 3
        bench.send("/msanii/clearsched", "id", "c")
        assert len(bench.scheduled) == 0
        assert bench.wire.addresses() == ["/msanii/done"]

    with_clients(test)
