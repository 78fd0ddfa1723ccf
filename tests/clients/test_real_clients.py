"""Programs that musicians use, against a real server with the engine that ships."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.slow]

HERE = Path(__file__).parent
PD_COMPLAINTS = ("couldn't create", "connection failed", "no method for", "error:")


def program(name, package):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return path


def free_port():
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_taken(port):
    """Wait until another program listens on a UDP port."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind(("0.0.0.0", port))
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}")


def test_pure_data_generates_and_loads_the_clip(shipped, tmp_path):
    pd = program("pd", "puredata-core")
    patch = tmp_path / "round-trip.pd"
    text = (HERE / "round-trip.pd").read_text()
    patch.write_text(text.replace("MSANII_PORT", str(shipped.server.osc_port)))
    run = subprocess.run(
        [pd, "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-open", str(patch)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    said = run.stdout + run.stderr
    assert "FRAMES: 88200" in said, said
    assert "PROGRESS:" in said
    for complaint in PD_COMPLAINTS:
        assert complaint not in said, said


def test_oscsend_and_oscdump(shipped):
    oscsend, oscdump = program("oscsend", "liblo-tools"), program("oscdump", "liblo-tools")
    port = free_port()
    with subprocess.Popen(
        [oscdump, "-L", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as dump:
        try:
            wait_until_taken(port)

            def send(*words):
                subprocess.run(
                    [oscsend, "localhost", str(shipped.server.osc_port), *words],
                    check=True,
                    timeout=10,
                )

            send("/msanii/notify", "ii", "1", str(port))
            send("/msanii/generate", "sfsss", "seconds", "1", "id", "from oscsend", "steps")
            send("/msanii/generate", "sfss", "seconds", "1", "id", "from oscsend")
            lines = []
            assert dump.stdout is not None
            for line in dump.stdout:
                lines.append(line.strip())
                if "/msanii/job/done" in line:
                    break
        finally:
            dump.terminate()
    said = "\n".join(lines)
    assert '/msanii/done ssi "/msanii/notify"' in said
    assert "/msanii/fail ssiss" in said
    assert '"EARG"' in said
    assert "/msanii/job/queued siiif" in said
    assert "/msanii/job/progress siiif" in said
    assert '/msanii/job/done sissfiiif "from oscsend"' in said


def test_the_messages_of_the_clients_page_work_as_printed(shipped):
    oscsend = program("oscsend", "liblo-tools")
    page = (HERE.parents[1] / "docs" / "clients.md").read_text()
    lines = [line.split() for line in page.splitlines() if line.startswith("    oscsend ")]
    assert len(lines) == 5
    names = ("a", "longer", "b", "between")  # in the order of the queue
    for name in names:  # another test of the same server may have made it
        shipped.client.send("/msanii/clip/free", name)
    assert shipped.client.ping() is not None
    for words in lines:
        port = str(shipped.server.osc_port)
        words = [oscsend, *(port if word == "7770" else word for word in words[1:])]
        subprocess.run(words, check=True, timeout=10)
    for name in names:
        until = time.monotonic() + 60
        while shipped.ask("/msanii/clip/info", name, reply="/msanii/clip/info").args[1] != name:
            assert time.monotonic() < until, name
            time.sleep(0.2)
    shipped.client.send("/msanii/notify", 0, 57_121)


PYTHON_OSC = """
import sys
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

port = int(sys.argv[1])
got = []
dispatcher = Dispatcher()
dispatcher.set_default_handler(lambda address, *args: got.append((address, args)))
server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
server.timeout = 60
client = SimpleUDPClient("127.0.0.1", port)
listens = server.server_address[1]
words = ["seconds", 1, "play", False, "id", "py", "reply_port", listens]
client.send_message("/msanii/generate", words)
while not any(address in ("/msanii/job/done", "/msanii/fail") for address, _ in got):
    before = len(got)
    server.handle_request()
    if len(got) == before:
        sys.exit("nothing came")
print(got[-1])
"""


def test_python_osc_from_another_process(shipped):
    run = subprocess.run(
        [sys.executable, "-c", PYTHON_OSC, str(shipped.server.osc_port)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert "/msanii/job/done" in run.stdout, run.stdout + run.stderr
    assert "'py'" in run.stdout
