"""`msanii-live send`: replies, exit statuses, and a server that is not there."""

import pytest

from tests.cli.shell import run_command
from tests.live import free_port


@pytest.fixture
def send(tones):
    return lambda *words: run_command("send", *words, port=tones.server.osc_port)


def test_the_replies_of_a_job_are_printed_until_the_last(send):
    status, lines, _ = send("generate", "seconds", "0.5", "seed", "3")
    assert status == 0
    assert lines[0].startswith("/msanii/job/queued token=")
    assert lines[-1].startswith("/msanii/job/done")
    assert "seed=3" in lines[-1]


def test_a_token_of_ones_own_is_echoed_over_udp(send):
    status, lines, _ = send("--udp", "/msanii/ping", "id", "me")
    assert (status, lines) == (0, ["/msanii/pong token=me"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("clip/info", "nosuch"), "ENOCLIP"),
        (("/nothing/here", "-3.5"), "EADDR"),
        (("generate", "@seconds", "9999"), "ERANGE"),
    ],
)
def test_a_failure_is_printed_and_ends_with_1(send, words, code):
    status, lines, _ = send(*words)
    assert status == 1
    assert f"code={code}" in lines[-1]


@pytest.mark.parametrize("command", ["send", "dump"])
def test_without_a_server_the_error_says_how_to_start_one(command):
    port = free_port()
    status, _, errors = run_command(command, *(["ping"] if command == "send" else []), port=port)
    assert status == 2
    assert f"nobody listens on 127.0.0.1:{port}: start `msanii-live serve`" in errors


def test_flags_behind_the_command_are_not_sent(send):
    status, _, errors = send("ping", "--port", "7790")
    assert status == 2
    assert "--port: flags stand in front of the command" in errors
