"""Check that no command fails for where its output goes, or for the locale."""

import os
import subprocess
import sys
import time

import pytest

from msanii_live.client import Client
from tests.cli.shell import MSANII
from tests.live import live

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="these are shells and locales of Unix"
)
QUICK = ("--port", "0", "--http-port", "0", "--audio", "none", "--engine", "tones", "--folder")
LEGACY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def shell(line, folder, **environment):
    words = " ".join(MSANII)
    return subprocess.run(
        ["bash", "-c", line.replace("msanii-live", words)],
        capture_output=True, text=True, errors="replace", timeout=180, check=False, cwd=folder,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "msanii-live spec | head -1",
        "msanii-live --help | head -1",
        "msanii-live send --port PORT caps | head -1",
        "msanii-live send --port PORT ping | true",
        "msanii-live spec >&-",
        "msanii-live send --port PORT ping >&-",
    ],
)
def test_output_that_nobody_reads_is_no_error(tones, tmp_path, line):
    run = shell(line.replace("PORT", str(tones.server.osc_port)), tmp_path)
    assert "Traceback" not in run.stderr
    assert "Broken" not in run.stderr


@pytest.mark.parametrize("output", ["| head -1", "| true", ">&-", "> /dev/full"])
def test_a_server_goes_on_when_its_output_is_closed(tmp_path, output):
    flags = " ".join(QUICK)
    child = subprocess.Popen(
        ["bash", "-c", f"{' '.join(MSANII)} serve {flags} {tmp_path} {output}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lock = tmp_path / ".msanii-live.lock"
    try:
        for line in child.stderr:
            if "warm after" in line:
                break
            assert "Traceback" not in line
        server = int(lock.read_text().strip())
        time.sleep(0.3)
        os.kill(server, 15)
        rest = child.stderr.read()
        assert "Traceback" not in rest
        assert "stopping" in rest
    finally:
        child.kill()
        child.wait()
        child.stderr.close()


@pytest.mark.parametrize(
    "environment",
    [LEGACY, {**LEGACY, "PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "ascii"}],
)
def test_names_in_any_script_pass_in_any_locale(tmp_path, monkeypatch, environment):
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    folder = tmp_path / "M\u00fczik \u97f3\u697d"
    folder.mkdir()
    with live(folder, "--engine", "tones", log=tmp_path / "log.txt") as it:
        done = it.job("/msanii/generate", "j", "seconds", 1, "steps", 1, "clip", "a")
        assert (folder / "a.wav").samefile(done[3])
        run = shell(f"msanii-live send --port {it.server.osc_port} clip/info a", tmp_path)
        assert run.returncode == 0
        run = shell("msanii-live serve --audio none --folder 'M\u00fczik \u97f3\u697d'", tmp_path)
        assert run.returncode == 2  # it is taken
        assert "zik" in run.stderr
        assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("bind", "hosts"),
    [
        ("localhost", ["localhost", "127.0.0.1", "::1"]),
        ("::", ["127.0.0.1", "::1", "localhost"]),
        ("0.0.0.0", ["127.0.0.1", "localhost"]),
        ("::1", ["::1"]),
    ],
)
@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
def test_every_name_of_this_machine_is_served_on_every_transport(served, bind, hosts, transport):
    server = served(bind)
    for host in hosts:
        with Client(host, server.osc_port, transport) as client:
            assert client.ping() is not None
            assert client.job("/msanii/generate", f"{transport}-{host}", "seconds", 0.5, "steps", 1)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return a function that starts a server bound to an address, once for each."""
    running, contexts = {}, []

    def start(bind):
        if bind not in running:
            folder = tmp_path_factory.mktemp("bound")
            flags = ("--engine", "tones", "--bind", bind, "--announce", "off")
            contexts.append(live(folder, *flags, "--allow", "127.0.0.0/8"))
            running[bind] = contexts[-1].__enter__().server
        return running[bind]

    yield start
    for context in contexts:
        context.__exit__(None, None, None)
