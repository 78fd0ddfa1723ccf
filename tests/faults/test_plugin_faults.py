"""Packages with engines that are broken, slow, or misnamed: the server starts and says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.installed import ENGINE, install
from tests.live import live

ROOT = Path(__file__).parents[2]
GROUP = "[msanii_live.engines]\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Packages in a folder that the server's Python finds."""
    site = tmp_path_factory.mktemp("site")
    install(site, "acme-broken", {"acme_broken.py": "1 / 0"}, GROUP + "broken=acme_broken:create\n")
    install(site, "acme-old", {"acme_old.py": ENGINE.replace("api=1", "api=0")},
            GROUP + "old=acme_old:create\n")  # fmt: skip
    install(site, "acme-taken", {"acme_taken.py": "1 / 0"}, GROUP + "tones=acme_taken:create\n")
    slow = "import time; time.sleep(2)\n" + ENGINE  # how long an import takes is what is tested
    install(site, "acme-slow", {"acme_slow.py": slow}, GROUP + "slow=acme_slow:create\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(site)]))
        yield


@pytest.fixture(scope="module")
def server(environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugins")
    with live(folder, "--engine", "tones", log=folder / "log.txt") as it:
        yield it


def test_the_server_starts_lists_them_and_logs_the_name_that_is_taken(server):
    names = [row["engine"] for row in server.client.engine_list()]
    assert names[0] == "tones"
    assert {"broken", "old", "slow"} < set(names)
    assert names.count("tones") == 1
    log = (Path(server.folder) / "log.txt").read_text()
    assert log.count("acme-taken") == 1
    assert "ZeroDivisionError" not in log
    assert server.job("/msanii/generate", "t", "seconds", 0.5)[4] == 0.5


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken", "importing acme_broken:create failed: ZeroDivisionError"),
        ("old", "plugin_api 0, and this server has 1"),
    ],
)
def test_asking_for_a_broken_one_is_one_failure_with_the_reason(server, name, reason):
    for attempt in range(2):
        token = f"{name}-{attempt}"
        server.client.send("/msanii/generate", "seconds", 1, "engine", name, "id", token)
        fail = server.client.wait(("/msanii/fail", "/msanii/job/done"), token)
        assert fail.args[3] == "EENGINE"
        assert reason in fail.args[4]
        assert server.count("/msanii/fail", token) == 1
    log = (Path(server.folder) / "log.txt").read_text()
    assert log.count(f"the engine {name} of acme-{name}: ") == 1  # though it was asked for twice
    assert "Traceback" not in log
    assert server.job("/msanii/generate", f"after-{name}", "seconds", 0.5)[4] == 0.5


def test_a_ping_is_answered_while_one_is_imported(server):
    server.client.send("/msanii/generate", "seconds", 0.5, "engine", "slow", "id", "s")
    server.client.wait(("/msanii/job/queued",), "s")
    assert server.ask("/msanii/ping", reply="/msanii/pong", timeout=1).args == ("",)
    assert server.count("/msanii/job/done", "s") == 0
    assert server.client.wait(("/msanii/job/done",), "s").args[4] == 0.5


def test_a_broken_default_ends_the_start_with_the_reason(environment, tmp_path):
    command = [sys.executable, "-m", "msanii_live.cli", "serve", "--engine", "broken"]
    ports = ["--port", "0", "--http-port", "0", "--audio", "none", "--folder", str(tmp_path)]
    ended = subprocess.run([*command, *ports], capture_output=True, text=True, timeout=180)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "acme-broken cannot be used: importing acme_broken:create failed" in ended.stderr
