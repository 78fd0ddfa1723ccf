"""The handlers of the commands about the server itself."""

import pytest

from msanii_live import __version__
from msanii_live.protocol import replies
from msanii_live.protocol.commands import Ping, Quit, Version
from msanii_live.server.handlers.system import SystemHandlers
from msanii_live.server.status import PROTOCOL
from tests.server.fakes import CLIENT, run

STRANGER = ("192.0.2.7", 9_000)


class Status:
    """A server that is idle."""

    def reply(self):
        return replies.STATUS("idle", 0, 0, 3, 12.5, 0.0, 0)

    def facts(self):
        return [("engine", "tones"), ("precision", "fp32")]


@pytest.fixture
def quits():
    return []


@pytest.fixture
def table(quits):
    return SystemHandlers(Status(), lambda: quits.append(True)).table()


def test_a_ping_is_answered_with_its_token(table):
    async def test(bench):
        for token in ("a", 7, 2.5):
            bench.send("/msanii/ping", "id", token)
        assert [m.args for _, m in bench.wire.sent] == [("a",), ("7",), ("2.5",)]

    run(test, table)


def test_version_status_and_caps(table):
    async def test(bench):
        bench.send("/msanii/version", "id", "v")
        bench.send("/msanii/status")
        bench.send("/msanii/caps", "id", "c")
        messages = [(m.address, m.args) for _, m in bench.wire.sent]
        assert messages == [
            ("/msanii/version", (__version__, PROTOCOL, "v")),
            ("/msanii/status", ("idle", 0, 0, 3, 12.5, 0.0, 0)),
            ("/msanii/caps", ("engine", "tones", "c")),
            ("/msanii/caps", ("precision", "fp32", "c")),
            ("/msanii/done", ("/msanii/caps", "c", -1)),
        ]
        assert bench.router.current_value("/msanii/status").args[3] == 3
        assert bench.router.current_value("/msanii/version").args[:2] == (__version__, PROTOCOL)

    run(test, table)


def test_quit_is_answered_and_then_done_and_taken_from_this_machine_only(table, quits):
    async def test(bench):
        bench.send("/msanii/quit", "id", "q", source=STRANGER)
        assert not quits
        bench.send("/msanii/quit", "id", "q")
        assert quits == [True]
        assert bench.wire.addresses(CLIENT) == ["/msanii/done"]

    run(test, table)


def test_every_command_of_the_module_has_a_handler(table):
    assert {Ping, Version, Quit} < set(table)
    assert len(table) == 5
