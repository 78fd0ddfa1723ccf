"""Who a packet comes from, and where a reply can go."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

Network = IPv4Network | IPv6Network
UdpAddress = tuple[str, int]  # host, as a number, and UDP port


class Connection(NamedTuple):
    """Name one connection, TCP or WebSocket. number: 1 for the first, never used twice."""

    host: str
    port: int
    number: int


Peer = UdpAddress | Connection


def is_loopback(host: str) -> bool:
    """Tell whether a host, as a number, is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("::ffff:127.0.0.1"), is_loopback("192.0.2.1")
    (True, True, False)
    """
    return _number(host).is_loopback


def is_allowed(host: str, allow: Sequence[Network]) -> bool:
    """Tell whether a host may send to this server: this machine and the allowed networks."""
    number = _number(host)
    return number.is_loopback or any(number in network for network in allow)


def _number(host: str) -> IPv4Address | IPv6Address:
    number = ip_address(host.split("%")[0])
    return (isinstance(number, IPv6Address) and number.ipv4_mapped) or number


def format_peer(peer: Peer) -> str:
    """Write a peer for people.

    >>> format_peer(("127.0.0.1", 9000)), format_peer(Connection("127.0.0.1", 9000, 3))
    ('127.0.0.1:9000', '127.0.0.1:9000 connection 3')
    """
    where = f"{peer[0]}:{peer[1]}"
    return f"{where} connection {peer.number}" if isinstance(peer, Connection) else where
