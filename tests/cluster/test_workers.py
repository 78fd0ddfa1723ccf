"""Check jobs in real worker processes, over OSC: sources, errors, cancelling and lost processes."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from msanii_live.client.replies import NoAnswer
from tests.live import live
from tests.web.chromium import chromium, page_of, until

pytest.importorskip("ray")
pytest.importorskip("grpc")

LONG = ("seconds", 1.0, "steps", 300)  # takes the engine of tones 3 s
SHOWN = "words => words.every(it => document.getElementById('facts').textContent.includes(it))"
ENDS = ("/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail")


IMPATIENT = (sys.executable, "-m", "tests.cluster.impatient_server")
ENTRY_POINTS = "[msanii_live.engines]\nhungry = tests.cluster.hungry_engine:create\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    plugin = tmp_path_factory.mktemp("plugin")
    (plugin / "hungry-1.dist-info").mkdir()
    (plugin / "hungry-1.dist-info" / "METADATA").write_text("Name: hungry\nVersion: 1\n")
    (plugin / "hungry-1.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    places = (str(plugin), os.getcwd(), os.environ.get("PYTHONPATH", ""))
    flags = ("--engine", "tones", "--workers", "2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
        # With its own guard of memory, Ray would end every worker at once.
        patch.setenv("RAY_memory_usage_threshold", "0.001")
        with live(tmp_path_factory.mktemp("workers"), *flags, serve=IMPATIENT) as it:
            yield it


def listed(server, address, entry):
    """Return the arguments of each entry of a list, without the token."""
    server.client.send(address, "id", "list")
    rows = []
    while True:
        message = server.client.wait((entry, "/msanii/done"), timeout=20)
        if message.address == entry:
            rows.append([value for value in message.args if value != "list"])
        elif message.args[0] == address:
            return rows


def wait_for(condition, seconds=180.0):
    """Return what a condition returns once that is true."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)
    return found


def states(server):
    return [row[1] for row in listed(server, "/msanii/worker/list", "/msanii/worker/entry")]


def busy_pid(server):
    """Return the process of the worker that has a job."""

    def find():
        texts = [row[1] for row in listed(server, "/msanii/caps", "/msanii/caps")]
        found = [re.search(r"^busy with job.* process (\d+) of", text) for text in texts]
        return next((int(match[1]) for match in found if match), None)

    return wait_for(find)


def begin(server, token, *args):
    server.client.send("/msanii/generate", *args, "id", token)
    server.client.wait("/msanii/job/progress", token, 20)


def ends(server, token):
    """Return the ends of a job that came, after some time for a second one."""
    first = server.client.wait(ENDS, token, 60)
    try:
        return [first, server.client.wait(ENDS, token, 0.5)]
    except NoAnswer:
        return [first]


def test_jobs_run_in_workers_and_get_their_sources(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    first = server.job("/msanii/generate", "a", "seconds", 1.0, "seed", 3)
    again = server.job("/msanii/generate", "b", "seconds", 1.0, "seed", 3)
    longer = [server.job("/msanii/outpaint", f"c{n}", first[2], "seconds", 1.0) for n in range(2)]
    assert [row[4] for row in longer] == [2.0, 2.0]
    assert Path(first[3]).read_bytes() == Path(again[3]).read_bytes()


def test_an_error_of_an_engine_reaches_the_client_as_it_is(server):
    name = server.job("/msanii/generate", "e", "seconds", 1.0)[2]
    message = server.ask("/msanii/inpaint", name, 3.0, 4.0, "id", "i", reply=ENDS, token="i")
    assert message.address == "/msanii/fail"
    assert "ERANGE" in message.args


def test_two_jobs_run_at_a_time_and_a_cancelled_one_ends_once(server):
    begin(server, "x", *LONG)
    begin(server, "y", *LONG)
    assert states(server) == ["busy", "busy"]
    server.client.send("/msanii/job/cancel", "x")
    assert [message.address for message in ends(server, "x")] == ["/msanii/job/cancelled"]
    assert [message.address for message in ends(server, "y")] == ["/msanii/job/done"]


def test_a_job_waits_for_the_clip_that_another_one_makes(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    server.client.send("/msanii/generate", *LONG, "clip", "chain", "id", "chain")
    longer = server.job("/msanii/outpaint", "after", "chain", "seconds", 1.0)
    assert longer[4] == 2.0


def test_the_page_shows_each_worker_and_what_it_does(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    with chromium() as browser, page_of(browser, server.server.http_port) as page:
        until(page, SHOWN, ["worker 1", "worker 2", "idle: ", ", process "])
        begin(server, "shown", "seconds", 1.0, "steps", 1000)
        until(page, SHOWN, ["busy with job ", "idle: "])
        server.client.send("/msanii/job/cancel", "shown")
        assert [message.address for message in ends(server, "shown")] == ["/msanii/job/cancelled"]
        until(page, "words => !(" + SHOWN + ")(words)", ["busy"])


def test_a_worker_without_memory_fails_one_job_and_no_other(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    begin(server, "beside", *LONG)
    server.client.send("/msanii/generate", "engine", "hungry", "id", "hungry")
    (end,) = ends(server, "hungry")
    assert end.address == "/msanii/fail"
    assert "EOOM" in end.args
    assert [message.address for message in ends(server, "beside")] == ["/msanii/job/done"]
    assert states(server) == ["idle", "idle"]


def test_a_stream_has_a_worker_of_its_own_until_it_ends(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    server.client.send("/msanii/stream/start", "id", "s")
    server.client.wait(("/msanii/stream/chunk",), timeout=60)
    assert sorted(states(server)) == ["idle", "stream"]
    server.job("/msanii/generate", "during", "seconds", 1.0)
    server.client.send("/msanii/stream/stop")
    wait_for(lambda: states(server) == ["idle", "idle"])


def test_a_job_whose_worker_is_killed_runs_again_and_ends_once(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    begin(server, "k", *LONG)
    os.kill(busy_pid(server), signal.SIGKILL)
    assert [message.address for message in ends(server, "k")] == ["/msanii/job/done"]
    wait_for(lambda: states(server) == ["idle", "idle"])  # Ray has started another


def test_a_worker_that_hangs_is_ended_and_its_job_runs_again(server):
    wait_for(lambda: states(server) == ["idle", "idle"])
    begin(server, "hangs", *LONG)
    pid = busy_pid(server)
    os.kill(pid, signal.SIGSTOP)
    assert [message.address for message in ends(server, "hangs")] == ["/msanii/job/done"]
    wait_for(lambda: not psutil.pid_exists(pid))
    wait_for(lambda: states(server) == ["idle", "idle"])


def test_without_its_head_the_server_goes_on_and_connects_again(server):
    name = server.job("/msanii/generate", "before", "seconds", 1.0)[2]
    begin(server, "h", "seconds", 1.0, "steps", 1000)
    family = psutil.Process(server.server.child.pid).children(recursive=True)
    next(it for it in family if it.name() == "gcs_server").kill()
    (end,) = ends(server, "h")
    assert end.address == "/msanii/fail"
    assert "EENGINE" in end.args
    played = server.ask("/msanii/play", name, "id", "p", token="p")
    assert played.address == "/msanii/done"
    wait_for(lambda: states(server) == ["idle", "idle"])
    assert server.job("/msanii/generate", "after", "seconds", 1.0)[4] == 1.0
