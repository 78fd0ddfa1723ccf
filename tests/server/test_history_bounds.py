"""Check that what can be undone is bounded over all clients, however many there were."""

from msanii_live.jobs.params import Params
from msanii_live.server.history import MAX_IN_ALL, History


def test_the_changes_of_many_clients_are_bounded_and_the_newest_can_be_undone():
    history, params = History(), Params()
    clients = [(("127.0.0.1", 9_000 + number),) for number in range(200)]
    for routes in clients:
        for value in (0.1, 0.2, 0.3):
            before = params.value("stream.mix")
            params.set("stream.mix", value)
            history.record_param(routes, params, "stream.mix", before)
    kept = {id(client): len(client.done) for client in history._by_route.values()}
    assert sum(kept.values()) <= MAX_IN_ALL
    history.undo(clients[-1])
    assert params.number("stream.mix") < 0.3
