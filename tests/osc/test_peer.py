"""Check which hosts may send, and how a peer is written."""

from ipaddress import ip_network

import pytest

from msanii_live.osc.peer import Connection, format_peer, is_allowed, is_loopback

STUDIO = (ip_network("192.168.1.0/24"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("192.168.1.7", False),
        ("::ffff:192.168.1.7", False),
        ("fe80::1%eth0", False),
    ],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),  # without being in a network
        ("192.168.1.7", True),
        ("::ffff:192.168.1.7", True),
        ("fd00::5", True),
        ("192.168.2.7", False),
        ("::ffff:192.168.2.7", False),
        ("fe80::1%eth0", False),
    ],
)
def test_hosts_in_an_allowed_network_may_send(host, expected):
    assert is_allowed(host, STUDIO) is expected


def test_without_a_network_only_this_machine_may_send():
    assert is_allowed("::1", ())
    assert not is_allowed("192.168.1.7", ())


def test_what_is_not_an_address_is_an_error():
    with pytest.raises(ValueError, match="localhost"):
        is_allowed("localhost", STUDIO)


def test_connections_from_one_port_differ_by_their_number():
    first, second = Connection("::1", 9_000, 1), Connection("::1", 9_000, -1)
    assert first != second
    assert format_peer(first) == "::1:9000 connection 1"
    assert format_peer(("::1", 9_000)) == "::1:9000"
