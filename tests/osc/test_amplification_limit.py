"""Check that nobody's request is answered with more than three times its bytes."""

import contextlib
import ipaddress
import socket
import time
import urllib.error
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.client import Client
from msanii_live.osc.amplification_limit import AMPLIFICATION_FACTOR, MAX_HOSTS, AmplificationLimit
from tests.live import live


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3_000)), max_size=50))
def test_a_host_never_gets_more_than_it_earned(events):
    limit, received, sent = AmplificationLimit(), 0, 0
    for earns, size in events:
        if earns:
            limit.credit("192.0.2.9", size)
            received += size
        elif limit.try_spend("192.0.2.9", size):
            sent += size
        assert sent <= AMPLIFICATION_FACTOR * received


def test_hosts_are_bounded_and_a_stranger_has_nothing():
    limit = AmplificationLimit()
    for n in range(MAX_HOSTS + 10):
        limit.credit(f"host {n}", 100)
    assert not limit.try_spend("host 0", 1)
    assert limit.try_spend(f"host {MAX_HOSTS}", 300)
    assert not limit.should_warn("nobody")
    assert limit.should_warn("host 50")
    assert not limit.should_warn("host 50")


def own_address():
    """Return an address of this machine that is not loopback, as a neighbour's would be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        address = "127.0.0.1"
        for anywhere in ("198.51.100.1", "192.0.2.1"):  # nothing is sent
            with contextlib.suppress(OSError):
                sock.connect((anywhere, 9))
                address = sock.getsockname()[0]
    if ipaddress.ip_address(address).is_loopback:
        pytest.skip("this machine has no address beyond loopback")
    return address


def test_a_neighbour_is_answered_within_its_credit_until_it_registers(tmp_path):
    address = own_address()
    flags = ("--engine", "tones", "--bind", address, "--allow", f"{address}/32")
    with live(tmp_path, *flags) as it, Client(address, it.server.osc_port) as client:
        it.client.close()
        client.send("/msanii/ping", "id", "first")  # `ask` and commands would register
        client.wait(("/msanii/pong",), "first", 10)
        client.send("/msanii/caps", "id", "caps")
        assert client.wait(("/msanii/warn",)).args[0] == "/msanii/caps"
        while client.receive(0.3):
            pass
        went = sum(m.address == "/msanii/caps" for m in client.received)
        assert went <= 3  # three times 32 bytes
        assert client.notify(1)[0]["command"] == "/msanii/notify"
        assert len(client.caps()) > 20
        assert client.generate(seconds=0.5).seconds == 0.5
        with Client(address, it.server.osc_port, "int32") as connected:
            assert len(connected.caps()) > 20
        assert it.server.child.poll() is None
        with pytest.raises(Exception, match="machine only"):
            client.quit()


def test_a_stranger_is_dropped_and_counted(tmp_path):
    address = own_address()
    flags = ("--engine", "tones", "--bind", "0.0.0.0", "--allow", "203.0.113.0/24")
    with live(tmp_path, *flags) as it:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"/msanii/ping\0\0\0\0", (address, it.server.osc_port))
        connected = socket.create_connection((address, it.server.osc_port))
        connected.settimeout(5)
        assert connected.recv(1) == b""
        connected.close()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://{address}:{it.server.http_port}/", timeout=10)
        with Client("127.0.0.1", it.server.osc_port) as client:
            until = time.monotonic() + 5
            while True:
                facts = {row["name"]: row["value"] for row in client.caps()}
                if facts["count-dropped-source"] == "2":
                    break
                assert time.monotonic() < until
            client.send("/msanii/dump", 1, "last", 10)
            line = client.wait(("/msanii/dump/line",))
            assert "--allow" in str(line.args[4])
