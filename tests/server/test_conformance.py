"""Run conformance.toml against a real server, over UDP and both framings of TCP."""

import time
import tomllib
from pathlib import Path

import pytest

from msanii_live.client import Client
from tests.live import live
from tests.osc import packets

ROWS = tomllib.loads((Path(__file__).parent / "conformance.toml").read_text("utf-8"))["row"]
TRANSPORTS = ("udp", "int32", "slip")
PATIENCE = 20.0  # seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with live(tmp_path_factory.mktemp("conformance"), "--engine", "tones") as it:
        it.job("/msanii/generate", "setup", "seconds", 1, "seed", 1, "clip", "one")
        yield it.server


@pytest.fixture(scope="module")
def lines(server):
    clients = {each: Client(server.host, server.osc_port, each) for each in TRANSPORTS}
    yield clients
    for client in clients.values():
        client.close()


def filled(value, transport):
    if isinstance(value, list):
        return [filled(each, transport) for each in value]
    return value.replace("{t}", transport) if isinstance(value, str) else value


def from_text(text):
    """Read 'letters' and hexadecimal numbers."""
    parts = text.split("'")
    return b"".join(
        part.encode() if n % 2 else bytes.fromhex(part.replace(" ", ""))
        for n, part in enumerate(parts)
    )


def packet(row, transport):
    if "raw" in row:
        return from_text(row["raw"])
    if "nested" in row:
        inner = packets.message("/msanii/ping")
        for _ in range(row["nested"]):
            inner = packets.bundle(inner)
        return inner
    if "bundle" in row:
        tag = packets.ntp(time.time() + row["at"]) if "at" in row else 1
        return packets.bundle(
            *(packets.message(*each) for each in filled(row["bundle"], transport)), tag=tag
        )
    return packets.message(*filled(row["send"], transport), tags=row.get("tags"))


def expected(row, transport):
    if "fail" in row:
        send = row["send"]
        token = send[send.index("id") + 1] if "id" in send else ""
        return [["/msanii/fail", send[0], token, -1, row["fail"], "*"]]
    return filled(row.get("expect", []), transport)


def agrees(wanted, heard):
    if len(wanted) != 1 + len(heard.args) or wanted[0] != heard.address:
        return False
    for want, got in zip(wanted[1:], heard.args, strict=True):
        if want == "*" or (isinstance(want, float) and got == pytest.approx(want)):
            continue
        if isinstance(want, str) and want.startswith("~") and want[1:] in str(got):
            continue
        if want != got or type(want) is not type(got):
            return False
    return True


def replies(client, until, count):
    """Gather replies, but for progress, until a pong with a token has come and `count` others."""
    heard = []
    sentinel = False
    deadline = time.monotonic() + PATIENCE
    while not (sentinel and len(heard) >= count):
        got = client.receive(deadline - time.monotonic())
        assert got is not None, f"only {heard} came"
        if got.address == "/msanii/pong" and got.args == (until,):
            sentinel = True
        elif got.address != "/msanii/job/progress":
            heard.append(got)
    return heard


def fact(client, name):
    return next(int(row["value"]) for row in client.caps() if row["name"] == name)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_row(row, transport, lines):
    client = lines[transport]
    before = fact(client, row["counter"]) if "counter" in row else 0
    wanted = expected(row, transport)
    client.connection.send(packet(row, transport))
    client.send("/msanii/ping", "id", "sentinel 1")
    heard = replies(client, "sentinel 1", len(wanted))
    client.send("/msanii/ping", "id", "sentinel 2")  # nothing may come after the last one
    heard += replies(client, "sentinel 2", 0)
    if row.get("unordered"):
        heard.sort(key=lambda each: each.address, reverse=True)
        wanted.sort(key=lambda each: each[0], reverse=True)
    assert len(heard) == len(wanted), heard
    for want, got in zip(wanted, heard, strict=True):
        assert agrees(want, got), (want, got)
    if "counter" in row:
        assert fact(client, row["counter"]) == before + 1


def test_the_table_is_large_enough():
    assert len(ROWS) >= 60
    assert len({row["name"] for row in ROWS}) == len(ROWS)
