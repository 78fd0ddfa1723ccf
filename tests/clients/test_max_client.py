"""The Max client, run by the interpreter against a real server."""

import random
import socket
from pathlib import Path

import pytest

from max_patches.generators.max_client import FIRST_PORT, HELP, PORTS
from tests.clients.max_session import CLIENT, ClientBox, machine, opened
from tests.live import live

pytestmark = [pytest.mark.clients]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose folder has a space in its name."""
    folder = tmp_path_factory.mktemp("max") / "my clips"
    folder.mkdir()
    with live(folder, "--engine", "tones") as it:
        yield it


@pytest.fixture(params=[False, True], ids=["right first", "left first"])
def client(request, server):
    """The client when it is connected. The order in which cords deliver must not matter."""
    with machine(left_first=request.param) as it, opened(it, CLIENT, server.server.osc_port) as box:
        found = ClientBox(box)
        found.connect()
        yield found


def free_udp_port():
    """Return a port outside the range from which the system takes ports for others."""
    for port in random.Random().sample(range(20_000, 30_000), 100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def test_it_finds_the_server(client):
    assert client.words == ["connected"]
    assert client.replies[0][:2] == ("/msanii/done", "/msanii/notify")


def test_a_message_becomes_the_path_of_a_clip(client):
    client.send("/msanii/generate", "bpm", 124, "bars", 1)
    client.machine.wait_until(lambda: client.paths)
    [path] = client.paths
    assert "/my clips/" in path
    assert Path(path).is_file()
    assert client.words == ["connected", "queued", "ready"]
    assert client.progress[-1] == 1.0
    assert client.progress == sorted(client.progress)
    assert [reply[0] for reply in client.replies if "/job/" in reply[0]][-1] == "/msanii/job/done"


def test_words_say_why_the_server_refuses(client):
    client.send("/msanii/generate", "bpm", "fast")
    client.machine.wait_until(lambda: len(client.words) > 1)
    assert client.words[1] == "ETYPE: bpm is 'fast': it must be a number"
    client.send("/msanii/nonsense")
    client.machine.wait_until(lambda: len(client.words) > 2)
    assert client.words[2].startswith("EADDR: ")
    assert client.paths == []


def test_cancel_without_a_job_asks_nothing(client):
    client.send("cancel")
    client.send("/msanii/sync", 5)
    client.machine.wait_until(lambda: ("/msanii/synced", "5") in [r[:2] for r in client.replies])
    assert client.words == ["connected"]


def test_cancel_stops_the_last_job(client):
    for _ in range(2):
        client.send("/msanii/generate", "seconds", 60)
    queued = "/msanii/job/queued"
    client.machine.wait_until(lambda: sum(r[0] == queued for r in client.replies) == 2)
    client.send("cancel")
    client.machine.wait_until(lambda: "cancelled" in client.words)
    assert client.progress[-1] == 0.0
    client.machine.wait_until(lambda: client.paths)
    cancelled = next(r for r in client.replies if r[0] == "/msanii/job/cancelled")
    last = [r for r in client.replies if r[0] == queued][-1]
    assert cancelled[1:3] == last[1:3]


def test_two_clients_do_not_hear_each_other(client, server):
    with opened(client.machine, CLIENT, server.server.osc_port) as box:
        other = ClientBox(box)
        other.connect()
        client.send("/msanii/generate", "seconds", 1, "clip", "ours")
        other.send("/msanii/generate", "seconds", 1, "clip", "theirs")
        client.machine.wait_until(lambda: client.paths and other.paths)
        assert [Path(path).stem for path in client.paths + other.paths] == ["ours", "theirs"]
        done = [r for r in client.replies + other.replies if r[0] == "/msanii/job/done"]
        assert len({reply[1] for reply in done}) == 2  # tokens do not clash


def seed_of_a_free_port():
    """Return a seed with which the client tries a port that is free, and a socket that has it."""
    for seed in range(50):
        draws = random.Random(seed)
        draws.randrange(99_999)  # of the tokens
        ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            ears.bind(("", FIRST_PORT + (draws.randrange(PORTS) + 1) % PORTS))
        except OSError:
            ears.close()
        else:
            return seed, ears
    raise AssertionError("no port is free")


def test_a_busy_port_is_passed_over(server):
    seed, ears = seed_of_a_free_port()
    with ears, machine(seed) as it, opened(it, CLIENT, server.server.osc_port) as box:
        client = ClientBox(box)
        it.advance(1900)
        assert not client.is_lit
        client.connect()
        client.send("/msanii/generate", "seconds", 1)
        it.wait_until(lambda: client.paths)


def test_it_says_that_no_server_runs(server):
    with machine() as it, opened(it, CLIENT, free_udp_port()) as box:
        client = ClientBox(box)
        it.advance(4900)
        assert client.words == []
        it.advance(200)
        assert client.words == [HELP]
        assert not client.is_lit
        client.send("connect", "127.0.0.1", server.server.osc_port)
        client.connect()
        assert client.words == [HELP, "connected"]


def test_it_registers_every_two_seconds(client):
    """A server that was started anew within 5 s knows nobody, and the client would not notice."""
    heard = len(client.replies)
    client.machine.advance_until(lambda: len(client.replies) > heard, 2500)
    assert client.replies[-1][:2] == ("/msanii/done", "/msanii/notify")


def test_it_hears_that_the_server_went_and_came_back(tmp_path):
    port = free_udp_port()
    flags = ("--engine", "tones", "--port", str(port))
    with machine() as it, opened(it, CLIENT, port) as box:
        client = ClientBox(box)
        with live(tmp_path, *flags):
            client.connect()
        it.advance(8000)
        assert not client.is_lit
        assert client.words == ["connected", HELP]
        with live(tmp_path, *flags):
            client.connect()
            client.send("/msanii/generate", "seconds", 1)
            it.wait_until(lambda: client.paths)
        assert client.words == ["connected", HELP, "connected", "queued", "ready"]


def test_another_server_is_asked_to_answer_at_once(client, tones):
    heard = len(client.replies)
    client.send("connect", "127.0.0.1", tones.server.osc_port)
    client.machine.wait_until(lambda: len(client.replies) > heard)
    client.send("/msanii/generate", "seconds", 1)
    client.machine.wait_until(lambda: client.paths)
    assert Path(client.paths[0]).is_relative_to(tones.folder)


def test_started_again_it_keeps_its_port(client):
    port = client.replies[-1]
    client.send("start")
    heard = len(client.replies)
    client.machine.wait_until(lambda: len(client.replies) > heard)
    assert client.replies[-1] == port
    assert client.words == ["connected"]
