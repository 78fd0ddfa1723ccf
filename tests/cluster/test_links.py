"""Check workers on another machine, by two network namespaces: one joins later, and a cut link."""

import pytest

from msanii_live.benchmarks.delayed_link import reason_against
from msanii_live.benchmarks.links import JOIN, delayed_cluster, running_node
from tests.cluster.test_workers import begin, states, wait_for
from tests.live import live

pytest.importorskip("ray")
pytest.importorskip("grpc")

NOT_HERE = reason_against()


@pytest.mark.skipif(bool(NOT_HERE), reason=NOT_HERE or "-")
def test_a_machine_joins_later_and_a_link_that_is_cut_ends_jobs_and_nothing_else(tmp_path):
    with delayed_cluster(0.001) as (link, address):
        link.run(0, lambda: check(link, address, tmp_path))


FAIL = "/msanii/fail"


def failures(server):
    server.drain(0.1)
    return [server.count(FAIL, token) for token in "bc"]


def check(link, address, folder):
    with live(folder, "--engine", "tones", "--workers", address) as it:
        name = it.job("/msanii/generate", "a", "seconds", 1.0)[2]
        with running_node(link, 0, JOIN, folder / "join.txt"):
            wait_for(lambda: states(it) == ["idle", "idle"])
            begin(it, "b", "seconds", 1.0, "steps", 1000)
            begin(it, "c", "seconds", 1.0, "steps", 1000)
            link.is_cut = True
            wait_for(lambda: all(failures(it)), 60)
            it.drain()
            assert failures(it) == [1, 1]
            assert all("EENGINE" in m.args for m in it.client.received if m.address == FAIL)
            played = it.ask("/msanii/play", name, "id", "p", token="p")
            assert played.address == "/msanii/done"
            link.is_cut = False
            wait_for(lambda: "idle" in states(it), 90)
            assert it.job("/msanii/generate", "d", "seconds", 1.0)[4] == 1.0
