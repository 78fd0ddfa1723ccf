"""Check a cluster of several nodes: one is lost, and one may not join."""

import os
import subprocess
import sys
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests.cluster.test_workers import LONG, begin, states, wait_for
from tests.live import free_port, live

pytest.importorskip("ray")
pytest.importorskip("grpc")

ON_LOOPBACK = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "5a" * 32,
    "RAY_USAGE_STATS_ENABLED": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}


@contextmanager
def two_nodes(port, log):
    """Run a head and a second node; give the process that ends the second when told to."""
    with log.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.two_nodes", str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True,
            env={**os.environ, **ON_LOOPBACK},
        )  # fmt: skip
    family = []
    try:
        line = child.stdout.readline()
        assert line.startswith("ready"), log.read_text()
        family = psutil.Process(child.pid).children(recursive=True)
        yield child
    finally:
        child.kill()
        with child:  # closes its pipes
            pass
        for it in family:
            with suppress(psutil.NoSuchProcess):
                it.kill()


def test_the_job_of_a_node_that_is_lost_moves_to_another(tmp_path, monkeypatch):
    for name, value in ON_LOOPBACK.items():
        monkeypatch.setenv(name, value)
    port = free_port()
    flags = ("--engine", "tones", "--workers", f"ray://127.0.0.1:{port}")
    with two_nodes(port, tmp_path / "ray.txt") as nodes, live(tmp_path, *flags) as it:
        wait_for(lambda: states(it) == ["idle", "idle"])
        begin(it, "a", *LONG)
        begin(it, "b", *LONG)
        assert states(it) == ["busy", "busy"]
        nodes.stdin.write("end the second\n")
        nodes.stdin.flush()
        ended = [it.client.wait(("/msanii/job/done", "/msanii/fail"), None, 60) for _ in range(2)]
        assert [message.address for message in ended] == ["/msanii/job/done"] * 2
        assert {message.args[0] for message in ended} == {"a", "b"}
        assert it.job("/msanii/generate", "c", "seconds", 1.0)[4] == 1.0


def test_a_machine_without_the_token_is_told_what_to_copy(tmp_path):
    home = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    words = [sys.executable, "-m", "msanii_live.cli", "worker", "--join", "127.0.0.1:1"]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, env={**home, "HOME": str(tmp_path)}
    )
    assert done.returncode == 2
    assert "auth_token" in done.stderr
