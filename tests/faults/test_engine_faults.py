"""Engines that fail or run out of memory, and clients that leave while a job runs."""

import sys
from pathlib import Path

import pytest

from msanii_live.client import Client
from tests.live import live

FAULTY = (sys.executable, str(Path(__file__).with_name("faulty_server.py")), "serve")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    with live(tmp_path_factory.mktemp("faulty"), "--engine", "faulty", serve=FAULTY) as it:
        yield it


@pytest.mark.parametrize(
    ("prompt", "code", "words"),
    [
        ("raise", "EINTERNAL", "ZeroDivisionError"),
        ("memory", "EOOM", "shorter"),
        ("gpu memory", "EOOM", "shorter"),
        ("cpu memory", "EOOM", "shorter"),
    ],
)
def test_a_failing_job_is_told_once_and_the_next_one_runs(faulty, prompt, code, words):
    token = f"f-{prompt}"
    faulty.client.send("/msanii/generate", "prompt", prompt, "seconds", 1, "id", token)
    ending = faulty.client.wait(("/msanii/fail", "/msanii/job/done"), token)
    assert ending.args[3] == code
    assert words in str(ending.args[4])
    assert ending.args[2] > 0
    fields = faulty.job("/msanii/generate", f"after-{prompt}", "seconds", 1)
    assert fields[4] == 1.0
    assert faulty.count("/msanii/fail", token) == 1
    with Client(faulty.server.host, faulty.server.osc_port, "int32") as client:
        states = {row["engine"]: row["state"] for row in client.engine_list()}
        assert states["faulty"] == "loaded"


def test_a_client_that_goes_finds_its_job_when_it_comes_back(faulty):
    where = (faulty.server.host, faulty.server.osc_port, "slip")
    message = ("/msanii/generate", "seconds", 1, "steps", 40, "clip", "kept", "id", "gone")
    with Client(*where) as client:
        client.send(*message)
        queued = client.wait(("/msanii/job/queued",), "gone")
    assert faulty.ask("/msanii/ping", reply="/msanii/pong").args == ("",)
    with Client(*where) as client:
        client.send(*message)
        done = client.wait(("/msanii/job/done",), "gone")
        assert done.args[1] == queued.args[1]
    with Client(*where) as client:  # and when it has long ended
        client.send(*message)
        assert client.wait(("/msanii/job/done",), "gone").args == done.args


def test_udp_clients_that_go_do_no_harm(faulty):
    for n in range(5):
        with Client(faulty.server.host, faulty.server.osc_port) as client:
            client.send("/msanii/generate", "seconds", 0.5, "id", f"udp-gone-{n}")
    assert faulty.ask("/msanii/sync", "x", reply="/msanii/synced").args == ("x",)
    assert faulty.job("/msanii/generate", "still", "seconds", 0.5)[4] == 0.5


def test_the_65th_client_is_told_and_the_others_are_served(faulty):
    clients = [Client(faulty.server.host, faulty.server.osc_port) for _ in range(65)]
    try:
        answers = []
        for n, client in enumerate(clients):
            client.send("/msanii/notify", 1, "id", f"n{n}")
            answers.append(client.wait(("/msanii/done", "/msanii/fail"), f"n{n}"))
        assert [a.address for a in answers[:64]] == ["/msanii/done"] * 64
        assert answers[64].args[3] == "EBUSY"
        for n, client in enumerate(clients):  # the one that is not registered, too
            client.send("/msanii/ping", "id", f"p{n}")
            assert client.wait(("/msanii/pong",)).args == (f"p{n}",)
        for client in clients[:64]:
            client.notify(0)
    finally:
        for client in clients:
            client.close()


def test_two_clients_wait_each_for_their_own(faulty):
    where = (faulty.server.host, faulty.server.osc_port, "int32")
    with Client(*where) as busy, Client(*where) as idle:
        busy.send("/msanii/generate", "seconds", 0.5, "steps", 60, "id", "long")
        busy.wait(("/msanii/job/progress",), "long")
        assert idle.sync("now") == [{"number": "now"}]
        busy.send("/msanii/sync", "then")
        busy.wait(("/msanii/synced",))
        assert any(m.address == "/msanii/job/done" for m in busy.received)


def test_what_waits_is_bounded(faulty):
    where = (faulty.server.host, faulty.server.osc_port, "int32")
    with Client(*where) as client:
        client.send("/msanii/generate", "seconds", 0.5, "steps", 900, "id", "hold")
        client.wait(("/msanii/job/progress",), "hold")
        for n in range(1_100):
            client.send("/msanii/sync", n)
        fail = client.wait(("/msanii/fail",))
        assert fail.args[0] == "/msanii/sync"
        assert fail.args[3] == "EBUSY"
        client.job_cancel("hold")
        client.wait(("/msanii/synced",))
        assert client.ping() == [{}]
