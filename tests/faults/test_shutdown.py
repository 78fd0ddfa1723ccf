"""Check that everything that waits is answered when the server ends, whatever ends it."""

import signal
import socket
import sys
import time

import numpy as np
import pytest
import soundfile

from msanii_live.client import Client
from msanii_live.osc.codec import encode
from tests.live import live


def bundle(address, *args, seconds):
    """Return a bundle with one message of texts, to be run so many seconds from now."""
    packet = encode(address, "s" * len(args), args)
    tag = round((time.time() + seconds + 2_208_988_800) * 2**32)
    return b"#bundle\0" + tag.to_bytes(8, "big") + len(packet).to_bytes(4, "big") + packet


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_all_that_waits_is_answered_at_a_signal(tmp_path, number):
    with live(tmp_path, "--engine", "tones") as it:
        client = it.client
        for n in range(6):
            client.send("/msanii/generate", "seconds", 2, "steps", 900, "id", f"job{n}")
            client.wait(("/msanii/job/queued",), f"job{n}")
        client.send("/msanii/sync", "all-done")
        for n in range(3):
            client.connection.send(
                bundle("/msanii/play", f"none{n}", "@id", f"tagged{n}", seconds=30.0)
            )
        assert client.ping() is not None
        it.server.child.send_signal(number)
        assert it.server.child.wait(30) == 0
        it.drain(0.1)  # all that it sent is here
        assert all(it.count("/msanii/job/cancelled", f"job{n}") == 1 for n in range(6))
        assert it.count("/msanii/synced", "all-done") == 1
        failed = [m.args for m in client.received if m.address == "/msanii/fail"]
        assert sorted(args[1] for args in failed) == ["tagged0", "tagged1", "tagged2"]
        assert {args[3] for args in failed} == {"EBUSY"}
        assert "Traceback" not in (tmp_path / "log.txt").read_text()


def test_a_server_that_ignores_hangups_outlives_its_terminal(tmp_path):
    nohup = (
        sys.executable, "-c",
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "from msanii_live.cli import main; sys.exit(main(sys.argv[1:]))", "serve",
    )  # fmt: skip
    if sys.platform == "win32":
        pytest.skip("it has no such signal")
    with live(tmp_path, "--engine", "tones", serve=nohup) as it:
        for _ in range(3):
            it.server.child.send_signal(signal.SIGHUP)
            assert it.client.ping() is not None


@pytest.mark.parametrize("how", ["quit", "signal"])
def test_a_job_inside_a_long_call_is_reported_as_cancelled(tmp_path, how):
    stuck = (
        sys.executable, "-c",
        "import sys, time; from msanii_live.engines.tones import Tones\n"
        "Tones.run = lambda *_: time.sleep(30)\n"
        "from msanii_live.cli import main; sys.exit(main(sys.argv[1:]))", "serve",
    )  # fmt: skip
    with live(tmp_path, "--engine", "tones", serve=stuck) as it:
        it.client.send("/msanii/generate", "id", "stuck")
        it.client.wait(("/msanii/job/queued",), "stuck")
        it.client.send("/msanii/sync", "after")
        time.sleep(0.2)  # until the job runs
        if how == "quit":
            it.client.send("/msanii/quit")
        else:
            it.server.child.terminate()
        it.client.wait(("/msanii/synced",), "after", 20)
        assert it.server.child.wait(10) == 0
        it.drain(0.1)
        assert it.count("/msanii/synced", "after") == 1
        assert it.count("/msanii/job/cancelled", "stuck") == 1


@pytest.mark.parametrize("last", [0, 20, 200])
def test_a_dump_to_the_server_itself_leaves_the_log_readable(tones, last):
    client, port = tones.client, tones.server.osc_port
    for n in range(20):
        client.send("/msanii/dump", 1, "last", last, "reply_port", port, "id", f"self{n}")
        client.send("/msanii/notify", 1, "port", port)
    client.send("/msanii/dump", 1, "last", 100, "id", "mine")
    lines = []
    while (message := client.receive(0.5)) is not None:
        if message.address == "/msanii/dump/line" and message.args[0] == "mine":
            lines.append(message.args)
    client.send("/msanii/dump", 0)
    assert sum("this server's own" in line[4] for line in lines) >= 20
    assert not any("dump/line" in line[3] for line in lines)
    assert len(lines) <= 110  # and the ends of the dumps before
    client.send("/msanii/notify", 0, "port", port)


@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
@pytest.mark.parametrize("has_port", [False, True])
def test_a_registration_is_answered_on_every_transport(tones, transport, has_port):
    server = tones.server
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1] if has_port else 0
        with Client(server.host, server.osc_port, transport) as client:
            client.send("/msanii/notify", 1, "port", port, "id", "mine")
            if has_port and transport == "udp":
                listener.settimeout(5)
                assert b"mine" in listener.recv(2_000)
            else:
                assert client.wait(("/msanii/done",), "mine", 5)
            client.send("/msanii/notify", 0, "port", port)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limits")
@pytest.mark.parametrize("kibibytes", [1_500_000, 2_500_000, 4_000_000])
def test_files_are_read_under_a_limit_of_memory_that_the_user_set(tmp_path, kibibytes):
    samples = np.zeros((4_410, 2), np.float32)
    soundfile.write(tmp_path / "made-elsewhere.flac", samples, 44_100)
    line = f'ulimit -v {kibibytes}; exec {sys.executable} -m msanii_live.cli serve "$@"'
    with live(tmp_path, "--engine", "tones", serve=("bash", "-c", line, "serve")) as it:
        it.client.send("/msanii/clip/load", str(tmp_path / "made-elsewhere.flac"), "id", "l")
        assert it.client.wait(("/msanii/done", "/msanii/fail"), "l", 20).address == "/msanii/done"
