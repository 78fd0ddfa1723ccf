"""The Pure Data library in Pure Data itself, against a real server."""

import contextlib
import itertools
import shutil
import socket
import subprocess
import time

import pytest

from tests.clients.pure_data import COMPLAINTS, LIBRARY, QUIET, pd, run, write
from tests.clients.test_real_clients import free_port

pytestmark = [pytest.mark.clients]

COUNT = itertools.count()
PATCHES = sorted([*LIBRARY.glob("*-help.pd"), *(LIBRARY / "examples").glob("*.pd")])

ROUND = """
    load  20 20  [loadbang]
    ways  20 45  [t b b]
    end   400 45 [delay 240000]
    late  400 70 [print LATE]
    quit  400 95 (; pd quit)
    make  20 70  (/msanii/generate seconds 2 prompt lofi piano clip NAME)
    wrong 20 250 (/msanii/outpaint nobody)
    one   20 110 [msanii PORT]
    load -> ways -> make -> one
    ways:1 -> end -> late
    end -> quit
    path  20 150 [t b a]
    play  20 180 [msanii-player~]
    file  200 210 [print PATH]
    told  20 210 [t b f]
    said  120 210 [print FRAMES]
    done  20 230 [t b b]
    one -> path
    path:1 -> file
    path:1 -> play
    play:2 -> told
    told:1 -> said
    told -> wrong -> one
    far   120 150 [print PROGRESS]
    light 200 150 [print LIGHT]
    words 280 150 [print WORDS]
    reply 400 150 [route fail]
    fail  400 180 [print FAIL]
    over  500 180 [delay 300]
    one:1 -> far
    one:2 -> light
    one:3 -> words
    one:4 -> reply -> fail
    reply -> heard -> over -> quit
    heard 500 210 [t b]
"""


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.name)
def test_opens_with_an_empty_console(patch):
    said = run(patch, flags=("-send", "pd quit"))
    assert said == ""


def round_trip(server, tmp_path, name):
    patch = write(
        tmp_path / f"{name}.pd", ROUND.replace("PORT", str(server.osc_port)).replace("NAME", name)
    )
    return run(patch, seconds=300)


@pytest.mark.slow
def test_generates_follows_loads_and_tells_of_errors(shipped, tmp_path):
    said = round_trip(shipped.server, tmp_path, "frompd")
    assert "FRAMES: 88200" in said, said
    assert "LIGHT: 1" in said
    assert "WORDS: symbol connected" in said
    assert "WORDS: symbol ready" in said
    assert "PROGRESS: 1" in said
    assert "PATH: symbol" in said
    assert "frompd.wav" in said
    assert "ENOCLIP" in said
    assert "LATE" not in said
    assert not COMPLAINTS.search(said.replace("WORDS", "")), said


def test_two_side_by_side_hear_only_their_own(tones, tmp_path):
    port = str(tones.server.osc_port)
    sketch = """
        load  20 20  [loadbang]
        ways  20 45  [t b b b]
        end   400 45 [delay 60000]
        quit  400 95 (; pd quit)
        got   20 180 [t b]
        count 20 210 [f 0]
        more  20 240 [+ 1]
        both  20 270 [sel 2]
        path1 -> got
        path2 -> got
        got -> count -> more -> both -> quit
        more -> count:1
        make1 20 70  (/msanii/generate seconds 1 clip left)
        make2 120 70 (/msanii/generate seconds 1 clip right)
        one   20 110 [msanii PORT]
        two   120 110 [msanii PORT]
        load -> ways -> make1 -> one
        ways:1 -> make2 -> two
        ways:2 -> end -> quit
        path1 20 150 [t b a]
        path2 120 150 [t b a]
        told1 240 180 [print ONE]
        told2 340 180 [print TWO]
        one -> path1
        two -> path2
        path1:1 -> told1
        path2:1 -> told2
    """
    said = run(write(tmp_path / "two.pd", sketch.replace("PORT", port)))
    lines = [line for line in said.splitlines() if line.startswith(("ONE", "TWO"))]
    assert len(lines) == 2, said
    assert any(line.startswith("ONE") and line.endswith("left.wav") for line in lines)
    assert any(line.startswith("TWO") and line.endswith("right.wav") for line in lines)


def test_says_what_to_do_where_no_server_runs(tmp_path):
    sketch = ROUND.replace("PORT", str(free_port())).replace("delay 240000", "delay 2500")
    said = run(write(tmp_path / "alone.pd", sketch))
    assert "LIGHT: 0" in said, said
    assert "not\\ running:\\ start\\ it\\ with\\ `msanii-live\\ serve`" in said
    assert not COMPLAINTS.search(said), said


CLICKER = """
    in    20 20 [netreceive PORT]
    kind  20 45 [route click quit]
    what  20 70 [t b a]
    word  20 95 [symbol]
    hit   20 120 (bang)
    to    20 145 [send]
    leave 200 70 (; pd quit)
    in -> kind -> what -> hit -> to
    what:1 -> word -> to:1
    kind:1 -> leave
"""


@contextlib.contextmanager
def clicking(example, server, tmp_path):
    """Open an example; yield what clicks its buttons, and at the end what Pd said."""
    library = tmp_path / "msanii"
    shutil.copytree(LIBRARY, library)
    patch = library / "examples" / f"{example}.pd"
    patch.write_text(patch.read_text().replace(" msanii;", f" msanii {server.osc_port};"))
    port = free_port()
    clicker = write(tmp_path / "clicker.pd", CLICKER.replace("PORT", str(port)))
    said = []
    child = subprocess.Popen(
        [pd(), *QUIET, "-path", str(library), "-open", str(patch), "-open", str(clicker)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + 20
        while True:
            try:
                wire = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except OSError:
                assert time.monotonic() < until, "Pd did not open"
                time.sleep(0.1)
        with wire:
            yield lambda name: wire.sendall(f"click {name};\n".encode()), said
            wire.sendall(b"quit;\n")
        said.append(child.communicate(timeout=20)[0])
    finally:
        child.kill()
        child.wait()


def info(server, name):
    """Return a clip's length, s; None where there is no such clip."""
    token = f"info-{next(COUNT)}"
    server.client.send("/msanii/clip/info", name, "id", token)
    told = server.client.wait(("/msanii/clip/info", "/msanii/fail"), token, 10)
    return told.args[3] if told.address == "/msanii/clip/info" else None


def clips(server):
    """Return how many clips there are."""
    server.drain(0.05)
    return server.ask("/msanii/status", reply="/msanii/status").args[3]


def wait_until(call, seconds=240):
    until = time.monotonic() + seconds
    while not call():
        assert time.monotonic() < until
        time.sleep(0.2)


def wait_for(server, name):
    wait_until(lambda: info(server, name) is not None)


@pytest.mark.slow
def test_the_set_of_the_tutorial_plays(shipped, tmp_path):
    for name in ("a", "longer", "b", "between"):
        shipped.client.send("/msanii/clip/free", name)
    with clicking("set", shipped.server, tmp_path) as (click, said):
        for step, name in enumerate(("a", "longer", "b", "between"), start=1):
            click(f"msanii-set-{step}")
            wait_for(shipped, name)
        click("msanii-set-5")
    assert not COMPLAINTS.search(said[0]), said
    assert info(shipped, "longer") == pytest.approx(2 * info(shipped, "a"), rel=0.05)


def test_the_other_examples_do_what_their_buttons_say(tones, tmp_path):
    with clicking("interpolate", tones.server, tmp_path) as (click, said):
        for end in "ab":
            click(f"msanii-interpolate-{end}")
            wait_for(tones, end)
    assert not COMPLAINTS.search(said[0]), said
    shutil.rmtree(tmp_path / "msanii")
    with clicking("outpaint", tones.server, tmp_path) as (click, said):
        for step in (1, 2, 3):
            before, clicked = clips(tones), 0.0
            while clips(tones) == before:  # a click is in vain before Pd has heard of the last clip
                if time.monotonic() - clicked > 3:
                    click(f"msanii-outpaint-{step}")
                    clicked = time.monotonic()
                time.sleep(0.2)
    assert not COMPLAINTS.search(said[0]), said
